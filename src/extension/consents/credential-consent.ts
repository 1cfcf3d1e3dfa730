/**
 * Where stored keys and credentials may go: a workspace's settings can name any of them for any host, so the user is
 * asked once for each of them and each origin. The answer is kept where no workspace can write.
 */
import * as vscode from 'vscode';
import type { Destination } from '../../protocol/settings.ts';
import { prefix } from '../prefix.ts';
import { inMessage } from '../ui/printable.ts';
import type { SecretBox } from '../secrets/secrets.ts';

/** What a destination uses of what is stored, by name, and where that goes. */
export interface SecretUse {
  readonly kind: 'signatureKeys' | 'credentials';
  readonly name: string;
  readonly origin: string;
  /** The certificate there is not checked, so that anybody on the way may be there. */
  readonly unchecked: boolean;
}

export type Consent = 'allowed' | 'refused';

/** What the user is asked about at once: one destination, and what of it is open. */
export interface ConsentQuestion {
  readonly url: string;
  readonly uses: readonly SecretUse[];
}

/** By use, as {@link keyOf} writes it. */
type Kept = Readonly<Record<string, Consent>>;

const keptKey = `${prefix}.credentialConsents`;

/** What the user said about each use of a stored key or credentials. */
export class CredentialConsents {
  readonly #state: vscode.Memento;
  readonly #secrets: SecretBox;

  /** @param state the global state, which a workspace does not reach */
  constructor({ globalState, subscriptions }: vscode.ExtensionContext, secrets: SecretBox) {
    this.#state = globalState;
    this.#secrets = secrets;
    subscriptions.push(
      secrets.onDidChange(({ kind, name }) => {
        // Another one of that name, some day, is another one.
        if (!secrets.names(kind).includes(name)) void this.forget((use) => use.kind === kind && use.name === name);
      }),
    );
  }

  /** What was said about a use; undefined where nothing was. */
  of(use: SecretUse): Consent | undefined {
    return this.#kept[keyOf(use)];
  }

  /** Every use that something was said about. */
  all(): readonly { readonly use: SecretUse; readonly consent: Consent }[] {
    return Object.entries(this.#kept).map(([key, consent]) => ({ use: useOf(key), consent }));
  }

  /** What stands for all of it: another text where anything of it is other. */
  get fingerprint(): string {
    return JSON.stringify(this.#kept);
  }

  /** Keeps what the user said about uses. */
  async record(uses: readonly SecretUse[], consent: Consent): Promise<void> {
    if (uses.length === 0) return;
    await this.#state.update(keptKey, {
      ...this.#kept,
      ...Object.fromEntries(uses.map((use) => [keyOf(use), consent])),
    });
  }

  /** Keeps nothing any more of what the user said about such uses. */
  async forget(isMeant: (use: SecretUse) => boolean): Promise<void> {
    const left = Object.entries(this.#kept).filter(([key]) => !isMeant(useOf(key)));
    await this.#state.update(keptKey, Object.fromEntries(left));
  }

  /** What a destination uses of what is stored: of what is not stored nothing can go anywhere. */
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

/** Why a destination is held until the user has said that these may go there. It stands wherever its state is shown. */
export function whyHeld(uses: readonly SecretUse[]): string {
  return vscode.l10n.t('You haven’t allowed this destination to use {0}', uses.map(usedAs).join(', ')).slice(0, 300);
}

/** A use as it stands in a list, such as `credentials “prod”`. */
export function usedAs({ kind, name }: SecretUse): string {
  const shown = inMessage(name, 100);
  return kind === 'credentials'
    ? vscode.l10n.t('the credentials “{0}”', shown)
    : vscode.l10n.t('the signature key “{0}”', shown);
}
