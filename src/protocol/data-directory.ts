/**
 * Which folder may be a relay's data directory: one of the user's own that no other user can write to or replace, and
 * that is empty or was created by a relay of this user (known-directories.ts). The relay checks it before it writes
 * there, and clients and readers before they trust its content. Windows has no such users and modes: there only the
 * content is checked, and access is left to the inherited access list.
 */
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
} from 'node:fs';
import type { Stats } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { z } from 'zod';
import { parseJson } from '../common/parse-json.ts';
import { shellWord } from '../common/programs/shell-quote.ts';
import { relayAdvice } from './errors.ts';
import type { RelayAdvice } from './errors.ts';
import { idFile, isKnownDirectory, makeKnown } from './known-directories.ts';

/** The folder can't be a data directory, or its content can't be trusted. Nothing in it was changed. */
export class DataDirectoryError extends Error {
  override readonly name = 'DataDirectoryError';
  readonly advice: RelayAdvice;
  readonly next: string;
  /**
   * @param path the folder
   * @param why follows its name in a sentence
   * @param next if it says more than the advice
   */
  constructor(path: string, why: string, advice: RelayAdvice, next: string = relayAdvice[advice], cause?: unknown) {
    super(`the data directory ${path} ${why}`, { cause });
    this.advice = advice;
    this.next = next;
  }
}

/** Where a path leads, after checking every folder and link in it. */
interface Way {
  /** The real path of its end, which may not exist. */
  readonly path: string;
  readonly exists: boolean;
}

interface Found {
  readonly path: string;
  readonly stat: Stats;
  /** A relay's files, including those kept after failures. */
  readonly files: readonly { readonly name: string; readonly stat: Stats }[];
  /** Whether there is anything that isn't a relay's. */
  readonly shared: boolean;
}

const posix = process.platform !== 'win32';

const relayFile =
  /^(?:(?:relay|search|lock)\.sqlite(?:-wal|-shm|-journal)?|relay\.sqlite\.(?:suspect|checked|damaged-[\dTZ-]+(?:-wal|-shm)?)|relay\.json(?:\.damaged|\.\d+)?|relay\.log(?:\.1)?|(?:channel|set-callbacks|asked)\.json(?:\.\d+)?|directory-id(?:\.\d+)?|token)$/;

/** What a folder contains before a relay has run there, or while one is being created. */
const isId = (name: string): boolean => name.startsWith(idFile);

/** Files that make a folder a relay's, whatever else is there: the other names aren't specific. */
const marks = ['relay.sqlite', 'lock.sqlite'];

/** What systems put into empty folders, and users into this one: the file of `--config`, what a repository needs. */
const alsoFine = new Set([
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
 * Checks a data directory for reading, or for a request to its relay, without changing anything.
 * @param named any path of the folder
 * @returns its real path, which can't lead to another folder
 * @throws DataDirectoryError if it or its content can't be trusted, or no relay of this user created it ({@link
 * isUntrusted}); not if it doesn't exist
 */
export function checkDataDirectory(named: string): string {
  const { path, exists } = follow(named);
  if (exists) admit(look(path));
  return path;
}

/**
 * Checks a data directory that a relay is to write to, creates it for its owner only if it is missing, and closes it to
 * others if it is only a relay's.
 * @param named any path of the folder
 * @returns its real path, and a notice if its permissions were changed
 * @throws DataDirectoryError
 */
