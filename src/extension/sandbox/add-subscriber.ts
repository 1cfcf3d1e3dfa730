import { randomBytes } from 'node:crypto';
import { say } from '../../common/say.ts';
import type { CampaignMonitorList } from '../../campaign-monitor/answers.ts';
import type { CampaignMonitorApi } from '../../campaign-monitor/api.ts';
import { byCommand, focusView, offer } from '../ui/offer.ts';
import { alone, askChoice, askText, only } from '../ui/questions.ts';
import { working } from '../ui/progress.ts';
import { inMessage, printable } from '../ui/printable.ts';
import type { VendorPath, UrlContext } from '../public-url/url-place.ts';
import { addedText, hearingOf, type Hearing } from './added-words.ts';
import type { SandboxProcess } from './sandbox-process.ts';

export interface SubscriberParts {
  readonly sandbox: SandboxProcess;
  readonly urlContext: (path: VendorPath) => UrlContext;
}

export type SubscriberPlace =
  | { readonly kind: 'list'; readonly listId: string; readonly name: string }
  | { readonly kind: 'instance'; readonly facts: { readonly listIds: readonly string[] } };

export async function addSandboxSubscriber(
  { sandbox, urlContext }: SubscriberParts,
  node?: SubscriberPlace,
): Promise<void> {
  const running = await working(say('Starting sandbox'), (signal) => sandbox.start(signal));
  const { CampaignMonitorApi, OpenConnectorsApi, baseUrlOf, documentedListId } = await import('../deferred.ts');
  const api = new CampaignMonitorApi({
    baseUrl: running.campaignMonitorApi,
    credential: { kind: 'api-key', apiKey: running.credentials.campaignMonitor.apiKey },
  });
  const platform = new OpenConnectorsApi({
    baseUrl: baseUrlOf(running.openConnectorsApi),
    ...running.credentials.openConnectors,
  });
  const list =
    node?.kind === 'list'
      ? node
      : await pickList(api, node?.kind === 'instance' ? node.facts.listIds : [documentedListId]);
  if (list === undefined) return;
  const asked = askText(alone(say('Add Subscriber to {0}', printable(list.name))), {
    prompt: say('Email address of a made-up subscriber. No email is sent'),
    value: `ada.${randomBytes(3).toString('hex')}@example.com`,
    check: (text) => (/^[^\s@]+@[^\s@]+$/.test(text) ? undefined : say('Enter an email address')),
  });
  const address = await only(asked);
  if (address === undefined) return;
  const { listId } = list;
  const sources = await working(say('Adding subscriber'), async (signal) => {
    await api.addSubscriber(listId, { address, name: 'Ada' }, signal);
    const [hooks, instances] = await Promise.all([api.webhooks(listId, signal), platform.listInstances({}, signal)]);
    return { listId, hooks, instances };
  });
  void sayAdded(inMessage(address), inMessage(list.name, 60), hearingOf(sources, urlContext));
}

async function pickList(api: CampaignMonitorApi, first: readonly string[]): Promise<CampaignMonitorList | undefined> {
  const items = await working(say('Reading lists'), async (signal) => {
    const clients = await api.clients(signal);
    const lists = await Promise.all(clients.map(({ clientId }) => api.lists(clientId, signal)));
    return clients
      .flatMap((client, index) =>
        (lists[index] ?? []).map((list) => ({
          label: printable(list.name),
          description: printable(client.name),
          list,
        })),
      )
      .sort((a, b) => Number(first.includes(b.list.listId)) - Number(first.includes(a.list.listId)));
  });
  const asked = askChoice(alone(say('Add Subscriber in Sandbox')), {
    placeholder: say('Which list?'),
    items,
    matchOnDescription: true,
  });
  return (await only(asked))?.list;
}

function sayAdded(address: string, list: string, hearing: Hearing): Promise<void> {
  const actions = {
    heard: { [say('Show Events')]: () => focusView('events') },
    stopped: { [say('Start Relay')]: byCommand('start') },
    closed: { [say('Open Public URL')]: byCommand('openTunnel') },
    elsewhere: { [say('Register This Relay')]: byCommand('registerWebhooks') },
    unsent: { [say('Register This Relay')]: byCommand('registerWebhooks') },
  };
  return offer('Information', addedText(address, list, hearing), actions[hearing]);
}
