/** The keys for verifying notifications of instances that were created here. */
import type { SecretBox } from '../secrets/secrets.ts';
import type { InstanceStore, StoredInstance } from './instance-store.ts';

export interface VerifyKeyParts {
  readonly secrets: Pick<SecretBox, 'set' | 'remove'>;
  readonly store: Pick<InstanceStore, 'find' | 'change' | 'forget'>;
}

/** The name of an instance's verify key: unique, recognizable, and short enough for the relay. */
export function verifyKeyName({ name, id, host }: Pick<StoredInstance, 'name' | 'id' | 'host'>): string {
  return `${name.slice(0, 40)} (${id}, ${host.slice(0, 40)})`;
}

export async function keepVerifyKey(
  { secrets, store }: VerifyKeyParts,
  instance: Pick<StoredInstance, 'name' | 'id' | 'host'>,
  key: string,
): Promise<void> {
  const verifyKey = verifyKeyName(instance);
  // Store the name first, so that the key is removed with the instance even after an interruption.
  await store.change(instance.host, instance.id, { verifyKey });
  await secrets.set('verifyKeys', verifyKey, key);
}

/** Also removes its token and its verify key. */
export async function forgetInstance({ secrets, store }: VerifyKeyParts, host: string, id: number): Promise<void> {
  const verifyKey = store.find(host, id)?.verifyKey;
  if (verifyKey !== undefined) await secrets.remove('verifyKeys', verifyKey);
  await store.forget(host, id);
}
