/** Requests a test of a webhook from Campaign Monitor, and reports the result with the next step. */
import * as vscode from 'vscode';
import { webhookEventTypes } from '../../campaign-monitor/event-types.ts';
import { byCommand, focusView, offer } from '../ui/offer.ts';
import type { MessageActions } from '../ui/offer.ts';
import { working } from '../ui/progress.ts';
import { sayIn } from '../ui/localiser.ts';
import { inMessage } from '../ui/printable.ts';
import { maskUrl } from '../public-url/relay-url.ts';
import { registerOn } from './register-webhooks.ts';
import { testWords } from './test-words.ts';
import type { TestStep } from './test-words.ts';
import type { WebhookCommandParts } from './webhook-command-parts.ts';
import type { WebhookNode } from './webhook-node.ts';

export async function testWebhook(parts: WebhookCommandParts, node: WebhookNode): Promise<void> {
  const { accounts, log, view } = parts;
  const { list, hook } = node;
  const api = await accounts.api(list.account);
  try {
    await working(vscode.l10n.t('Testing webhook'), (signal) => api.testWebhook(list.listId, hook.webhookId, signal));
  } catch (error) {
    const { kind, resultData, message } = error as Error & { kind?: string; resultData?: unknown };
    if (kind !== 'webhook-test-failed') throw error;
    const { explainTestFailure, testFailureText } = await import('../deferred.ts');
    const failure = explainTestFailure(resultData);
    const why = inMessage(testFailureText(failure, sayIn(vscode.l10n)));
    const { next, step } = testWords(failure, view.placeOf(node), vscode.l10n);
    log.warn(`the test of webhook ${hook.webhookId} failed: ${why} (${message})`);
    await sayTestFailed(parts, node, why, next, step);
    return;
  }
  log.info(`the test of webhook ${hook.webhookId} reached ${maskUrl(hook.url)}`);
  void sayReached(parts, node);
}

function sayReached(parts: WebhookCommandParts, node: WebhookNode): Promise<void> {
  const { l10n } = vscode;
  return offer(
    'Information',
    l10n.t('Campaign Monitor reached {0}.', inMessage(maskUrl(node.hook.url))),
    // A test that reached others isn't shown in any view here.
    parts.view.placeOf(node) === 'current'
      ? { [l10n.t('Show Events')]: () => focusView('events') }
      : { [l10n.t('Test Again')]: byCommand('testWebhook', node) },
  );
}

function sayTestFailed(
  parts: WebhookCommandParts,
  node: WebhookNode,
  why: string,
  next: string,
  step: TestStep,
): Promise<void> {
  const { l10n } = vscode;
  const { hook, list } = node;
  const steps: Readonly<Record<TestStep, MessageActions>> = {
    move: {
      [l10n.t('Register This Relay')]: () => {
        const events = webhookEventTypes.filter((type) => hook.events.includes(type));
        return registerOn(parts, [list], events, hook.format ?? 'json');
      },
    },
    'open-public-url': { [l10n.t('Open Public URL')]: byCommand('openTunnel') },
    start: { [l10n.t('Start Relay')]: byCommand('start') },
    none: {},
  };
  return offer('Error', l10n.t('The webhook test failed: {0}. {1}', why, next), {
    ...steps[step],
    [l10n.t('Test Again')]: () => testWebhook(parts, node),
  });
}
