import * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import { alone, askChoice, only } from '../ui/questions.ts';
import { removeSecret, setCredentials, setKey } from './secret-commands.ts';
import type { SecretBox, SecretKind } from './secrets.ts';

export type SecretTopic = SecretKind | 'consents' | 'remove' | 'openConnectors' | 'forgetOpenConnectors';

export interface PlatformSecrets {
  readonly set: () => Promise<boolean>;
  readonly forget: () => Promise<void>;
  readonly kept: () => Promise<boolean>;
}

export interface ManagedSecrets {
  readonly secrets: SecretBox;
  readonly platform: PlatformSecrets;
  readonly chooseConsents: () => Promise<void>;
}

/** @param topic performs this action without asking; any other value, such as a clicked row, asks */
export async function manageSecrets(
  { secrets, platform, chooseConsents }: ManagedSecrets,
  topic?: unknown,
): Promise<string | boolean | undefined> {
  const actions: Readonly<Record<SecretTopic, () => Promise<string | boolean | undefined>>> = {
    signatureKeys: () => setKey(secrets, 'signatureKeys'),
    verifyKeys: () => setKey(secrets, 'verifyKeys'),
    credentials: () => setCredentials(secrets),
    consents: async () => {
      await chooseConsents();
      return undefined;
    },
    remove: async () => {
      await removeSecret(secrets);
      return undefined;
    },
    openConnectors: platform.set,
    forgetOpenConnectors: async () => {
      await platform.forget();
      return undefined;
    },
  };
  const chosen =
    typeof topic === 'string' && topic in actions ? (topic as SecretTopic) : await chooseTopic(secrets, platform);
  return chosen === undefined ? undefined : actions[chosen]();
}

async function chooseTopic(secrets: SecretBox, platform: PlatformSecrets): Promise<SecretTopic | undefined> {
  type Choice = vscode.QuickPickItem & { readonly topic?: SecretTopic };
  const names = (kind: SecretKind): string => secrets.names(kind).join(', ');
  const isKept = await platform.kept();
  const give: Choice[] = [
    {
      label: `$(key) ${say('Signature Key…')}`,
      description: names('signatureKeys'),
      detail: say('Signs notifications for a destination'),
      topic: 'signatureKeys',
    },
    {
      label: `$(verified) ${say('Verify Key…')}`,
      description: names('verifyKeys'),
      detail: say('Verifies notifications from Open Connectors'),
      topic: 'verifyKeys',
    },
    {
      label: `$(lock) ${say('Destination Credentials…')}`,
      description: names('credentials'),
      detail: say('Adds a header to notifications for a destination'),
      topic: 'credentials',
    },
    {
      label: `$(organization) ${say('Open Connectors Secrets…')}`,
      description: isKept ? say('stored') : '',
      detail: say('User secret and organization secret for the host in your settings'),
      topic: 'openConnectors',
    },
  ];
  const hasNames = (['signatureKeys', 'verifyKeys', 'credentials'] as const).some(
    (kind) => secrets.names(kind).length > 0,
  );
  const take: Choice[] = [];
  if (hasNames)
    take.push(
      {
        label: `$(shield) ${say('Allowed Destinations for Keys and Credentials…')}`,
        detail: say('Review the permissions you gave'),
        topic: 'consents',
      },
      { label: `$(trash) ${say('Remove Key or Credentials…')}`, topic: 'remove' },
    );
  if (isKept) take.push({ label: `$(trash) ${say('Forget Open Connectors Secrets…')}`, topic: 'forgetOpenConnectors' });
  const separator = (label: string): Choice => ({ label, kind: vscode.QuickPickItemKind.Separator });
  const asked = askChoice(alone(say('Keys and Secrets')), {
    placeholder: say('Choose a key or secret (kept in VS Code’s secret storage)'),
    items: [
      separator(say('add or change')),
      ...give,
      ...(take.length > 0 ? [separator(say('allow or remove')), ...take] : []),
    ],
    matchOnDescription: true,
  });
  return (await only(asked))?.topic;
}
