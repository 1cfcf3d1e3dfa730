/** Deletes an instance, or the stored data of a lost one, after confirmation. */
import * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import { printable } from '../ui/printable.ts';
import { working } from '../ui/progress.ts';
import { platformOf } from './choose-instance.ts';
import type { InstanceCommandParts } from './instance-command-parts.ts';
import type { GoneNode, InstanceNode } from './instance-node.ts';
import { showStatusMessage } from '../ui/status-message.ts';
import { forgetInstance } from './verify-keys.ts';

export async function deleteInstance(parts: InstanceCommandParts, node: InstanceNode): Promise<void> {
  const { view } = parts;
  const { facts, host } = node;
  const name = printable(facts.name);
  const confirm = say('Delete Instance');
  const choice = await vscode.window.showWarningMessage(
    say('Delete the instance {0} ({1})?', name, facts.id),
    {
      modal: true,
      detail: say(
        'Open Connectors will permanently delete the instance. The instance’s token will be refused, and the instance will send no more events. Events that the relay received will stay in the history.',
      ),
    },
    confirm,
  );
  if (choice !== confirm) return;
  // After the question, because the settings may now name another host, where this ID is another instance.
  const api = await platformOf(parts, node);
  try {
    await working(say('Deleting {0}', name), (signal) => api.deleteInstance(facts.id, signal));
    await forgetInstance(parts, host, facts.id);
  } finally {
    void view.refresh();
  }
  showStatusMessage(say('{0} deleted.', name));
}

export async function forgetGone(parts: InstanceCommandParts, { stored }: GoneNode): Promise<void> {
  const { view } = parts;
  const { id, host } = stored;
  const name = printable(stored.name);
  const confirm = say('Forget Instance');
  const choice = await vscode.window.showWarningMessage(
    say('Forget the instance {0} ({1})?', name, id),
    {
      modal: true,
      detail: say(
        'Open Connectors no longer has the instance, or the secrets for {0} can’t access it. The instance’s token and verify key will be removed from VS Code’s secret storage. Open Connectors shows a token only when you create an instance.',
        host,
      ),
    },
    confirm,
  );
  if (choice !== confirm) return;
  await forgetInstance(parts, host, id);
  void view.refresh();
  showStatusMessage(say('{0} forgotten.', name));
}
