import { resolve } from 'node:path';
import { defaultDataDir } from '../protocol/known-directories.ts';
import { checkDataDirectory, describeDirectory, isUntrusted, trustDataDirectory } from '../protocol/data-directory.ts';
import { CommandError } from './errors.ts';
import { adviseOn } from './same-directory.ts';
import { note } from './terminal/output.ts';
import { askYesNo, canAsk } from './terminal/prompts.ts';
import { printable } from './terminal/text.ts';
import { commandProcess } from './terminal/command-process.ts';

/** The data directory of a command: the flag, else CM_RELAY_DATA_DIR, else the platform's. */
export function dataDirOf(options: { dataDir?: string }): string {
  const environment = commandProcess().env['CM_RELAY_DATA_DIR'];
  const named = options.dataDir ?? (environment === '' ? undefined : environment);
  return resolve(named ?? defaultDataDir(process.platform, commandProcess().env));
}

/**
 * What every command does first: what it advises is about the data directory that it was given. Asks whether a data directory that no relay of this user's has made may be used, before anything does. What else may
 * be wrong with it is said by what uses it.
 * @throws DataDirectoryError where nobody can be asked; CommandError where the user does not want it
 */
export async function admitDataDirectory(options: { dataDir?: string; trustDataDir?: boolean }): Promise<void> {
  adviseOn(options.dataDir);
  const dataDir = dataDirOf(options);
  try {
    checkDataDirectory(dataDir);
  } catch (error) {
    if (!isUntrusted(error)) return;
    if (options.trustDataDir !== true) {
      if (!canAsk()) throw error;
      for (const line of [`${error.message.replace(/^t/, 'T')}.`, ...contentsLines(dataDir)]) note(printable(line));
      if (!(await askYesNo('Use this data directory?'))) throw new CommandError('data directory not used', error.next);
    }
    const notice = trustDataDirectory(dataDir);
    if (notice !== null) note(printable(notice));
  }
}

/** So many hosts are named. */
const mostHosts = 5;

function contentsLines(dataDir: string): readonly string[] {
  const { hosts, hasSecret, historyBytes } = describeDirectory(dataDir);
  const more = hosts.length > mostHosts ? ` and ${hosts.length - mostHosts} more` : '';
  return [
    'It may come from a repository or an archive. It contains:',
    hosts.length === 0 ? '  no destinations' : `  destinations on ${hosts.slice(0, mostHosts).join(', ')}${more}`,
    ...(hasSecret ? ["  a webhook URL secret that the directory's creator knows"] : []),
    `  a history of ${Math.ceil(historyBytes / 1024)} KiB`,
  ];
}
