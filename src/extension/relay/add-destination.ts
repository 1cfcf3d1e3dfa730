/** A destination by steps, for whoever would rather be asked than write JSON. */
import * as vscode from 'vscode';
import { prefix } from '../commands.ts';
import { chooseSecret } from './secret-commands.ts';
import type { CredentialConsents } from './credential-consent.ts';
import type { SecretBox } from './secrets.ts';

/** What stands in the setting; what is not said is left out. */
interface DestinationSetting {
  readonly url: string;
  readonly mode?: 'raw';
  readonly types?: readonly string[];
  readonly lists?: readonly string[];
  readonly signatureKeyName?: string;
  readonly credentialsName?: string;
}

/**
 * Asks for the URL, what is sent, which notifications, key and credentials, and adds the destination to the setting:
 * to the folder's where that has destinations of its own, else to the user's.
 * @returns whether it was added
 */
export async function addDestination(secrets: SecretBox, consents: CredentialConsents): Promise<boolean> {
  const destination = await ask(secrets);
  if (destination === undefined) return false;
  // She has just typed where its key and credentials go.
  await consents.allow(destination);
  const { target, existing } = place();
  await vscode.workspace.getConfiguration(prefix).update('destinations', [...existing, destination], target);
  const open = vscode.l10n.t('Open Setting');
  void vscode.window
    .showInformationMessage(
      target === vscode.ConfigurationTarget.Workspace
        ? vscode.l10n.t('Notifications now go to {0}, as this folder’s settings say.', destination.url)
        : vscode.l10n.t('Notifications now go to {0}, as your settings say.', destination.url),
      open,
    )
    .then((choice) =>
      choice === open
        ? vscode.commands.executeCommand('workbench.action.openSettings', `${prefix}.destinations`)
        : undefined,
    );
  return true;
}

/** Where destinations stand: what a folder says replaces what the user says, as a whole. */
function place(): { readonly target: vscode.ConfigurationTarget; readonly existing: readonly DestinationSetting[] } {
  const found = vscode.workspace.getConfiguration(prefix).inspect<readonly DestinationSetting[]>('destinations');
  // In an untrusted folder its own destinations count for nothing.
  return vscode.workspace.isTrusted && found?.workspaceValue !== undefined
    ? { target: vscode.ConfigurationTarget.Workspace, existing: found.workspaceValue }
    : { target: vscode.ConfigurationTarget.Global, existing: found?.globalValue ?? [] };
}

async function ask(secrets: SecretBox): Promise<DestinationSetting | undefined> {
  const { l10n } = vscode;
  const title = (step: number): string => l10n.t('Add Destination ({0}/6)', step);
  const url = await vscode.window.showInputBox({
    title: title(1),
    prompt: l10n.t('The URL of your callback'),
    value: 'http://localhost:3000/callback',
    ignoreFocusOut: true,
    validateInput: (text) =>
      problemOfUrl(text.trim(), l10n.t('Leave user name and password out: credentials are the last step')),
  });
  if (url === undefined) return undefined;
  const mode = await vscode.window.showQuickPick(
    [
      { label: l10n.t('Notifications'), description: l10n.t('as Open Connectors posts them'), raw: false },
      { label: l10n.t('Raw deliveries'), description: l10n.t('the bytes as Campaign Monitor sent them'), raw: true },
    ],
    { title: title(2), placeHolder: l10n.t('What is sent'), ignoreFocusOut: true },
  );
  if (mode === undefined) return undefined;
  const types = await vscode.window.showQuickPick(
    ['Subscribe', 'Update', 'Deactivate'].map((label) => ({ label, picked: true })),
    { title: title(3), placeHolder: l10n.t('Events of which types'), canPickMany: true, ignoreFocusOut: true },
  );
  if (types === undefined) return undefined;
  const lists = await vscode.window.showInputBox({
    title: title(4),
    prompt: l10n.t('IDs of the lists, separated by commas. Empty: all lists'),
    ignoreFocusOut: true,
  });
  if (lists === undefined) return undefined;
  const key = await chooseSecret(secrets, 'signatureKeys', title(5));
  if (key === undefined) return undefined;
  const credentials = await chooseSecret(secrets, 'credentials', title(6));
  if (credentials === undefined) return undefined;
  const ids = lists.split(/[\s,;]+/).filter((id) => id !== '');
  return {
    url: url.trim(),
    ...(mode.raw && { mode: 'raw' as const }),
    // All of them, or none, is no filter.
    ...(types.length > 0 && types.length < 3 && { types: types.map(({ label }) => label) }),
    ...(ids.length > 0 && { lists: ids }),
    ...(key !== null && { signatureKeyName: key }),
    ...(credentials !== null && { credentialsName: credentials }),
  };
}

/**
 * What is wrong with a callback's URL, as the relay would say it.
 * @param withoutUser what is said where it names a user
 */
export function problemOfUrl(text: string, withoutUser: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    return vscode.l10n.t('Give a URL that begins with http:// or https://');
  return url.username === '' && url.password === '' ? undefined : withoutUser;
}