export function prepareDataDirectory(named: string): { readonly path: string; readonly notice: string | null } {
  const judged = follow(named);
  if (!judged.exists) make(judged.path);
  // Check again after creating it: another process may have been faster.
  const found = look(judged.exists ? judged.path : follow(named).path);
  try {
    accessSync(found.path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw unusable(found.path, error);
  }
  admit(found);
  const notices = [posix ? closeToOthers(found) : null, isKnownDirectory(found.path) ? null : remember(found.path)];
  return { path: found.path, notice: notices.filter((each) => each !== null).join(' ') || null };
}

/** Whether a folder was refused only because no relay of this user created it: the user may allow it. */
export function isUntrusted(error: unknown): error is DataDirectoryError {
  return error instanceof DataDirectoryError && error.advice === 'trust-data-directory';
}

/**
 * Accepts a data directory that no relay of this user created, because the user says so.
 * @param named any path of the folder
 * @returns a notice if that can't be saved: then it is valid for this process
 * @throws DataDirectoryError if it still can't be used
 */
export function trustDataDirectory(named: string): string | null {
  const { path, exists } = follow(named);
  if (exists) look(path);
  return exists ? remember(path) : null;
}

/** What a data directory would do if it were used, as far as that can be told without using it. */
export interface DirectoryContents {
  /** The hosts that would get its notifications. */
  readonly hosts: readonly string[];
  /** Whether it has the secret of a webhook URL, which its creator knows. */
  readonly hasSecret: boolean;
  readonly historyBytes: number;
}

/** Maximum part of `relay.json` to read, in bytes. */
const mostRemembered = 1_048_576;

/**
 * Looks into a data directory that the user hasn't accepted yet.
 * @param named any path of the folder
 * @throws DataDirectoryError if it can't be used at all, or its effects can't be determined
 */
export function describeDirectory(named: string): DirectoryContents {
  const { path, files } = look(follow(named).path);
  const sizeOf = (wanted: string): number => files.find(({ name }) => name === wanted)?.stat.size ?? 0;
  const bytes = sizeOf('relay.json');
  if (bytes > mostRemembered) {
    // Its content can't be described, but would be used.
    throw new DataDirectoryError(
      path,
      `is not safe: its relay.json is too large to check (${bytes} bytes)`,
      'look-at-data-directory',
      `Find out who created ${join(path, 'relay.json')} and remove it, or choose another data directory.`,
    );
  }
  const text = bytes === 0 ? '' : readFileSync(join(path, 'relay.json'), 'utf8');
  const { secret, destinations } = contentsSchema.safeParse(parseJson(text)).data ?? {};
  const hosts = destinations?.flatMap(({ url }) => (URL.canParse(url) ? [new URL(url).host] : []));
  return {
    hosts: [...new Set(hosts)],
    hasSecret: secret !== undefined,
    historyBytes: sizeOf('relay.sqlite') + sizeOf('relay.sqlite-wal'),
  };
}

const contentsSchema = z.looseObject({
  secret: z.string().optional().catch(undefined),
  destinations: z
    .array(z.looseObject({ url: z.string() }))
    .optional()
    .catch(undefined),
});

/** @throws DataDirectoryError if a relay was there, and none of this user: it may have come with a repository */
function admit({ path, files }: Found): void {
  if (files.every(({ name }) => isId(name)) || isKnownDirectory(path)) return;
  throw new DataDirectoryError(path, 'was not created by your relay', 'trust-data-directory');
}

/** @returns a notice if the ownership can't be saved */
function remember(path: string): string | null {
  try {
    makeKnown(path);
    return null;
  } catch (error) {
    return `Could not record that the data directory ${path} is yours (${(error as Error).message}). Next time, add --trust-data-dir. To avoid this, set XDG_STATE_HOME to a writable folder.`;
  }
}

/** One folder after the other: Node's own `recursive` never ends if the system can't create any, as in /proc. */
function make(path: string): void {
  const missing: string[] = [];
  for (let at = path; !existsSync(at) && at !== dirname(at); at = dirname(at)) missing.unshift(at);
  try {
    for (const folder of missing) {
      // Whatever the umask; not one that already existed.
      if (makeOne(folder) && posix && folder === path) chmodSync(path, 0o700);
    }
  } catch (error) {
    throw unusable(path, error);
  }
}

/** @returns whether it was created; another process may have been faster */
function makeOne(folder: string): boolean {
  try {
    mkdirSync(folder, { mode: 0o700 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  }
}

/** Always closes the files, because they are ours; closes the folder if nothing else is in it, and says so. */
function closeToOthers({ path, stat, files, shared }: Found): string | null {
  const readable = files.some(({ name, stat: file }) => name === 'relay.json' && othersRead(stat, file));
  for (const { name, stat: file } of files) {
    // By its path: no other user can replace it, and opening and closing a database would end its locks.
    if ((file.mode & 0o077) !== 0) chmodSync(join(path, name), 0o600);
  }
  if ((stat.mode & 0o077) === 0 || shared) return null;
  chmodSync(path, 0o700);
  if ((lstatSync(path).mode & 0o077) !== 0) {
    throw new DataDirectoryError(
      path,
      'stays accessible to other users: its file system does not store permissions',
      'choose-file-system',
    );
  }
  const opened = `The data directory ${path} was accessible to other users (mode ${octal(stat)}). It is now private (700).`;
  return readable
    ? `${opened} They could read the webhook URL secret. To replace it, run \`cm-relay url --new\`, and then register the new URLs.`
    : opened;
}

/** The folder and its files as they are. @throws DataDirectoryError */
function look(path: string): Found {
  let stat: Stats;
  let names: readonly string[];
  let files: Found['files'];
  try {
    stat = lstatSync(path);
    if (!stat.isDirectory()) throw new DataDirectoryError(path, 'is not a folder', 'choose-data-directory');
    if (posix && stat.uid !== process.getuid?.()) {
      throw new DataDirectoryError(path, 'belongs to another user', 'choose-data-directory');
    }
    // A folder that can't be entered would seem empty.
    accessSync(path, constants.R_OK | constants.X_OK);
    names = readdirSync(path);
    files = filesIn(path, names);
  } catch (error) {
    throw error instanceof DataDirectoryError ? error : unusable(path, error);
  }
  const others = names.filter((name) => !relayFile.test(name) && !alsoFine.has(name));
  const [example] = others;
  const isElse = example !== undefined && !marks.some((name) => names.includes(name));
  if (posix && othersWrite(stat)) {
    const why = `is writable by other users (mode ${octal(stat)})`;
    // Closing a folder that others use, such as /tmp, would break them.
    throw isElse || (stat.mode & sticky) !== 0
      ? new DataDirectoryError(path, why, 'choose-data-directory')
      : new DataDirectoryError(
          path,
          why,
          'close-data-directory',
          `Make it private with \`chmod 700 ${shellWord(path)}\`, or choose another data directory.`,
        );
  }
  if (isElse) {
    throw new DataDirectoryError(
      path,
      `contains other files, such as ${example}, and no relay data`,
      'choose-data-directory',
    );
  }
  for (const file of files) {
    const why = strange(file.stat);
    if (why === null) continue;
    throw new DataDirectoryError(
      path,
      `is not safe: its ${file.name} ${why}`,
      'look-at-data-directory',
      `Find out who created ${join(path, file.name)} and remove it, or choose another data directory.`,
    );
  }
  return { path, stat, files, shared: example !== undefined };
}

function filesIn(path: string, names: readonly string[]): Found['files'] {
  return names
    .filter((name) => relayFile.test(name))
    .flatMap((name) => {
      // SQLite may remove one of its files in the meantime.
      const file = lstatSync(join(path, name), { throwIfNoEntry: false });
      return file === undefined ? [] : [{ name, stat: file }];
    });
}

/** What is wrong with a file that no relay of this user has created. */
function strange(stat: Stats): string | null {
  if (stat.isSymbolicLink()) return 'is a symbolic link';
  if (!stat.isFile()) return 'is not a file';
  if (!posix) return null;
  if (stat.uid !== process.getuid?.()) return 'belongs to another user';
  if (othersWrite(stat)) return 'is writable by other users';
  // Another name may be anywhere, and what is written here would be written there.
  return stat.nlink > 1 ? 'has another hard link' : null;
}

/** As many links as the systems follow. */
const mostLinks = 40;

/**
 * Follows a path to its end, and checks every folder and link in it: a user who can write to one of them could replace
 * what it leads to.
 * @returns the real path; if the end is missing, its future path
 * @throws DataDirectoryError
 */
function follow(named: string): Way {
  const whole = resolve(named);
  try {
    if (!posix) return existsSync(whole) ? { path: realpathSync(whole), exists: true } : { path: whole, exists: false };
    return followJudging(whole);
  } catch (error) {
    throw error instanceof DataDirectoryError ? error : unusable(whole, error);
  }
}

function followJudging(whole: string): Way {
  const refused = (on: string, why: string): DataDirectoryError =>
    new DataDirectoryError(whole, `cannot be used: ${on}, which is part of its path, ${why}`, 'choose-safe-place');
  const names = whole.split('/');
  let at = '/';
  let links = 0;
  for (let name = names.shift(); name !== undefined; name = names.shift()) {
    if (name === '' || name === '.') continue;
    if (name === '..') {
      at = dirname(at);
      continue;
    }
    const folder = lstatSync(at);
    if (!folder.isDirectory()) {
      throw new DataDirectoryError(whole, `cannot be used: ${at} is not a folder`, 'choose-data-directory');
    }
    const why = unsafe(folder);
    if (why !== null) throw refused(at, why);
    const next = join(at, name);
    const stat = lstatSync(next, { throwIfNoEntry: false });
    if (stat === undefined) return { path: join(next, ...names), exists: false };
    if (!stat.isSymbolicLink()) {
      at = next;
      continue;
    }
    if (!isTrusted(stat.uid)) throw refused(next, 'is a symbolic link owned by another user');
    links += 1;
    if (links > mostLinks) throw refused(next, 'is a circular symbolic link');
    const target = readlinkSync(next);
    if (isAbsolute(target)) at = '/';
    names.unshift(...target.split('/'));
  }
  return { path: at, exists: true };
}

/** How others could replace the content of a folder; null if they can't. */
function unsafe(stat: Stats): string | null {
  if (!isTrusted(stat.uid)) return 'belongs to another user';
  return othersWrite(stat) && (stat.mode & sticky) === 0 ? 'is writable by other users' : null;
}

/** In a folder with this bit, such as /tmp, users can only remove their own files. */
const sticky = 0o1000;

/** Whether other users may write; the user's own primary group counts as private, as with a umask of 002. */
function othersWrite(stat: Stats): boolean {
  if ((stat.mode & 0o002) !== 0) return true;
  return (stat.mode & 0o020) !== 0 && stat.gid !== 0 && stat.gid !== process.getgid?.();
}

function othersRead(folder: Stats, file: Stats): boolean {
  const through = (enter: number, read: number): boolean => (folder.mode & enter) !== 0 && (file.mode & read) !== 0;
  return through(0o010, 0o040) || through(0o001, 0o004);
}

/** The user's and the system's folders, which in a user namespace may have no ID there. */
function isTrusted(uid: number): boolean {
  return uid === 0 || uid === process.getuid?.() || uid === unmappedUser();
}

/** The owner of files without a mapped owner in this user namespace (user_namespaces(7)); undefined outside of one. */
function unmappedUser(): number | undefined {
  try {
    const whole = /^\s*0\s+0\s+4294967295\s*$/.test(readFileSync('/proc/self/uid_map', 'utf8'));
    return whole ? undefined : Number(readFileSync('/proc/sys/kernel/overflowuid', 'utf8'));
  } catch {
    // Not Linux.
    return undefined;
  }
}

function unusable(path: string, error: unknown): DataDirectoryError {
  const { message } = error as Error;
  return new DataDirectoryError(path, `cannot be used: ${message}`, 'check-folder', undefined, error);
}

function octal(stat: Stats): string {
  return (stat.mode & 0o1777).toString(8).padStart(3, '0');
}
