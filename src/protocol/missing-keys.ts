/** Keys and credentials that destinations use and nobody has given: they are never written to disk, so each run gives them. */

/** The name of the key that the terminal's --signature-key-env and --verify-key-env give. */
export const flagKeyName = 'default';

/**
 * How they are given to a relay from a terminal, whether it runs or not.
 * @param names as the relay's status has them; at least one
 */
export function missingKeysAdvice(names: readonly string[]): string {
  const isOfFlag = names.every((name) => name === flagKeyName);
  return isOfFlag
    ? 'To supply the key, run SIGNATURE_KEY=… cm-relay listen --signature-key-env SIGNATURE_KEY in another terminal.'
    : 'To supply them, run cm-relay listen --config FILE in another terminal, with a file that names them under signatureKeys or credentials.';
}
