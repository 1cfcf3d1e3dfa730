import { resolve } from 'node:path';
import { defaultDataDir } from '../protocol/known-directories.ts';
import { checkDataDirectory, describeDirectory, isUntrusted, trustDataDirectory } from '../protocol/data-directory.ts';
import { CommandError } from './errors.ts';
import { adviseOn } from './same-directory.ts';
import { note } from './terminal/output.ts';
import { askYesNo, canAsk } from './terminal/prompts.ts';
import { printable } from './terminal/text.ts';
import { commandProcess } from './terminal/command-process.ts';

/** The flag, else CM_RELAY_DATA_DIR, else the operating system's default. */
export function dataDirOf(options: { dataDir?: string }): string {
  const environment = commandProcess().env['CM_RELAY_DATA_DIR'];
  const named = options.dataDir ?? (environment === '' ? undefined : environment);
  return resolve(named ?? defaultDataDir(process.platform, commandProcess().env));
}

/**
 * Runs before every command: makes advice name the given data directory, and asks whether to use one that no relay of
 * this user has created. Other problems with it are reported by the code that uses it.
 * @throws DataDirectoryError if the user can't be asked; CommandError if the user refuses
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
