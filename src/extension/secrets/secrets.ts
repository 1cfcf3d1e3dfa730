import * as vscode from 'vscode';
import type { Secrets, SecretsChange } from '../../protocol/settings.ts';
import { prefix } from '../prefix.ts';

const kinds = ['signatureKeys', 'verifyKeys', 'credentials'] as const;
export type SecretKind = (typeof kinds)[number];

export interface SecretName {
  readonly kind: SecretKind;
  readonly name: string;
}

/** Kept in the global state, because SecretStorage can't list names. */
type Names = Partial<Record<SecretKind, string[]>>;

const namesKey = `${prefix}.secretNames`;

/** Removal times, ISO 8601: a relay that was running then may still have the secret. */
type Removed = Partial<Record<SecretKind, Record<string, string>>>;

const removedKey = `${prefix}.removedSecretNames`;

const mostRemoved = 100;

export class SecretBox {
  readonly #context: vscode.ExtensionContext;
  readonly #changed = new vscode.EventEmitter<SecretName>();
  /** Also for changes in another window. */
  readonly onDidChange = this.#changed.event;

  constructor(context: vscode.ExtensionContext) {
    this.#context = context;
    context.subscriptions.push(
      this.#changed,
      context.secrets.onDidChange(({ key }) => {
        const kind = kinds.find((each) => key.startsWith(keyOf(each, '')));
        if (kind !== undefined) this.#changed.fire({ kind, name: key.slice(keyOf(kind, '').length) });
      }),
    );
  }

  names(kind: SecretKind): readonly string[] {
    return this.#context.globalState.get<Names>(namesKey, {})[kind] ?? [];
  }

  async set(kind: SecretKind, name: string, value: string): Promise<void> {
    const names = this.#context.globalState.get<Names>(namesKey, {});
    await this.#context.globalState.update(namesKey, {
      ...names,
      [kind]: [...new Set([...(names[kind] ?? []), name])].sort(),
    });
    await this.#noteRemoved(kind, name, undefined);
    await this.#context.secrets.store(keyOf(kind, name), value);
  }

  async remove(kind: SecretKind, name: string): Promise<void> {
    const names = this.#context.globalState.get<Names>(namesKey, {});
    await this.#context.globalState.update(namesKey, {
      ...names,
      [kind]: (names[kind] ?? []).filter((each) => each !== name),
    });
    await this.#noteRemoved(kind, name, new Date().toISOString());
    await this.#context.secrets.delete(keyOf(kind, name));
  }

  /** Removed by any window since then (ISO 8601); excludes secrets never stored here, such as a command line's. */
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
