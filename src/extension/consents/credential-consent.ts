/**
 * Where stored keys and credentials may go: a workspace's settings can name any of them for any host, so the user is
 * asked once for each of them and each origin. The answer is kept where no workspace can write.
 */
import * as vscode from 'vscode';
import { isLoopback } from '../../common/loopback.ts';
import type { Destination } from '../../protocol/settings.ts';
import { isOfWorkspace } from '../configuration.ts';
import { prefix } from '../prefix.ts';
import { offer } from '../ui/offer.ts';
import { placeOf } from '../ui/phrases.ts';
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
        if (!secrets.names(kind).includes(name)) void this.#forget(kind, name);
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

  /**
   * The user has just said where something goes, as in Add Destination: that is consent.
   * @param destination where, with nothing but what was chosen
   */
  async allow(destination: DestinationUse): Promise<void> {
    await this.record(usesOf(destination), 'allowed');
  }

  /** What a destination uses of what is stored: of what is not stored nothing can go anywhere. */
  stored(destination: DestinationUse): SecretUse[] {
    return usesOf(destination).filter(({ kind, name }) => this.#secrets.names(kind).includes(name));
  }

  get #kept(): Kept {
    return this.#state.get<Kept>(keptKey, {});
  }

  async #forget(kind: string, name: string): Promise<void> {
    const left = Object.entries(this.#kept).filter(([key]) => {
      const use = useOf(key);
      return use.kind !== kind || use.name !== name;
    });
    await this.#state.update(keptKey, Object.fromEntries(left));
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
function usedAs({ kind, name }: SecretUse): string {
  const shown = inMessage(name, 100);
  return kind === 'credentials'
    ? vscode.l10n.t('the credentials “{0}”', shown)
    : vscode.l10n.t('the signature key “{0}”', shown);
}

/**
 * Asks whether what is stored may go to a destination.
 * @returns undefined where the user puts it off
 */
export async function askForConsent({ url, uses }: ConsentQuestion): Promise<Consent | undefined> {
  const { l10n } = vscode;
  const { origin, hostname } = new URL(url);
  const shownUrl = inMessage(placeOf(url), 300);
  const sent = uses.some(({ kind }) => kind === 'credentials');
  const allow = l10n.t('Allow');
  const refuse = l10n.t('Don’t Allow');
  const facts = [
    isOfWorkspace('destinations')
      ? l10n.t('For {0}, the settings of this workspace use:', shownUrl)
      : l10n.t('For {0}, your settings use:', shownUrl),
    ...uses.map((use) => `• ${usedAs(use)}`),
    '',
    sent
      ? l10n.t('The server at {0} will receive these credentials.', origin)
      : l10n.t('The server at {0} will receive notifications signed with your key.', origin),
    ...(uses.some(({ unchecked }) => unchecked)
      ? [l10n.t('The server’s certificate isn’t checked, so anyone on the network path can read what’s sent.')]
      : []),
    ...(isLoopback(hostname)
      ? [l10n.t('This URL points to your own machine, where any program may be listening.')]
      : []),
    l10n.t(
      'Events for this destination are held until you allow the destination. You won’t be asked again. To change your answer later, use Manage Keys and Secrets.',
    ),
  ];
  const choice = await vscode.window.showWarningMessage(
    sent ? l10n.t('Send stored credentials to {0}?', origin) : l10n.t('Sign notifications for {0}?', origin),
    { modal: true, detail: facts.join('\n') },
    // Enter presses the first: of a question that comes while the user types, that is not to be yes.
    refuse,
    allow,
  );
  await backToPage();
  return choice === allow ? 'allowed' : choice === refuse ? 'refused' : undefined;
}

/** After a modal question VS Code gives the focus to the frame around a page alone, where no key does anything. */
async function backToPage(): Promise<void> {
  const { activeTab } = vscode.window.tabGroups.activeTabGroup;
  if (!(activeTab?.input instanceof vscode.TabInputWebview)) return;
  await vscode.commands.executeCommand('workbench.action.focusActiveEditorGroup');
}

/**
 * Shows what may go where, and takes what the user changes of it.
 * @param open what the settings name and nothing was said about
 * @returns whether the user answered
 */
export async function chooseConsents(consents: CredentialConsents, open: readonly SecretUse[]): Promise<boolean> {
  const { l10n } = vscode;
  const known = [
    ...consents.all().map(({ use, consent }) => ({ use, isAllowed: consent === 'allowed' })),
    ...open.map((use) => ({ use, isAllowed: false })),
  ];
  if (known.length === 0) {
    void offer('Information', l10n.t('No destination uses stored keys or credentials.'), {});
    return false;
  }
  const items = known.map(({ use, isAllowed }) => ({
    label: inMessage(use.origin),
    description: usedAs(use) + (use.unchecked ? `, ${l10n.t('certificate not checked')}` : ''),
    picked: isAllowed,
    use,
  }));
  const chosen = await vscode.window.showQuickPick(items, {
    title: l10n.t('Allowed Destinations for Keys and Credentials'),
    placeHolder: l10n.t('Clear a checkbox to hold that destination’s events and stop using its keys and credentials'),
    canPickMany: true,
    ignoreFocusOut: true,
  });
  if (chosen === undefined) return false;
  const allowed = new Set(chosen.map(({ use }) => use));
  const uses = known.map(({ use }) => use);
  await consents.record(
    uses.filter((use) => allowed.has(use)),
    'allowed',
  );
  await consents.record(
    uses.filter((use) => !allowed.has(use)),
    'refused',
  );
  return true;
}
