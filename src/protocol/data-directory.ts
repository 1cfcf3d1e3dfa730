/**
 * A data directory is a folder of the user's own that no other user can write to, and that is empty or trusted
 * (known-directories.ts). Relay and clients check it before they use it. On Windows only the content is checked; access
 * is left to the inherited access list.
 */
import { accessSync, chmodSync, constants, lstatSync, readdirSync, realpathSync } from 'node:fs';
import type { Dirent, Stats } from 'node:fs';
import { resolve } from 'node:path';
import { adviceInTerminal, type RelayAdvice } from './advice.ts';
import { idFile, isKnownDirectory, makeFolders, makeKnown } from './known-directories.ts';

/** Nothing in the folder was changed. */
export class DataDirectoryError extends Error {
  override readonly name = 'DataDirectoryError';
  readonly advice: RelayAdvice;
  readonly next: string;
  /** @param why follows its name in a sentence @param next if it says more than the advice */
  constructor(path: string, why: string, advice: RelayAdvice, next = adviceInTerminal(advice), cause?: unknown) {
    super(`the data directory ${path} ${why}`, { cause });
    this.advice = advice;
    this.next = next;
  }
}

const posix = process.platform !== 'win32';

const relayFile =
  /^(?:(?:relay|search|lock)\.sqlite(?:-wal|-shm|-journal)?|relay\.sqlite\.(?:suspect|checked)|(?:relay|search)\.sqlite\.(?:damaged|earlier)-[\dTZ-]+(?:-wal|-shm)?|relay\.json(?:\.damaged|\.\d+)?|relay\.log(?:\.1)?|(?:channel|set-callbacks|asked)\.json(?:\.\d+)?|directory-id(?:\.\d+)?|token)$/;

/** Files that make a folder a relay's, whatever else is there: the other names aren't specific. */
const marks = ['relay.sqlite', 'lock.sqlite'];

/** What systems put into empty folders, and users into this one. */
const harmless = new Set([
  '.DS_Store',
  '.localized',
  'desktop.ini',
  'Thumbs.db',
  'lost+found',
  '.gitignore',
  '.gitkeep',
  'cm-relay.config.json',
]);

/**
 * Changes nothing.
 * @returns the real path, if it exists
 * @throws DataDirectoryError if it can't be used or isn't trusted ({@link isUntrusted}); not if it doesn't exist
 */
export function checkDataDirectory(named: string): string {
  const path = findFolder(named);
  if (path === null) return resolve(named);
  requireTrusted(path, inspect(path).files);
  return path;
}

/**
 * Creates the directory if it is missing, and closes it to others.
 * @returns its real path, and a notice if its permissions were changed
 * @throws DataDirectoryError
 */
export function prepareDataDirectory(named: string): { readonly path: string; readonly notice: string | null } {
  const path = findFolder(named) ?? make(named);
  const { stat, files } = inspect(path);
  requireAccess(path, constants.W_OK);
  requireTrusted(path, files);
  const notice = posix ? closeToOthers(path, stat) : null;
  if (!isKnownDirectory(path)) makeKnown(path);
  return { path, notice };
}

/** Refused only because no relay of this user created it: the user may allow it. */
export function isUntrusted(error: unknown): error is DataDirectoryError {
  return error instanceof DataDirectoryError && error.advice === 'trust-data-directory';
}

export function trustDataDirectory(named: string): void {
  const path = findFolder(named);
  if (path === null) return;
  inspect(path);
  if (!isKnownDirectory(path)) makeKnown(path);
}

function findFolder(named: string): string | null {
  try {
    return realpathSync(named);
  } catch (error) {
    const path = resolve(named);
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return null;
    if (code !== 'ENOTDIR') throw unusable(path, error);
    throw new DataDirectoryError(path, 'cannot be used: part of its path is not a folder', 'choose-data-directory');
  }
}

function make(named: string): string {
  const path = resolve(named);
  try {
    makeFolders(path);
    return realpathSync(path);
  } catch (error) {
    throw unusable(path, error);
  }
}

/** @throws DataDirectoryError if the folder has another owner, others can write to it, or a relay's file isn't one */
function inspect(path: string): { readonly stat: Stats; readonly files: readonly Dirent[] } {
  const stat = lstatSync(path);
  if (!stat.isDirectory()) throw new DataDirectoryError(path, 'is not a folder', 'choose-data-directory');
  if (posix && stat.uid !== process.getuid?.()) {
    throw new DataDirectoryError(path, 'belongs to another user', 'choose-data-directory');
  }
  if (posix && canOthersWrite(stat)) {
    const why = `is writable by other users (mode ${formatMode(stat)})`;
    throw new DataDirectoryError(path, why, 'close-data-directory');
  }
  // A folder that can't be entered would seem empty.
  requireAccess(path, constants.R_OK | constants.X_OK);
  const entries = readdirSync(path, { withFileTypes: true });
  const foreign = entries.find(({ name }) => !relayFile.test(name) && !harmless.has(name));
  if (foreign !== undefined && !entries.some(({ name }) => marks.includes(name))) {
    const why = `contains other files, such as ${foreign.name}, and no relay data`;
    throw new DataDirectoryError(path, why, 'choose-data-directory');
  }
  const files = entries.filter(({ name }) => relayFile.test(name));
  // A repository or an archive can contain links to the user's own files.
  const special = files.find((file) => !file.isFile());
  if (special !== undefined) {
    const kind = special.isSymbolicLink() ? 'a symbolic link' : 'not a file';
    throw new DataDirectoryError(path, `is not safe: its ${special.name} is ${kind}`, 'look-at-data-directory');
  }
  return { stat, files };
}

function requireAccess(path: string, mode: number): void {
  try {
    accessSync(path, mode);
  } catch (error) {
    throw unusable(path, error);
  }
}

/** @throws DataDirectoryError if the content may have come with a repository */
function requireTrusted(path: string, files: readonly Dirent[]): void {
  // The ID is there before its folder is used.
  if (files.every(({ name }) => name.startsWith(idFile)) || isKnownDirectory(path)) return;
  throw new DataDirectoryError(path, 'was not created by your relay', 'trust-data-directory');
}

/** @returns a notice if the folder was accessible to other users */
function closeToOthers(path: string, stat: Stats): string | null {
  if ((stat.mode & 0o077) === 0) return null;
  chmodSync(path, 0o700);
  if ((lstatSync(path).mode & 0o077) !== 0) {
    const why = 'stays accessible to other users: its file system does not store permissions';
    throw new DataDirectoryError(path, why, 'choose-file-system');
  }
  return `The data directory ${path} was accessible to other users (mode ${formatMode(stat)}). It is now private (700).`;
}

/** The user's own primary group counts as private, as with a umask of 002. */
function canOthersWrite(stat: Stats): boolean {
  if ((stat.mode & 0o002) !== 0) return true;
  return (stat.mode & 0o020) !== 0 && stat.gid !== 0 && stat.gid !== process.getgid?.();
}

function unusable(path: string, error: unknown): DataDirectoryError {
  const { message } = error as Error;
  return new DataDirectoryError(path, `cannot be used: ${message}`, 'check-folder', undefined, error);
}

function formatMode(stat: Stats): string {
  return (stat.mode & 0o1777).toString(8).padStart(3, '0');
}
