/** The relay's own receiver, which is the destination while the settings have none. */
import * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import type { Destination, SampleAnswer } from '../../protocol/settings.ts';
import { connected } from '../session/session.ts';
import type { Session } from '../session/session.ts';
import { CommandError } from '../ui/command-error.ts';
import { showStatusMessage } from '../ui/status-message.ts';

/** @throws CommandError if it isn't the destination, and what the relay refuses */
export async function chooseSampleAnswer(session: Pick<Session, 'client'>): Promise<void> {
  const client = connected(session);
  const destinations = async (): Promise<readonly Destination[]> =>
    (await client.request('relay/status', {})).settings.destinations;
  const current = (await destinations()).find(({ sample }) => sample !== undefined);
  if (current === undefined) {
    throw new CommandError(
      say('The sample receiver isn’t in use'),
      say('The sample receiver answers only while you have no destinations.'),
    );
  }
  const answers: (vscode.QuickPickItem & { answer: SampleAnswer })[] = [
    { label: `$(pass) ${say('200: accepts each notification')}`, answer: 'ok' },
    { label: `$(error) ${say('500: fails, so the relay retries')}`, answer: 'error' },
    { label: `$(watch) ${say('Slow: accepts each notification after five seconds')}`, answer: 'slow' },
  ];
  for (const each of answers) if (each.answer === current.sample) each.description = say('now');
  const choice = await vscode.window.showQuickPick(answers, {
    title: say('Sample Receiver’s Answer'),
    placeHolder: say('Used until you add a destination'),
  });
  if (choice === undefined) return;
  const changed = (await destinations()).map((each) =>
    each.sample === undefined ? each : { ...each, sample: choice.answer },
  );
  await client.request('relay/configure', { settings: { destinations: changed } });
  showStatusMessage(say('The sample receiver now answers: {0}', choice.label));
}
