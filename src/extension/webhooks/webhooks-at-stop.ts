import * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import { cancelable } from '../ui/progress.ts';
import { someOf } from '../ui/phrases.ts';
import { setting } from '../configuration.ts';
import type { Registration } from './webhook-journal.ts';
import { sayFailure, type WebhookRegistrar } from './webhook-registrar.ts';

/** Resolves to whether to stop the relay. */
export async function webhooksAtStop(registrar: WebhookRegistrar): Promise<boolean> {
  const active = (await registrar.reachable()).filter(({ state }) =>
    ['active', 'moving', 'deactivating'].includes(state),
  );
  if (active.length === 0) return true;
  let choice: string | undefined = setting('webhooks.onStop');
  if (choice === 'ask') choice = await ask(active);
  switch (choice) {
    case 'leave':
      return true;
    case 'deactivate':
    case 'delete':
      return carryOut(registrar, choice, active);
    default:
      return false;
  }
}

async function ask(active: readonly Registration[]): Promise<'leave' | 'deactivate' | 'delete' | undefined> {
  const leave = say('Leave Active');
  const deactivate = say('Deactivate');
  const remove = say('Delete');
  const choice = await vscode.window.showWarningMessage(
    say('Stop the relay? Campaign Monitor webhooks point to it.'),
    {
      modal: true,
      detail: say(
        'Registered on: {0}. While the relay is stopped, its webhooks fail, and Campaign Monitor deactivates them after about a week. If you deactivate them now, you can reactivate them at the next start.',
        someOf(active.map(({ listName }) => listName)),
      ),
    },
    leave,
    deactivate,
    remove,
  );
  if (choice === leave) return 'leave';
  if (choice === deactivate) return 'deactivate';
  return choice === remove ? 'delete' : undefined;
}

async function carryOut(
  registrar: WebhookRegistrar,
  action: 'deactivate' | 'delete',
  active: readonly Registration[],
): Promise<boolean> {
  for (;;) {
    const { done, failures } = await cancelable(
      action === 'delete' ? say('Deleting webhooks') : say('Deactivating webhooks'),
      (signal) => registrar.carryOut(action, active, signal),
    );
    const [failure] = failures;
    // If the user canceled, the relay keeps running.
    if (failure === undefined) return done.length === active.length;
    const again = say('Try Again');
    const stop = say('Stop Anyway');
    const choice = await vscode.window.showErrorMessage(sayFailure(failure), again, stop);
    if (choice !== again) return choice === stop;
  }
}
