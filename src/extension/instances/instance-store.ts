/** Instances created or adopted here; their tokens are in SecretStorage. */
import type * as vscode from 'vscode';
import type { Instance } from '../../open-connectors/answers.ts';
import { prefix } from '../prefix.ts';
import type { SecretBox } from '../secrets/secrets.ts';

export interface StoredInstance {
  readonly id: number;
  readonly name: string;
  /** `Platform.host` when the instance was created. */
  readonly host: string;
  /** When it was stored here, ISO 8601. */
  readonly createdAt: string;
  readonly verifyKey?: string;
}

const instancesKey = `${prefix}.ownInstances`;

export type StoreContext = Pick<vscode.ExtensionContext, 'globalState' | 'secrets'>;

export class InstanceStore {
  readonly #context: StoreContext;
  /** Changes run one after another, because each reads the result of the previous one. */
  #last: Promise<unknown> = Promise.resolve();
  readonly #listeners = new Set<() => void>();

  constructor(context: StoreContext) {
    this.#context = context;
  }

  readonly onDidChange = (listener: () => void): { dispose(): void } => {
    this.#listeners.add(listener);
    return { dispose: () => this.#listeners.delete(listener) };
  };

  /** Oldest first. */
  all(host?: string): readonly StoredInstance[] {
    const all = this.#context.globalState.get<readonly StoredInstance[]>(instancesKey, []);
    return host === undefined ? all : all.filter((each) => each.host === host);
  }

  find(host: string, id: number): StoredInstance | undefined {
    return this.all(host).find((each) => each.id === id);
  }

  /** Without `token`, keeps the stored one. */
  add(instance: StoredInstance, token?: string): Promise<void> {
    return this.#change(async () => {
      if (token !== undefined) await this.#context.secrets.store(tokenKey(instance.host, instance.id), token);
      await this.#write([...this.all().filter((each) => !same(each, instance)), instance]);
    });
  }

  change(host: string, id: number, part: Partial<Pick<StoredInstance, 'name' | 'verifyKey'>>): Promise<void> {
    return this.#change(() =>
      this.#write(this.all().map((each) => (same(each, { host, id }) ? { ...each, ...part } : each))),
    );
  }

  forget(host: string, id: number): Promise<void> {
    return this.#change(async () => {
      await this.#context.secrets.delete(tokenKey(host, id));
      await this.#write(this.all().filter((each) => !same(each, { host, id })));
    });
  }

  async token(host: string, id: number): Promise<string | undefined> {
    return this.#context.secrets.get(tokenKey(host, id));
  }

  #change(change: () => PromiseLike<void>): Promise<void> {
    const changed = this.#last.then(change);
    this.#last = changed.catch(() => undefined);
    return changed.then(() => {
      for (const listener of this.#listeners) listener();
    });
  }

  async #write(instances: readonly StoredInstance[]): Promise<void> {
    await this.#context.globalState.update(instancesKey, instances);
  }
}

function same(one: { host: string; id: number }, other: { host: string; id: number }): boolean {
  return one.host === other.host && one.id === other.id;
}

function tokenKey(host: string, id: number): string {
  return `${prefix}.instanceToken.${host}.${id}`;
}

/** Undefined if missing or masked. */
export function tokenOf({ token }: Pick<Instance, 'token'>): string | undefined {
  return token === undefined || token === '' || /^\*+$/.test(token) ? undefined : token;
}

export interface VerifyKeyParts {
  readonly secrets: Pick<SecretBox, 'set' | 'remove'>;
  readonly store: Pick<InstanceStore, 'find' | 'change' | 'forget'>;
}

/** Unique, recognizable, and short enough for the relay. */
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

export async function forgetInstance({ secrets, store }: VerifyKeyParts, host: string, id: number): Promise<void> {
  const verifyKey = store.find(host, id)?.verifyKey;
  if (verifyKey !== undefined) await secrets.remove('verifyKeys', verifyKey);
  await store.forget(host, id);
}
