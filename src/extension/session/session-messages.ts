/**
 * Messages about this window's relay, each with a next action. None is an error message, which VS Code would show until
 * it is dismissed: the state may change, and the status bar shows it.
 */
import * as vscode from 'vscode';
import { withNext } from '../ui/error-words.ts';
import { byCommand, offer } from '../ui/offer.ts';
import type { MessageActions } from '../ui/offer.ts';
import { inMessage } from '../ui/printable.ts';
import type { SettingProblem } from './settings.ts';

export function sayStoppedElsewhere(): Promise<void> {
  const { l10n } = vscode;
  return offer('Information', l10n.t('Another window or a terminal stopped the relay.'), {
    [l10n.t('Start Relay')]: byCommand('start'),
  });
}

export function sayEnded(message: string): Promise<void> {
  return offer('Warning', message, { [vscode.l10n.t('Start Relay')]: byCommand('start'), ...showLog() });
}

export function offerRestart(message: string): Promise<void> {
  return offer('Information', message, { [vscode.l10n.t('Restart Relay')]: byCommand('restart') });
}

export function sayNotAttached(error: Error): Promise<void> {
  const { l10n } = vscode;
  const said = withNext(error, l10n);
  return offer('Warning', l10n.t('Can’t use the running relay: {0}', said), {
    [l10n.t('Try Again')]: byCommand('start'),
    ...showLog(),
  });
}

/** Nothing was changed. */
export function sayUnusable({ setting, message }: SettingProblem): Promise<void> {
  const { l10n } = vscode;
  const text = l10n.t('The setting {0} can’t be used: {1}. The relay keeps its previous value.', setting, message);
  return offer('Warning', text, { [l10n.t('Open Setting')]: () => openSettings(setting) });
}

/** @param again applies them once more */
export function sayNotApplied(error: Error, again: () => void): Promise<void> {
  const { l10n } = vscode;
  const isProxy = (error as { advice?: unknown }).advice === 'check-proxy';
  const text = l10n.t(
    'The relay kept the previous settings because it couldn’t apply the changed ones: {0}',
    withNext(error, l10n),
  );
  return offer('Warning', text, {
    ...(isProxy && { [l10n.t('Open Setting')]: () => openSettings('http.proxy') }),
    [l10n.t('Try Again')]: again,
    ...showLog(),
  });
}

/** The user didn't allow a secret to be sent somewhere: events for it are held, and it can still be allowed. */
export function sayHeld(origin: string): Promise<void> {
  const { l10n } = vscode;
  const text = l10n.t(
    'Events for {0} are held until you allow the destination’s keys and credentials.',
    inMessage(origin),
  );
  return offer('Information', text, { [l10n.t('Allow…')]: byCommand('manageSecrets', 'consents') });
}

/** @param query for VS Code's settings editor */
export function openSettings(query: string): Thenable<unknown> {
  return vscode.commands.executeCommand('workbench.action.openSettings', query);
}

function showLog(): MessageActions {
  return { [vscode.l10n.t('Show Log')]: byCommand('showLog') };
}
