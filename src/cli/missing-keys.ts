/** Advice about keys and credentials, which are never written to disk, so each run needs them again. */
import type { Status } from '../protocol/status.ts';

export const flagKeyName = 'default';

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
