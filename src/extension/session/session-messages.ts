/** No error messages: VS Code shows those until dismissed, but the state may change, and the status bar shows it. */
import * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import { withNext } from '../ui/error-words.ts';
import { byCommand, offer, type MessageActions } from '../ui/offer.ts';
import { inMessage } from '../ui/printable.ts';
import type { SettingProblem } from './settings.ts';

export function sayStoppedElsewhere(): Promise<void> {
  return offer('Information', say('Another window or a terminal stopped the relay.'), {
    [say('Start Relay')]: byCommand('start'),
  });
}

export function sayEnded(message: string): Promise<void> {
  return offer('Warning', message, { [say('Start Relay')]: byCommand('start'), ...showLog() });
}

export function sayNotice(notice: string): Promise<void> {
  return offer('Warning', inMessage(notice, 1000), showLog());
}

export function offerRestart(message: string): Promise<void> {
  return offer('Information', message, { [say('Restart Relay')]: byCommand('restart') });
}

export function sayNotAttached(error: Error): Promise<void> {
  const said = withNext(error);
  return offer('Warning', say('Can’t use the running relay: {0}', said), {
    [say('Try Again')]: byCommand('start'),
    ...showLog(),
  });
}

export function sayUnusable({ setting, message }: SettingProblem): Promise<void> {
  const text = say('The setting {0} can’t be used: {1}. The relay keeps its previous value.', setting, message);
  return offer('Warning', text, { [say('Open Setting')]: () => openSettings(setting) });
}

export function sayNotApplied(error: Error, again: () => void): Promise<void> {
  const isProxy = (error as { advice?: unknown }).advice === 'check-proxy';
  const text = say(
    'The relay kept the previous settings because it couldn’t apply the changed ones: {0}',
    withNext(error),
  );
  return offer('Warning', text, {
    ...(isProxy && { [say('Open Setting')]: () => openSettings('http.proxy') }),
    [say('Try Again')]: again,
    ...showLog(),
  });
}

export function sayHeld(origin: string): Promise<void> {
  const text = say(
    'Events for {0} are held until you allow the destination’s keys and credentials.',
    inMessage(origin),
  );
  return offer('Information', text, { [say('Allow…')]: byCommand('manageSecrets', 'consents') });
}

export function openSettings(query: string): Thenable<unknown> {
  return vscode.commands.executeCommand('workbench.action.openSettings', query);
}

function showLog(): MessageActions {
  return { [say('Show Log')]: byCommand('showLog') };
}
