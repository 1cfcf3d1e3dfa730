/** Signature keys, verify keys and destination credentials: by name, in VS Code's SecretStorage and nowhere else. */
import * as vscode from 'vscode';
import type { Secrets, SecretsChange } from '../../protocol/settings.ts';
import { prefix } from '../prefix.ts';

const kinds = ['signatureKeys', 'verifyKeys', 'credentials'] as const;
export type SecretKind = (typeof kinds)[number];

/** One of them, by its kind and name. */
export interface SecretName {
  readonly kind: SecretKind;
  readonly name: string;
}

/** The names alone are kept in the open, since SecretStorage does not list what it holds. */
type Names = Partial<Record<SecretKind, string[]>>;

const namesKey = `${prefix}.secretNames`;

/** When each was removed, in ISO 8601: a relay that ran then may have it still. */
type Removed = Partial<Record<SecretKind, Record<string, string>>>;

const removedKey = `${prefix}.removedSecretNames`;

/** So many are known of a kind, the latest. */
const mostRemoved = 100;

/** Secrets by kind and name in VS Code's SecretStorage; the names alone stand in the global state. */
export class SecretBox {
  readonly #context: vscode.ExtensionContext;
  readonly #changed = new vscode.EventEmitter<SecretName>();
  /** A key or credentials were set or removed, here or in another window. */
  readonly onDidChange = this.#changed.event;

  constructor(context: vscode.ExtensionContext) {
    this.#context = context;
    context.subscriptions.push(
      this.#changed,
      context.secrets.onDidChange(({ key }) => {
        const kind = kinds.find((each) => key.startsWith(keyOf(each, '')));
        // Others of this extension are kept there, too.
        if (kind !== undefined) this.#changed.fire({ kind, name: key.slice(keyOf(kind, '').length) });
      }),
    );
  }

  /** The names of a kind. */
  names(kind: SecretKind): readonly string[] {
    return this.#context.globalState.get<Names>(namesKey, {})[kind] ?? [];
  }

  /** Keeps a secret, in place of one of the same name. */
  async set(kind: SecretKind, name: string, value: string): Promise<void> {
    const names = this.#context.globalState.get<Names>(namesKey, {});
    await this.#context.globalState.update(namesKey, {
      ...names,
      [kind]: [...new Set([...(names[kind] ?? []), name])].sort(),
    });
    await this.#noteRemoved(kind, name, undefined);
    await this.#context.secrets.store(keyOf(kind, name), value);
  }

  /** Forgets a secret and its name. */
  async remove(kind: SecretKind, name: string): Promise<void> {
    const names = this.#context.globalState.get<Names>(namesKey, {});
    await this.#context.globalState.update(namesKey, {
      ...names,
      [kind]: (names[kind] ?? []).filter((each) => each !== name),
    });
    await this.#noteRemoved(kind, name, new Date().toISOString());
    await this.#context.secrets.delete(keyOf(kind, name));
  }

  /**
   * Those that were removed since a time, in whichever window, as the relay takes it: one that ran then may use them.
   * What was never kept here, as what a command line gave, stays.
   * @param since in ISO 8601
   */
  removedSince(since: string): SecretsChange {
    const removed = this.#context.globalState.get<Removed>(removedKey, {});
    const of = (kind: SecretKind): Record<string, null> =>
      Object.fromEntries(
        Object.entries(removed[kind] ?? {}).flatMap(([name, at]) => (at >= since ? [[name, null] as const] : [])),
      );
    return { signatureKeys: of('signatureKeys'), verifyKeys: of('verifyKeys'), credentials: of('credentials') };
  }

  async #noteRemoved(kind: SecretKind, name: string, at: string | undefined): Promise<void> {
    const removed = this.#context.globalState.get<Removed>(removedKey, {});
    const { [name]: before, ...others } = removed[kind] ?? {};
    if (at === undefined && before === undefined) return;
    const all = Object.entries(at === undefined ? others : { ...others, [name]: at });
    await this.#context.globalState.update(removedKey, {
      ...removed,
      [kind]: Object.fromEntries(all.slice(-mostRemoved)),
    });
  }

  /** Those that are asked for and kept, as the relay takes them. */
  async values(wanted: readonly SecretName[]): Promise<Secrets> {
    const of = (kind: SecretKind): Promise<Record<string, string>> =>
      this.#read(
        kind,
        wanted.flatMap((each) => (each.kind === kind ? [each.name] : [])),
      );
    const [signatureKeys, verifyKeys, credentials] = await Promise.all([
      of('signatureKeys'),
      of('verifyKeys'),
      of('credentials'),
    ]);
    return {
      signatureKeys,
      verifyKeys,
      credentials: Object.fromEntries(
        Object.entries(credentials).map(([name, text]) => [name, JSON.parse(text) as Record<string, string>]),
      ),
    };
  }

  async #read(kind: SecretKind, names: readonly string[]): Promise<Record<string, string>> {
    const found: Record<string, string> = {};
    for (const name of names) {
      const value = await this.#context.secrets.get(keyOf(kind, name));
      if (value !== undefined) found[name] = value;
    }
    return found;
  }
}

function keyOf(kind: SecretKind, name: string): string {
  return `${prefix}.${kind}.${name}`;
}
