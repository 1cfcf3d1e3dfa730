import { resolve } from 'node:path';
import { defaultDataDir } from '../protocol/known-directories.ts';
import { checkDataDirectory, isUntrusted, trustDataDirectory } from '../protocol/data-directory.ts';
import { adviseOn } from './same-directory.ts';
import { commandProcess } from './terminal/command-process.ts';

export function dataDirOf(options: { dataDir?: string }): string {
  const environment = commandProcess().env['CM_RELAY_DATA_DIR'];
  const named = options.dataDir ?? (environment === '' ? undefined : environment);
  return resolve(named ?? defaultDataDir(process.platform, commandProcess().env));
}

/** Before every command: refuses a data directory that no relay of this user has created, unless the user trusts it. */
export function admitDataDirectory(options: { dataDir?: string; trustDataDir?: boolean }): void {
  adviseOn(options.dataDir);
  const dataDir = dataDirOf(options);
  try {
    checkDataDirectory(dataDir);
  } catch (error) {
    if (!isUntrusted(error)) return;
    if (options.trustDataDir !== true) throw error;
    trustDataDirectory(dataDir);
  }
}
