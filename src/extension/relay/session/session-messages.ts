/** What is said to the user about this window's relay, each with a way on. */
import * as vscode from 'vscode';
import { commandId } from '../../commands.ts';
import { withNext } from '../../ui/error-words.ts';
import { inMessage, unlinked } from '../../ui/printable.ts';
import type { SettingProblem } from './settings.ts';

/** The relay was ended by another window or on the command line. */
export async function sayStoppedElsewhere(): Promise<void> {
  const start = vscode.l10n.t('Start Relay');
  const choice = await vscode.window.showInformationMessage(
    vscode.l10n.t('The relay was stopped by another window or on the command line.'),
    start,
  );
  if (choice === start) await vscode.commands.executeCommand(commandId('start'));
}

/** The relay ended by itself. @param message says so */
export async function sayEnded(message: string): Promise<void> {
  const start = vscode.l10n.t('Start Relay');
  await choosing(vscode.window.showErrorMessage(message, start, showLog()), { [start]: 'start' });
}

/** The running relay is of another version: it can be renewed. @param message says so */
export async function offerRestart(message: string): Promise<void> {
  const restart = vscode.l10n.t('Restart Relay');
  const choice = await vscode.window.showInformationMessage(message, restart);
  if (choice === restart) await vscode.commands.executeCommand(commandId('restart'));
}

/** The relay that runs cannot be used by this window. */
export async function sayNotAttached(error: Error): Promise<void> {
  const again = vscode.l10n.t('Try Again');
  const said = unlinked(withNext(error, vscode.l10n));
  await choosing(
    vscode.window.showErrorMessage(vscode.l10n.t('The running relay cannot be used: {0}', said), again, showLog()),
    { [again]: 'start' },
  );
}

/** A setting cannot be used, so that nothing was changed. */
export async function sayUnusable(problem: SettingProblem): Promise<void> {
  const open = vscode.l10n.t('Open Setting');
  const choice = await vscode.window.showErrorMessage(
    vscode.l10n.t(
      'The setting {0} cannot be used: {1}. The relay goes on with what it had.',
      problem.setting,
      unlinked(problem.message),
    ),
    open,
  );
  if (choice === open) await vscode.commands.executeCommand('workbench.action.openSettings', problem.setting);
}

/**
 * The relay, or what it needs, did not take the settings.
 * @param again applies them once more
 */
export async function sayNotApplied(error: Error, again: () => void): Promise<void> {
  const retry = vscode.l10n.t('Try Again');
  const proxy = vscode.l10n.t('Open Setting');
  const isProxy = (error as { advice?: unknown }).advice === 'check-proxy';
  const message = vscode.l10n.t(
    'The relay did not take the changed settings and goes on with what it had: {0}',
    unlinked(withNext(error, vscode.l10n)),
  );
  const buttons = isProxy ? [proxy, retry, showLog()] : [retry, showLog()];
  const choice = await choosing(vscode.window.showErrorMessage(message, ...buttons), {});
  if (choice === retry) again();
  if (choice === proxy) await vscode.commands.executeCommand('workbench.action.openSettings', 'http.proxy');
}

/** The user did not allow what is stored to go somewhere: what goes there is held, and that can still be allowed. */
export async function sayHeld(origin: string): Promise<void> {
  const choose = vscode.l10n.t('Choose…');
  await choosing(
    vscode.window.showInformationMessage(
      vscode.l10n.t(
        'What goes to {0} is held until you allow the keys and credentials that it uses.',
        inMessage(origin),
      ),
      choose,
    ),
    { [choose]: 'manageSecrets' },
    'consents',
  );
}

function showLog(): string {
  return vscode.l10n.t('Show Log');
}

/** Runs the command of what is chosen, and shows the log where that is. */
async function choosing(
  message: Thenable<string | undefined>,
  commands: Readonly<Record<string, 'start' | 'manageSecrets'>>,
  ...args: readonly string[]
): Promise<string | undefined> {
  const choice = await message;
  const command = commands[choice ?? ''];
  if (choice === showLog()) await vscode.commands.executeCommand(commandId('showLog'));
  else if (command !== undefined) await vscode.commands.executeCommand(commandId(command), ...args);
  return choice;
}
