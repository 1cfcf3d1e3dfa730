/** The instances that this extension made or adopted: what they are in the open, their tokens in SecretStorage. */
import type * as vscode from 'vscode';
import type { Instance } from '../../open-connectors/answers.ts';
import { prefix } from '../prefix.ts';

export interface StoredInstance {
  /** The platform's id. */
  readonly id: number;
  readonly name: string;
  /** Where it lives: `Platform.host` when it was made. */
  readonly host: string;
  /** When it was stored here, ISO. */
  readonly createdAt: string;
  /** The name of its verify key, where one is kept for it. */
  readonly verifyKey?: string;
}

const instancesKey = `${prefix}.ownInstances`;

/** What the store needs of an ExtensionContext. */
export type StoreContext = Pick<vscode.ExtensionContext, 'globalState' | 'secrets'>;

export class InstanceStore {
  readonly #context: StoreContext;
  /** Changes of this window, one after another: each reads what the one before has written. */
  #last: Promise<unknown> = Promise.resolve();
  readonly #listeners = new Set<() => void>();

  constructor(context: StoreContext) {
    this.#context = context;
  }

  /** Calls back when this window adds, changes or forgets an instance. */
  readonly onDidChange = (listener: () => void): { dispose(): void } => {
    this.#listeners.add(listener);
    return { dispose: () => this.#listeners.delete(listener) };
  };

  /** The instances of a host, or all, oldest first. */
  all(host?: string): readonly StoredInstance[] {
    const all = this.#context.globalState.get<readonly StoredInstance[]>(instancesKey, []);
    return host === undefined ? all : all.filter((each) => each.host === host);
  }

  /** The instance made here with this id at this host, if there is one. */
  find(host: string, id: number): StoredInstance | undefined {
    return this.all(host).find((each) => each.id === id);
  }

  /** Keeps an instance, in place of what was kept of it. A token that is not given leaves the one that is kept. */
  add(instance: StoredInstance, token?: string): Promise<void> {
    return this.#change(async () => {
      if (token !== undefined) await this.#context.secrets.store(tokenKey(instance.host, instance.id), token);
      await this.#write([...this.all().filter((each) => !same(each, instance)), instance]);
    });
  }

  /** Changes a part of what is kept of an instance. */
  change(host: string, id: number, part: Partial<Pick<StoredInstance, 'name' | 'verifyKey'>>): Promise<void> {
    return this.#change(() =>
      this.#write(this.all().map((each) => (same(each, { host, id }) ? { ...each, ...part } : each))),
    );
  }

  /** Forgets an instance and its token. */
  forget(host: string, id: number): Promise<void> {
    return this.#change(async () => {
      await this.#context.secrets.delete(tokenKey(host, id));
      await this.#write(this.all().filter((each) => !same(each, { host, id })));
    });
  }

  /** The token of an instance, where it is kept here. */
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

/** The token of the platform's answer, which says it in clear where it says it at all; a masked one is none. */
export function tokenOf({ token }: Pick<Instance, 'token'>): string | undefined {
  return token === undefined || token === '' || /^\*+$/.test(token) ? undefined : token;
}
