import * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import { offer } from '../ui/offer.ts';
import { alone, askChoice, askText, only } from '../ui/questions.ts';
import { ifAnswered, inSteps } from '../ui/steps.ts';
import { showStatusMessage } from '../ui/status-message.ts';
import type { SecretBox, SecretKind } from './secrets.ts';

/** `new`: an existing name can't be replaced. */
type Naming = 'any' | 'new';

type Choice = vscode.QuickPickItem & { readonly choose: () => string | Promise<string | undefined> };

export async function setKey(
  secrets: SecretBox,
  kind: 'signatureKeys' | 'verifyKeys',
  naming: Naming = 'any',
): Promise<string | undefined> {
  const name = await nameToSet(kind, secrets, naming);
  return name === undefined ? undefined : setKeyNamed(secrets, kind, name);
}

async function setKeyNamed(
  secrets: SecretBox,
  kind: 'signatureKeys' | 'verifyKeys',
  name: string,
): Promise<string | undefined> {
  const title = kind === 'signatureKeys' ? say('Signature key “{0}”', name) : say('Verify key “{0}”', name);
  const asked = askText(alone(title), {
    prompt:
      kind === 'signatureKeys'
        ? say('The key itself, as your callback knows it. Kept in VS Code’s secret storage and in memory')
        : say('Stored in VS Code’s secret storage and in the relay’s memory'),
    password: true,
    exact: true,
    check: (text) => (text === '' ? say('Enter the key') : undefined),
  });
  const value = await only(asked);
  if (value === undefined) return undefined;
  await secrets.set(kind, name, value);
  showStatusMessage(say('Key “{0}” stored.', name));
  return name;
}

export async function setCredentials(secrets: SecretBox, naming: Naming = 'any'): Promise<string | undefined> {
  const name = await nameToSet('credentials', secrets, naming);
  return name === undefined ? undefined : setCredentialsNamed(secrets, name);
}

async function setCredentialsNamed(secrets: SecretBox, name: string): Promise<string | undefined> {
  const { credentials = {} } = await secrets.values([{ kind: 'credentials', name }]);
  const [before = 'Authorization'] = Object.keys(credentials[name] ?? {});
  const known = await inSteps('', { header: before, value: '' }, () => [
    async ({ header }, place) => {
      const title = say('Header name for the credentials “{0}”', name);
      const asked = askText(
        { ...place, title },
        {
          value: header,
          check: (text) =>
            /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(text)
              ? undefined
              : say('Enter a valid header name, such as X-API-Key'),
        },
      );
      return ifAnswered(await asked, (text) => ({ header: text }));
    },
    async ({ header }, place) => {
      const asked = askText(
        { ...place, title: say('Value of {0}', header) },
        {
          prompt: say('Stored in VS Code’s secret storage and in the relay’s memory'),
          password: true,
          exact: true,
          check: (text) =>
            /^[\t\x20-\x7e]+$/.test(text)
              ? undefined
              : say('Enter a value that contains only printable ASCII characters'),
        },
      );
      return ifAnswered(await asked, (text) => ({ value: text }));
    },
  ]);
  if (known === undefined) return undefined;
  await secrets.set('credentials', name, JSON.stringify({ [known.header]: known.value }));
  showStatusMessage(say('Credentials “{0}” stored.', name));
  return name;
}

export async function removeSecret(secrets: SecretBox): Promise<void> {
  const labels: Record<SecretKind, string> = {
    signatureKeys: say('signature key'),
    verifyKeys: say('verify key'),
    credentials: say('credentials'),
  };
  const items = (Object.keys(labels) as SecretKind[]).flatMap((kind) =>
    secrets.names(kind).map((name) => ({ label: name, description: labels[kind], secret: kind })),
  );
  if (items.length === 0) {
    void offer('Information', say('No keys or credentials are stored.'), {});
    return;
  }
  const choice = await vscode.window.showQuickPick(items, {
    title: say('Remove Key or Credentials'),
    placeHolder: say(
      'Choose a key or credentials to remove. Events for destinations that use the removed item will be held',
    ),
  });
  if (choice === undefined) return;
  await secrets.remove(choice.secret, choice.label);
  showStatusMessage(say('Removed “{0}”.', choice.label));
}

/** Resolves to null for none, undefined if the user canceled. */
export async function chooseSecret(
  secrets: SecretBox,
  kind: 'signatureKeys' | 'credentials',
  title: string,
  current: string | undefined,
): Promise<string | null | undefined> {
  const mark = { description: say('current') };
  const none = {
    label: kind === 'credentials' ? say('No Credentials') : say('Not Signed'),
    ...(current === undefined && mark),
  };
  const fresh = {
    label: kind === 'credentials' ? say('$(add) New Credentials…') : say('$(add) New Key…'),
    choose: () => (kind === 'credentials' ? setCredentials(secrets, 'new') : setKey(secrets, kind, 'new')),
  };
  const kept = secrets.names(kind).map((name): Choice => ({
    label: `$(key) ${name}`,
    ...(name === current && mark),
    choose: () => name,
  }));
  const another: readonly Choice[] =
    current !== undefined && secrets.names(kind).includes(current)
      ? [
          {
            label: say('$(edit) Change the Value of “{0}”…', current),
            choose: () =>
              kind === 'credentials' ? setCredentialsNamed(secrets, current) : setKeyNamed(secrets, kind, current),
          },
        ]
      : [];
  // Enter keeps the current name.
  const named = [none, ...kept].sort((a, b) => Number('description' in b) - Number('description' in a));
  const asked = askChoice<vscode.QuickPickItem & Partial<Choice>>(alone(title), {
    placeholder:
      kind === 'credentials'
        ? say('Which credentials do you want to send?')
        : say('Which key do you want to sign with?'),
    items: [...named, ...another, fresh],
  });
  const choice = await only(asked);
  if (choice === undefined) return undefined;
  return choice.choose === undefined ? null : choice.choose();
}

async function nameToSet(kind: SecretKind, secrets: SecretBox, naming: Naming): Promise<string | undefined> {
  const title = kind === 'credentials' ? say('Name of the credentials') : say('Name of the key');
  const prompt =
    kind === 'verifyKeys'
      ? say('Any name. The relay tries every verify key')
      : kind === 'signatureKeys'
        ? say('A name, not the key itself. Destinations use it to refer to the key')
        : say('A name, not the credentials themselves. Destinations use it to refer to the credentials');
  const kept = secrets.names(kind);
  if (kept.length > 0 && naming === 'any') {
    type Named = vscode.QuickPickItem & { readonly name?: string };
    const fresh: Named = { label: say('$(add) New Name…') };
    const items = kept.map((name): Named => ({
      label: `$(key) ${name}`,
      description: say('replaces the value'),
      name,
    }));
    const choice = await only(askChoice(alone(title), { placeholder: prompt, items: [...items, fresh] }));
    if (choice === undefined) return undefined;
    if (choice.name !== undefined) return choice.name;
  }
  const asked = askText(alone(title), {
    prompt,
    value: kept.includes('default') ? '' : 'default',
    check: (name) => {
      if (name === '' || name.length > 100) return say('Enter a name of up to 100 characters');
      return kept.includes(name) ? say('The name is taken. Choose another one') : undefined;
    },
  });
  return only(asked);
}
