/** Loaded on first use, to keep activation small. */
import * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import { isLoopback } from '../../common/loopback.ts';
import { isOfWorkspace } from '../configuration.ts';
import { offer } from '../ui/offer.ts';
import { placeOf } from '../ui/phrases.ts';
import { inMessage } from '../ui/printable.ts';
import { usedAs } from './credential-consent.ts';
import type { Consent, ConsentQuestion, CredentialConsents, SecretUse } from './credential-consent.ts';

/** @returns undefined if the user postpones the decision */
export async function askForConsent({ url, uses }: ConsentQuestion): Promise<Consent | undefined> {
  const { origin, hostname } = new URL(url);
  const shownUrl = inMessage(placeOf(url), 300);
  const sent = uses.some(({ kind }) => kind === 'credentials');
  const allow = say('Allow');
  const refuse = say('Don’t Allow');
  const facts = [
    isOfWorkspace('destinations')
      ? say('For {0}, the settings of this workspace use:', shownUrl)
      : say('For {0}, your settings use:', shownUrl),
    ...uses.map((use) => `• ${usedAs(use)}`),
    '',
    sent
      ? say('The server at {0} will receive these credentials.', origin)
      : say('The server at {0} will receive notifications signed with your key.', origin),
    ...(uses.some(({ unchecked }) => unchecked)
      ? [say('The server’s certificate isn’t checked, so anyone on the network path can read what’s sent.')]
      : []),
    ...(isLoopback(hostname) ? [say('This URL points to your own machine, where any program may be listening.')] : []),
    say(
      'Events for this destination are held until you allow the destination. You won’t be asked again. To change your answer later, use Manage Keys and Secrets.',
    ),
  ];
  const choice = await vscode.window.showWarningMessage(
    sent ? say('Send stored credentials to {0}?', origin) : say('Sign notifications for {0}?', origin),
    { modal: true, detail: facts.join('\n') },
    // Enter presses the first button, and the question may appear while the user types.
    refuse,
    allow,
  );
  await backToPage();
  return choice === allow ? 'allowed' : choice === refuse ? 'refused' : undefined;
}

/** After a modal dialog, VS Code focuses only the frame around a webview, which ignores keys. */
async function backToPage(): Promise<void> {
  const { activeTab } = vscode.window.tabGroups.activeTabGroup;
  if (!(activeTab?.input instanceof vscode.TabInputWebview)) return;
  await vscode.commands.executeCommand('workbench.action.focusActiveEditorGroup');
}

export async function chooseConsents(consents: CredentialConsents, open: readonly SecretUse[]): Promise<boolean> {
  const known = [
    ...consents.all().map(({ use, consent }) => ({ use, isAllowed: consent === 'allowed' })),
    ...open.map((use) => ({ use, isAllowed: false })),
  ];
  if (known.length === 0) {
    void offer('Information', say('No destination uses stored keys or credentials.'), {});
    return false;
  }
  const items = known.map(({ use, isAllowed }) => ({
    label: inMessage(use.origin),
    description: usedAs(use) + (use.unchecked ? `, ${say('certificate not checked')}` : ''),
    picked: isAllowed,
    use,
  }));
  const chosen = await vscode.window.showQuickPick(items, {
    title: say('Allowed Destinations for Keys and Credentials'),
    placeHolder: say('Clear a checkbox to hold that destination’s events and stop using its keys and credentials'),
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
