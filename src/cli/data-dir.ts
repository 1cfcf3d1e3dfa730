import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { shellWord } from '../common/shell-quote.ts';

/**
 * Where the relay keeps its data when nobody says otherwise: the platform's per-user state folder.
 * @param platform as in process.platform
 * @param environment as in process.env
 */
export function defaultDataDir(platform: NodeJS.Platform, environment: NodeJS.ProcessEnv): string {
  const home = homedir();
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'cm-relay');
  if (platform === 'win32') return join(environment['LOCALAPPDATA'] ?? join(home, 'AppData', 'Local'), 'cm-relay');
  const state = environment['XDG_STATE_HOME'];
  // A relative path in it is to be ignored, says the XDG specification.
  const absolute = state?.startsWith('/') === true ? state : join(home, '.local', 'state');
  return join(absolute, 'cm-relay');
}

/** The data directory of a command: the flag, else CM_RELAY_DATA_DIR, else the platform's. */
export function dataDirOf(options: { dataDir?: string }): string {
  const environment = process.env['CM_RELAY_DATA_DIR'];
  const named = options.dataDir ?? (environment === '' ? undefined : environment);
  return resolve(named ?? defaultDataDir(process.platform, process.env));
}

/** ` --data-dir …` for a hint, where the reader needs it to reach the same directory. */
export function dataDirHint(options: { dataDir?: string }): string {
  if (options.dataDir === undefined) return '';
  return ` --data-dir ${process.platform === 'win32' ? `"${options.dataDir}"` : shellWord(options.dataDir)}`;
}
