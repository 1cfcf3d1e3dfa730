import { say } from '../../common/say.ts';
import { webhookEventTypes } from '../../campaign-monitor/event-types.ts';
import { byCommand, focusView, offer, type MessageActions } from '../ui/offer.ts';
import { working } from '../ui/progress.ts';
import { inMessage } from '../ui/printable.ts';
import { maskUrl } from '../public-url/url-place.ts';
import { registerOn, type WebhookCommandParts } from './register-webhooks.ts';
import { testWords, type TestStep } from './test-words.ts';
import type { WebhookNode } from './webhook-source.ts';

export async function testWebhook(parts: WebhookCommandParts, node: WebhookNode): Promise<void> {
  const { accounts, log, view } = parts;
  const { list, hook } = node;
  const api = await accounts.api(list.account);
  try {
    await working(say('Testing webhook'), (signal) => api.testWebhook(list.listId, hook.webhookId, signal));
  } catch (error) {
    const { kind, resultData, message } = error as Error & { kind?: string; resultData?: unknown };
    if (kind !== 'webhook-test-failed') throw error;
    const { explainTestFailure, testFailureText } = await import('../deferred.ts');
    const failure = explainTestFailure(resultData);
    const why = inMessage(testFailureText(failure));
    const { next, step } = testWords(failure, view.placeOf(node));
    log.warn(`the test of webhook ${hook.webhookId} failed: ${why} (${message})`);
    await sayTestFailed(parts, node, why, next, step);
    return;
  }
  log.info(`the test of webhook ${hook.webhookId} reached ${maskUrl(hook.url)}`);
  void sayReached(parts, node);
}

function sayReached(parts: WebhookCommandParts, node: WebhookNode): Promise<void> {
  return offer(
    'Information',
    say('Campaign Monitor reached {0}.', inMessage(maskUrl(node.hook.url))),
    parts.view.placeOf(node) === 'current'
      ? { [say('Show Events')]: () => focusView('events') }
      : { [say('Test Again')]: byCommand('testWebhook', node) },
  );
}

function sayTestFailed(
  parts: WebhookCommandParts,
  node: WebhookNode,
  why: string,
  next: string,
  step: TestStep,
): Promise<void> {
  const { hook, list } = node;
  const steps: Readonly<Record<TestStep, MessageActions>> = {
    move: {
      [say('Register This Relay')]: () => {
        const events = webhookEventTypes.filter((type) => hook.events.includes(type));
        return registerOn(parts, [list], events, hook.format ?? 'json');
      },
    },
    'open-public-url': { [say('Open Public URL')]: byCommand('openTunnel') },
    start: { [say('Start Relay')]: byCommand('start') },
    none: {},
  };
  return offer('Error', say('The webhook test failed: {0}. {1}', why, next), {
    ...steps[step],
    [say('Test Again')]: () => testWebhook(parts, node),
  });
}
