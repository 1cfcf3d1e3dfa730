import { isConfirmed } from '../confirm.ts';
import { say } from '../../common/say.ts';
import type { Fetched } from '../../open-connectors/fetch-queued.ts';
import type { FailurePolicy } from '../../open-connectors/delivery-queue.ts';
import { positionOf } from '../public-url/url-question.ts';
import { atThisWindow } from '../ui/attention.ts';
import { byCommand, offer } from '../ui/offer.ts';
import { inMessage, printable } from '../ui/printable.ts';
import { working } from '../ui/progress.ts';
import { alone, askChoice, only } from '../ui/questions.ts';
import { showStatusMessage } from '../ui/status-message.ts';
import { thenRefresh } from './change-instance.ts';
import { platformOf, type InstanceCommandParts } from './choose-instance.ts';
import { queueWords } from './instance-facts.ts';
import type { InstanceNode } from './instance-node.ts';
import { QueueOffer, type QueueOfferParts } from './queue-offer.ts';
import { shownUrl } from './instance-words.ts';

export type QueueAction = 'deliver' | 'fetch';

export async function queuedNotifications(
  parts: InstanceCommandParts,
  node: InstanceNode,
  action?: QueueAction,
): Promise<void> {
  if (action === 'deliver') return deliverQueued(parts, node);
  if (action === 'fetch') return fetchQueuedInto(parts, node);
  const name = printable(node.facts.name);
  if (node.facts.callbackUrl === '') {
    showStatusMessage(say('{0} has no callback URL, so Open Connectors queues nothing for it.', name));
    return;
  }
  await platformOf(parts, node);
  const queues = await parts.view.queues();
  const facts = await working(say('Reading the queue of {0}', name), (signal) => queues.read(node, signal));
  if (facts === undefined) return;
  const policy: FailurePolicy = facts.policy === 'queue' ? 'retry' : 'queue';
  const choice = await only(
    askChoice(alone(say('Queued Notifications of {0}', name)), {
      placeholder: queueWords({ kind: 'read', ...facts }, Date.now()),
      items: [
        {
          label: say('Deliver Queued'),
          detail: say('Open Connectors posts to {0} again', shownUrl(node.facts.callbackUrl)),
          run: () => deliverQueued(parts, node),
        },
        {
          label: say('Fetch Queued'),
          detail: say('Works without a public URL; there is no signature to check'),
          run: () => fetchQueuedInto(parts, node),
        },
        {
          label: say('Change the Failure Policy to “{0}”…', policy),
          detail: say('Holds for the whole account: all its instances and users'),
          run: () => changePolicy(parts, node, policy),
        },
      ],
    }),
  );
  await choice?.run();
}

async function deliverQueued(parts: InstanceCommandParts, node: InstanceNode): Promise<void> {
  const { queue } = await platformOf(parts, node);
  const queues = await parts.view.queues();
  const { callbackUrl } = node.facts;
  const name = printable(node.facts.name);
  await thenRefresh(parts, say('Delivering queued notifications of {0}', name), (signal) =>
    queue.deliver(callbackUrl, queues.listed(callbackUrl), signal),
  );
  showStatusMessage(say('Open Connectors is posting the queued notifications of {0} again.', name));
}

async function fetchQueuedInto(parts: InstanceCommandParts, node: InstanceNode): Promise<void> {
  const { session } = parts;
  if (session.client === undefined) await byCommand('start')();
  const { client } = session;
  if (client === undefined) return;
  const { queue } = await platformOf(parts, node);
  const queues = await parts.view.queues();
  const urls = queues.urlsOf(node);
  const { fetchQueued } = await import('../deferred.ts');
  // If canceled, it keeps what was fetched.
  const fetched = await working(say('Fetching queued notifications of {0}', printable(node.facts.name)), (signal) =>
    fetchQueued(queue, urls, client, { signal, listed: (url) => queues.listed(url) }),
  );
  void parts.view.refresh();
  sayFetched(fetched, node);
}

function sayFetched({ taken, known, rejected, tooLarge, skipped, more }: Fetched, node: InstanceNode): void {
  const said = [
    taken === 1
      ? say('Fetched 1 queued notification of {0}.', inMessage(node.facts.name))
      : say('Fetched {0} queued notifications of {1}.', taken, inMessage(node.facts.name)),
  ];
  if (known > 0) said.push(say('Fetched before: {0}.', known));
  if (rejected > 0) said.push(say('Not readable, and not forwarded: {0}.', rejected));
  if (tooLarge + skipped > 0) said.push(say('Left in the queue: {0}.', tooLarge + skipped));
  if (more) said.push(say('There are more: use Deliver Queued.'));
  if (rejected + tooLarge + skipped === 0 && !more) showStatusMessage(said.join(' '));
  else void offer('Warning', said.join(' '), {});
}

async function changePolicy(parts: InstanceCommandParts, node: InstanceNode, policy: FailurePolicy): Promise<void> {
  const detail =
    policy === 'queue'
      ? say(
          'Open Connectors then queues a notification as soon as posting fails, and doesn’t retry. This holds for all instances of all connectors and users of the account at {0}.',
          node.host,
        )
      : say(
          'Open Connectors then retries a failed notification several times before it stops posting and queues. This holds for all instances of all connectors and users of the account at {0}.',
          node.host,
        );
  const isAgreed = await isConfirmed(
    say('Change the failure policy of the whole account to “{0}”?', policy),
    detail,
    say('Change for the Whole Account'),
  );
  if (!isAgreed) return;
  const { queue } = await platformOf(parts, node);
  await thenRefresh(parts, say('Changing the failure policy'), (signal) => queue.setPolicy(policy, signal));
  showStatusMessage(say('The account’s failure policy is now “{0}”.', policy));
}

export function createQueueOffer(parts: InstanceCommandParts & Pick<QueueOfferParts, 'log' | 'memory'>): QueueOffer {
  const { platform, store, view, session, log, memory } = parts;
  return new QueueOffer({
    platform,
    store,
    log,
    memory,
    queues: () => view.queues(),
    node: (instance, host) => view.node(instance, host),
    relay: () => {
      const { pid, publicUrl = null, settled = false } = positionOf(session) ?? {};
      // Nothing could be delivered yet: this is called again when the URL is open.
      return publicUrl !== null || settled ? pid : undefined;
    },
    attention: atThisWindow,
    offer: (node, queued) => {
      const name = inMessage(node.facts.name);
      const text =
        queued === 1
          ? say('Open Connectors couldn’t deliver 1 notification of {0}, and has queued it.', name)
          : say('Open Connectors couldn’t deliver {0} notifications of {1}, and has queued them.', queued, name);
      const deliver = { [say('Deliver Queued')]: byCommand('queuedNotifications', node, [node], 'deliver') };
      const fetch = { [say('Fetch Queued')]: byCommand('queuedNotifications', node, [node], 'fetch') };
      // The action that works comes first.
      const reached = node.facts.place === 'current';
      void offer('Information', text, reached ? { ...deliver, ...fetch } : { ...fetch, ...deliver });
    },
  });
}
