import { isConfirmed } from '../confirm.ts';
import { say } from '../../common/say.ts';
import type { Status } from '../../protocol/status.ts';
import { setting } from '../configuration.ts';
import { prefix } from '../prefix.ts';
import { byCommand, offer } from '../ui/offer.ts';
import { readRelayUrl } from './url-place.ts';
import type { Session } from '../session/session.ts';
import type { UrlKeeper } from './url-keeper.ts';

/** For a leaked secret. @throws the relay's refusal if it can't save the secret or another window was faster */
export async function newSecretUrl(session: Session, keeper: UrlKeeper): Promise<void> {
  const { status } = session;
  if (status === undefined) return;
  const isAgreed = await isConfirmed(
    say('Create a new secret URL for this relay?'),
    whatHappens(status),
    say('Create New Secret URL'),
  );
  if (!isAgreed) return;
  const replaces = readRelayUrl(status.campaignMonitorUrl, 'campaign-monitor')?.relay ?? '';
  await keeper.changing(async () => {
    await session.client?.request('relay/newSecret', { replaces });
    await session.refresh();
    void sayDone();
  });
}

function whatHappens({ publicUrl }: Status): string {
  const updates = setting('tunnel.updateVendors') !== 'never';
  return [
    say(
      'The current URLs for Campaign Monitor and Open Connectors will stop working: requests will get an empty 404 response. Deliveries that are already arriving will still be received.',
    ),
    updates
      ? publicUrl === null
        ? say('Webhooks and instances set up in VS Code can be updated when a public URL is open.')
        : say('Webhooks and instances set up in VS Code will be updated automatically.')
      : say(
          'Webhooks and instances won’t be updated because the setting {0} turns updates off.',
          `${prefix}.tunnel.updateVendors`,
        ),
    say('You need to update everything set up elsewhere: webhooks, instances, and programs that use the current URLs.'),
  ].join('\n\n');
}

async function sayDone(): Promise<void> {
  await offer('Information', say('New secret URL created. The old one no longer works.'), {
    [say('Copy for Campaign Monitor')]: byCommand('copyUrl', 'campaignMonitor'),
    [say('Copy for Open Connectors')]: byCommand('copyUrl', 'openConnectors'),
  });
}
