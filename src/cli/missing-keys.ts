/**
 * Keys and credentials that destinations use but no client has given: they are never written to disk, so each run needs
 * them again.
 */
import type { Status } from '../protocol/status.ts';

/** The name of the key that the terminal's --signature-key-env and --verify-key-env give. */
export const flagKeyName = 'default';

/**
 * How to give them to a running relay from a terminal.
 * @param status names at least one
 */
export function missingKeysAdvice({ missingKeys, destinations }: Pick<Status, 'missingKeys' | 'destinations'>): string {
  // No flag gives credentials.
  const isOfFlag =
    missingKeys.every((name) => name === flagKeyName) &&
    destinations.every(({ credentialsName }) => credentialsName !== flagKeyName);
  const how = isOfFlag
    ? 'set the environment variable SIGNATURE_KEY to the key, and then run cm-relay listen --signature-key-env SIGNATURE_KEY'
    : 'run cm-relay listen --config FILE, with a file that has it under signatureKeys or credentials,';
  return `To supply what is missing, ${how} in another terminal. Or open the VS Code window that has it.`;
}
