/** Asks Campaign Monitor to call a webhook, and says what came of it and what helps. */
import * as vscode from 'vscode';
import { working } from '../../ui/progress.ts';
import { commandId } from '../../commands.ts';
import { prefix } from '../../prefix.ts';
import { sayIn } from '../../ui/localiser.ts';
import { inMessage } from '../../ui/printable.ts';
import { maskUrl } from '../../relay/public-url/relay-url.ts';
import { registerOn } from './register-webhooks.ts';
import { testWords } from './test-words.ts';
import type { TestStep } from './test-words.ts';
import type { WebhookCommandParts } from './webhook-command-parts.ts';
import type { WebhookNode } from './webhook-node.ts';

/** Tests one webhook. */
export async function testWebhook(parts: WebhookCommandParts, node: WebhookNode): Promise<void> {
  const { accounts, log, view } = parts;
  const { list, hook } = node;
  const api = await accounts.api(list.account);
  try {
    await working(vscode.l10n.t('Testing the webhook'), (signal) =>
      api.testWebhook(list.listId, hook.webhookId, signal),
    );
  } catch (error) {
    const { kind, resultData, message } = error as Error & { kind?: string; resultData?: unknown };
    if (kind !== 'webhook-test-failed') throw error;
    const { explainTestFailure, testFailureText } = await import('../../deferred.ts');
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

async function sayReached(parts: WebhookCommandParts, node: WebhookNode): Promise<void> {
  const events = vscode.l10n.t('Show Events');
  const again = vscode.l10n.t('Test Again');
  const choice = await vscode.window.showInformationMessage(
    vscode.l10n.t('Campaign Monitor reached {0}.', inMessage(maskUrl(node.hook.url))),
    // What reached somebody else is in no view here.
    parts.view.placeOf(node) === 'current' ? events : again,
  );
  if (choice === events) await vscode.commands.executeCommand(`${prefix}.events.focus`);
  if (choice === again) await vscode.commands.executeCommand(commandId('testWebhook'), node);
}

async function sayTestFailed(
  parts: WebhookCommandParts,
  node: WebhookNode,
  why: string,
  next: string,
  step: TestStep,
): Promise<void> {
  const again = vscode.l10n.t('Test Again');
  const steps: Readonly<Record<TestStep, readonly string[]>> = {
    move: [vscode.l10n.t('Register This Relay')],
    'open-public-url': [vscode.l10n.t('Open Public URL')],
    start: [vscode.l10n.t('Start Relay')],
    none: [],
  };
  const choice = await vscode.window.showErrorMessage(
    vscode.l10n.t('The test of the webhook failed: {0}. {1}', why, next),
    ...steps[step],
    again,
  );
  if (choice === again) await testWebhook(parts, node);
  else if (choice !== undefined && step === 'move') {
    const { hook } = node;
    await registerOn(parts, [node.list], hook.events, hook.format ?? 'json');
  } else if (choice !== undefined)
    await vscode.commands.executeCommand(commandId(step === 'start' ? 'start' : 'openTunnel'));
}
