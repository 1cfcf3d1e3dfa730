/**
 * A workspace's settings can name any stored secret for any host, so the user is asked once for each secret and origin.
 * The answer is saved in the global state, which no workspace can change.
 */
import type * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import type { Destination } from '../../protocol/settings.ts';
import { prefix } from '../prefix.ts';
import { inMessage } from '../ui/printable.ts';
import type { SecretBox } from '../secrets/secrets.ts';

export interface SecretUse {
  readonly kind: 'signatureKeys' | 'credentials';
  readonly name: string;
  readonly origin: string;
  /** The certificate isn't checked, so anyone on the network path may read the secret. */
  readonly unchecked: boolean;
}

export type Consent = 'allowed' | 'refused';

export interface ConsentQuestion {
  readonly url: string;
  readonly uses: readonly SecretUse[];
}

type Kept = Readonly<Record<string, Consent>>;

const keptKey = `${prefix}.credentialConsents`;

export class CredentialConsents {
  readonly #state: vscode.Memento;
  readonly #secrets: SecretBox;

  constructor({ globalState, subscriptions }: vscode.ExtensionContext, secrets: SecretBox) {
    this.#state = globalState;
    this.#secrets = secrets;
    subscriptions.push(
      secrets.onDidChange(({ kind, name }) => {
        // A later secret with the same name is a different one.
        if (!secrets.names(kind).includes(name)) void this.forget((use) => use.kind === kind && use.name === name);
      }),
    );
  }

  of(use: SecretUse): Consent | undefined {
    return this.#kept[keyOf(use)];
  }

  all(): readonly { readonly use: SecretUse; readonly consent: Consent }[] {
    return Object.entries(this.#kept).map(([key, consent]) => ({ use: useOf(key), consent }));
  }

  get fingerprint(): string {
    return JSON.stringify(this.#kept);
  }

  async record(uses: readonly SecretUse[], consent: Consent): Promise<void> {
    if (uses.length === 0) return;
    await this.#state.update(keptKey, {
      ...this.#kept,
      ...Object.fromEntries(uses.map((use) => [keyOf(use), consent])),
    });
  }

  async forget(isMeant: (use: SecretUse) => boolean): Promise<void> {
    const left = Object.entries(this.#kept).filter(([key]) => !isMeant(useOf(key)));
    await this.#state.update(keptKey, Object.fromEntries(left));
  }

  stored(destination: DestinationUse): SecretUse[] {
    return usesOf(destination).filter(({ kind, name }) => this.#secrets.names(kind).includes(name));
  }

  get #kept(): Kept {
    return this.#state.get<Kept>(keptKey, {});
  }
}

type DestinationUse = Pick<Destination, 'url' | 'signatureKeyName' | 'credentialsName' | 'insecureTls'>;

function usesOf({ url, signatureKeyName, credentialsName, insecureTls }: DestinationUse): SecretUse[] {
  const { origin, protocol } = new URL(url);
  const where = { origin, unchecked: insecureTls === true && protocol === 'https:' };
  return [
    ...(credentialsName === undefined ? [] : [{ kind: 'credentials' as const, name: credentialsName, ...where }]),
    ...(signatureKeyName === undefined ? [] : [{ kind: 'signatureKeys' as const, name: signatureKeyName, ...where }]),
  ];
}

function keyOf({ kind, name, origin, unchecked }: SecretUse): string {
  return JSON.stringify([kind, name, origin, unchecked]);
}

function useOf(key: string): SecretUse {
  const [kind, name, origin, unchecked] = JSON.parse(key) as [SecretUse['kind'], string, string, boolean];
  return { kind, name, origin, unchecked };
}

export function whyHeld(uses: readonly SecretUse[]): string {
  return say('You haven’t allowed this destination to use {0}', uses.map(usedAs).join(', ')).slice(0, 300);
}

export function usedAs({ kind, name }: SecretUse): string {
  const shown = inMessage(name, 100);
  return kind === 'credentials' ? say('the credentials “{0}”', shown) : say('the signature key “{0}”', shown);
}
