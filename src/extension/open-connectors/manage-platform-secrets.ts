import { isConfirmed } from '../confirm.ts';
import { say } from '../../common/say.ts';
import type { PlatformSecrets } from '../secrets/manage-secrets.ts';
import { offer } from '../ui/offer.ts';
import { askText } from '../ui/questions.ts';
import { showStatusMessage } from '../ui/status-message.ts';
import { ifAnswered, inSteps, type Step } from '../ui/steps.ts';
import type { OpenConnectorsSecrets, Platform } from './platform.ts';

export function createPlatformSecrets(platform: Platform): PlatformSecrets {
  return {
    set: async () => {
      const set = await askForSecrets(platform);
      if (set && !platform.isSandbox) showStatusMessage(say('Secrets stored.'));
      return set;
    },
    forget: async () => {
      if (await forgetSecrets(platform)) showStatusMessage(say('Secrets forgotten.'));
    },
    kept: async () => (await platform.hostsWithSecrets()).length > 0,
  };
}

async function askForSecrets(platform: Platform): Promise<boolean> {
  const { host } = platform;
  if (platform.isSandbox) {
    void offer('Information', say('The sandbox uses its own secrets.'), {});
    return true;
  }
  const step =
    (title: string, part: 'userSecret' | 'organizationSecret'): Step<OpenConnectorsSecrets> =>
    async (_known, place) => {
      const asked = askText(
        { ...place, title },
        {
          prompt: say(
            'Secret for {0}. Stored in VS Code’s secret storage. In Open Connectors, find the secret in your user menu under API Keys',
            host,
          ),
          password: true,
          check: (text) =>
            /^[\x21-\x2b\x2d-\x7e]+$/.test(text) ? undefined : say('Enter only the secret, without spaces or commas'),
        },
      );
      return ifAnswered(await asked, (text) => ({ [part]: text }));
    };
  const secrets = await inSteps('', { userSecret: '', organizationSecret: '' }, () => [
    step(say('User secret'), 'userSecret'),
    step(say('Organization secret'), 'organizationSecret'),
  ]);
  if (secrets === undefined) return false;
  await platform.storeSecrets(host, secrets);
  return true;
}

async function forgetSecrets(platform: Platform): Promise<boolean> {
  const hosts = await platform.hostsWithSecrets();
  if (hosts.length === 0) {
    void offer('Information', say('No Open Connectors secrets are stored.'), {});
    return false;
  }
  const isAgreed = await isConfirmed(
    say('Forget the Open Connectors secrets?'),
    [
      say('The user secret and organization secret for {0} will be removed from this machine.', hosts.join(', ')),
      say(
        'Instances won’t change and will keep sending notifications. Their tokens and signature keys will stay in VS Code. To see or change instances in VS Code, you’ll need both secrets again.',
      ),
    ].join('\n'),
    say('Forget Secrets'),
  );
  if (!isAgreed) return false;
  await platform.forgetSecrets(hosts);
  return true;
}
