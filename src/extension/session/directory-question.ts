import { renameSync } from 'node:fs';
import * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import { inMessage } from '../ui/printable.ts';
import { GivenUpError } from '../ui/progress.ts';

/**
 * Asks whether to use a directory that none of the user's relays created, or to set it aside.
 * @throws GivenUpError if the user cancels; the system's error if the directory can't be set aside
 */
export async function admitDirectory(dataDir: string, log: Pick<vscode.LogOutputChannel, 'warn'>): Promise<void> {
  const { trustDataDirectory } = await import('../deferred.ts');
  if (!(await isUnknownDirectory(dataDir))) return;
  const facts = [
    say(
      '{0} wasn’t created by one of your relays. It may have come with a repository or an archive.',
      inMessage(dataDir),
    ),
    say(
      'If you use this history, the relay can send events to its destinations, and whoever created it may know the secret in its webhook URL.',
    ),
    say('Start Fresh renames the existing history, keeps it in the same folder, and starts a new one.'),
  ];
  const [use, afresh] = [say('Use History'), say('Start Fresh')];
  const choice = await vscode.window.showWarningMessage(
    say('Use a history that your relays didn’t create?'),
    { modal: true, detail: facts.join('\n') },
    afresh,
    use,
  );
  if (choice === undefined) throw new GivenUpError('data directory not used');
  if (choice === use) {
    trustDataDirectory(dataDir);
    return;
  }
  const aside = `${dataDir}.set-aside-${new Date().toISOString().replace(/[:.]/g, '-')}`;
  renameSync(dataDir, aside);
  log.warn(`the history that no relay of yours has made was set aside as ${aside}`);
}

export async function isUnknownDirectory(dataDir: string): Promise<boolean> {
  const { checkDataDirectory, isUntrusted } = await import('../deferred.ts');
  try {
    checkDataDirectory(dataDir);
    return false;
  } catch (error) {
    return isUntrusted(error);
  }
}
