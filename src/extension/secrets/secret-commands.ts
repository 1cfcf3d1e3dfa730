/** Keys and credentials by command: each has a name, by which destinations use it, and its value is never shown again. */
import * as vscode from 'vscode';
import { offer } from '../ui/offer.ts';
import { say } from '../ui/say.ts';
import type { SecretBox, SecretKind } from './secrets.ts';

type Choice = vscode.QuickPickItem & { readonly choose: () => string | Promise<string | undefined> };

/** Asks for a signature or verify key and keeps it. @returns its name, undefined where the user gave up */
export async function setKey(secrets: SecretBox, kind: 'signatureKeys' | 'verifyKeys'): Promise<string | undefined> {
  const name = await nameToSet(kind, secrets);
  if (name === undefined) return undefined;
  const value = await vscode.window.showInputBox({
    title:
      kind === 'signatureKeys' ? vscode.l10n.t('Signature key “{0}”', name) : vscode.l10n.t('Verify key “{0}”', name),
    prompt: vscode.l10n.t('Stored in VS Code’s secret storage and in the relay’s memory'),
    password: true,
    ignoreFocusOut: true,
    validateInput: (text) => (text === '' ? vscode.l10n.t('Enter the key') : undefined),
  });
  if (value === undefined) return undefined;
  await secrets.set(kind, name, value);
  say(vscode.l10n.t('Key “{0}” stored.', name));
  return name;
}

/** Asks for a header that carries credentials and keeps it. @returns their name, undefined where the user gave up */
export async function setCredentials(secrets: SecretBox): Promise<string | undefined> {
  const name = await nameToSet('credentials', secrets);
  if (name === undefined) return undefined;
  const header = await vscode.window.showInputBox({
    title: vscode.l10n.t('Header name for the credentials “{0}”', name),
    value: 'Authorization',
    ignoreFocusOut: true,
    validateInput: (text) =>
      /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(text)
        ? undefined
        : vscode.l10n.t('Enter a valid header name, such as X-API-Key'),
  });
  if (header === undefined) return undefined;
  const value = await vscode.window.showInputBox({
    title: vscode.l10n.t('Value of {0}', header),
    prompt: vscode.l10n.t('Stored in VS Code’s secret storage and in the relay’s memory'),
    password: true,
    ignoreFocusOut: true,
    validateInput: (text) =>
      /^[\t\x20-\x7e]+$/.test(text)
        ? undefined
        : vscode.l10n.t('Enter a value that contains only printable ASCII characters'),
  });
  if (value === undefined) return undefined;
  await secrets.set('credentials', name, JSON.stringify({ [header]: value }));
  say(vscode.l10n.t('Credentials “{0}” stored.', name));
  return name;
}

/** Offers what is kept, and takes away what is chosen. */
export async function removeSecret(secrets: SecretBox): Promise<void> {
  const labels: Record<SecretKind, string> = {
    signatureKeys: vscode.l10n.t('signature key'),
    verifyKeys: vscode.l10n.t('verify key'),
    credentials: vscode.l10n.t('credentials'),
  };
  const items = (Object.keys(labels) as SecretKind[]).flatMap((kind) =>
    secrets.names(kind).map((name) => ({ label: name, description: labels[kind], secret: kind })),
  );
  if (items.length === 0) {
    void offer('Information', vscode.l10n.t('No keys or credentials are stored.'), {});
    return;
  }
  const choice = await vscode.window.showQuickPick(items, {
    title: vscode.l10n.t('Remove Key or Credentials'),
    placeHolder: vscode.l10n.t(
      'Choose a key or credentials to remove. Events for destinations that use the removed item will be held',
    ),
  });
  if (choice === undefined) return;
  await secrets.remove(choice.secret, choice.label);
  say(vscode.l10n.t('Removed “{0}”.', choice.label));
}

/**
 * Offers the names that are kept, none of them, and a new one.
 * @param title of the quick pick
 * @returns the name, null for none, undefined where the user gave up
 */
export async function chooseSecret(
  secrets: SecretBox,
  kind: 'signatureKeys' | 'credentials',
  title: string,
): Promise<string | null | undefined> {
  const { l10n } = vscode;
  const none = { label: kind === 'credentials' ? l10n.t('No Credentials') : l10n.t('Not Signed') };
  const fresh = {
    label: kind === 'credentials' ? l10n.t('$(add) New Credentials…') : l10n.t('$(add) New Key…'),
    choose: () => (kind === 'credentials' ? setCredentials(secrets) : setKey(secrets, kind)),
  };
  const kept = secrets.names(kind).map((name): Choice => ({ label: `$(key) ${name}`, choose: () => name }));
  const choice = await vscode.window.showQuickPick<vscode.QuickPickItem & Partial<Choice>>([none, ...kept, fresh], {
    title,
    placeHolder:
      kind === 'credentials'
        ? l10n.t('Which credentials do you want to send?')
        : l10n.t('Which key do you want to sign with?'),
    ignoreFocusOut: true,
  });
  if (choice === undefined) return undefined;
  return choice.choose === undefined ? null : choice.choose();
}

/** The name of what is to be set: one that is kept and gets another value, or a new one. */
async function nameToSet(kind: SecretKind, secrets: SecretBox): Promise<string | undefined> {
  const { l10n } = vscode;
  const title = kind === 'credentials' ? l10n.t('Name of the credentials') : l10n.t('Name of the key');
  const prompt =
    kind === 'verifyKeys'
      ? l10n.t('Any name. The relay tries every verify key')
      : l10n.t('Destinations use this name to refer to the key or credentials');
  const kept = secrets.names(kind);
  if (kept.length > 0) {
    type Named = vscode.QuickPickItem & { readonly name?: string };
    const fresh: Named = { label: l10n.t('$(add) New Name…') };
    const items = kept.map((name): Named => ({
      label: `$(key) ${name}`,
      description: l10n.t('replaces the value'),
      name,
    }));
    const choice = await vscode.window.showQuickPick([...items, fresh], {
      title,
      placeHolder: prompt,
      ignoreFocusOut: true,
    });
    if (choice === undefined) return undefined;
    if (choice.name !== undefined) return choice.name;
  }
  const typed = await vscode.window.showInputBox({
    title,
    prompt,
    value: kept.includes('default') ? '' : 'default',
    // Who fetches a name or a key from another window comes back to the box.
    ignoreFocusOut: true,
    validateInput: (name) =>
      name.trim() === '' || name.trim().length > 100 ? l10n.t('Enter a name of up to 100 characters') : undefined,
  });
  return typed?.trim();
}
