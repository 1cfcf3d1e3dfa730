/** Setting and forgetting the platform's secrets, as **Manage Keys and Secrets…** offers it. */
import * as vscode from 'vscode';
import type { PlatformSecrets } from '../secrets/manage-secrets.ts';
import { offer } from '../ui/offer.ts';
import { say } from '../ui/say.ts';
import type { Platform } from './platform.ts';

/** What **Manage Keys and Secrets…** does with the platform's secrets. */
export function createPlatformSecrets(platform: Platform): PlatformSecrets {
  return {
    set: async () => {
      const set = await askForSecrets(platform);
      if (set && !platform.isSandbox) say(vscode.l10n.t('The secrets are kept.'));
      return set;
    },
    forget: async () => {
      if (await forgetSecrets(platform)) say(vscode.l10n.t('The secrets are forgotten.'));
    },
    kept: async () => (await platform.secrets.hosts(platform.host)).length > 0,
  };
}

/**
 * Asks for both secrets and keeps them for the host of the settings.
 * @returns whether they were given
 */
async function askForSecrets(platform: Platform): Promise<boolean> {
  const { host } = platform;
  if (platform.isSandbox) {
    void offer('Information', vscode.l10n.t('The sandbox brings its own secrets.'), {});
    return true;
  }
  const ask = (title: string, step: number): Thenable<string | undefined> =>
    vscode.window.showInputBox({
      title: `${title} (${step}/2)`,
      prompt: vscode.l10n.t(
        'For {0}. It is kept in VS Code’s secret storage. In Open Connectors it stands under your user’s menu, API Keys',
        host,
      ),
      password: true,
      ignoreFocusOut: true,
      validateInput: (text) =>
        /^[\x21-\x2b\x2d-\x7e]+$/.test(text.trim())
          ? undefined
          : vscode.l10n.t('Give the secret alone, without blanks and commas'),
    });
  const userSecret = await ask(vscode.l10n.t('User secret'), 1);
  if (userSecret === undefined) return false;
  const organizationSecret = await ask(vscode.l10n.t('Organization secret'), 2);
  if (organizationSecret === undefined) return false;
  await platform.storeSecrets({ userSecret: userSecret.trim(), organizationSecret: organizationSecret.trim() }, host);
  return true;
}

/**
 * Forgets the secrets of every host, after a question.
 * @returns whether they were forgotten
 */
async function forgetSecrets(platform: Platform): Promise<boolean> {
  const { l10n, window } = vscode;
  const hosts = await platform.secrets.hosts(platform.host);
  if (hosts.length === 0) {
    void offer('Information', l10n.t('No secrets of Open Connectors are kept.'), {});
    return false;
  }
  const forget = l10n.t('Forget Secrets');
  const choice = await window.showWarningMessage(
    l10n.t('Forget the secrets of Open Connectors?'),
    {
      modal: true,
      detail: [
        l10n.t(
          'The user secret and the organization secret are removed from this machine, for: {0}.',
          hosts.join(', '),
        ),
        l10n.t(
          'Instances stay as they are and go on posting; their tokens and signature keys stay here. To see or change instances from here, both secrets are needed again.',
        ),
      ].join('\n'),
    },
    forget,
  );
  if (choice !== forget) return false;
  await platform.secrets.forget(hosts);
  return true;
}
