import { say } from '../../common/say.ts';
import type { StoredInstance, VerifyKeyParts } from '../instances/instance-store.ts';
import { keepVerifyKey } from '../instances/instance-store.ts';

export interface KeyFailure {
  readonly error: Error;
  /** What failed, and how the user stores it. */
  readonly text: string;
}

/**
 * Stores each kind of key even if the other fails.
 * @param signDirect whether the relay also signs what it creates itself
 * @returns what could not be stored: the instance exists anyway
 */
export async function storeSignatureKey(
  parts: VerifyKeyParts,
  instance: Pick<StoredInstance, 'name' | 'id' | 'host'>,
  key: string,
  signDirect: boolean,
): Promise<readonly KeyFailure[]> {
  const failures: KeyFailure[] = [];
  try {
    await keepVerifyKey(parts, instance, key);
  } catch (reason) {
    const error = reason as Error;
    const text = say(
      'Couldn’t store the instance’s signature key: {0}. Add the key as a verify key with “Manage Keys and Secrets…”.',
      error.message,
    );
    failures.push({ error, text });
  }
  if (!signDirect) return failures;
  try {
    // Only by its name, because destinations refer to it.
    await parts.secrets.set('signatureKeys', instance.name.slice(0, 100), key);
  } catch (reason) {
    const error = reason as Error;
    const text = say(
      'Couldn’t store the key for signing notifications that the relay creates: {0}. Add the key as a signature key with “Manage Keys and Secrets…”.',
      error.message,
    );
    failures.push({ error, text });
  }
  return failures;
}
