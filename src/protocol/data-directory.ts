/**
 * Which folder may be a relay's data directory: one of the user's own that nobody else can write to or put another in
 * the place of, and that is empty or was made by a relay of this user's (known-directories.ts). The relay judges it before it writes there, and its clients and
 * readers before they believe what is there. Windows has neither users nor modes of this kind: there only what a folder
 * holds is judged, and access is left to the access list that the folder inherits.
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

/** The folder cannot be a data directory, or what is in it cannot be believed. Nothing in it was changed. */
export class DataDirectoryError extends Error {
  override readonly name = 'DataDirectoryError';
  readonly advice: RelayAdvice;
  readonly next: string;
  /**
   * @param path the folder
   * @param why what comes after its name in a sentence
   * @param next where it is to say more than the advice does
   */
  constructor(path: string, why: string, advice: RelayAdvice, next: string = relayAdvice[advice], cause?: unknown) {
    super(`the data directory ${path} ${why}`, { cause });
    this.advice = advice;
    this.next = next;
  }
}

/** Where a path leads, every folder and link on the way judged. */
interface Way {
  /** The real path of its end, there or not. */
  readonly path: string;
  readonly exists: boolean;
}

/** A folder that is there, and what is in it. */
interface Found {
  readonly path: string;
  readonly stat: Stats;
  /** What a relay keeps there, and what it left of what went wrong. */
  readonly files: readonly { readonly name: string; readonly stat: Stats }[];
  /** Whether there is something of somebody else's. */
  readonly shared: boolean;
}

const posix = process.platform !== 'win32';

/** Every file that a relay makes in its data directory. */
const relayFile =
  /^(?:(?:relay|search|lock)\.sqlite(?:-wal|-shm|-journal)?|relay\.sqlite\.(?:suspect|checked|damaged-[\dTZ-]+(?:-wal|-shm)?)|relay\.json(?:\.damaged|\.\d+)?|relay\.log(?:\.1)?|(?:channel|open-creations|counted-deliveries|set-callbacks|asked)\.json(?:\.\d+)?|directory-id(?:\.\d+)?|token)$/;

/** What a folder has before a relay has been there, or while one is being made. */
const isId = (name: string): boolean => name.startsWith(idFile);

/** Those by which a folder is a relay's whatever else is there: the others' names may be anybody's. */
const marks = ['relay.sqlite', 'lock.sqlite'];

/** What systems put into empty folders, and people into this one: the file of `--config`, what a repository asks for. */
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
 * Judges a data directory that is to be read, or whose relay is to be asked, and changes nothing.
 * @param named the folder, by whatever path
 * @returns its real path, by which no other folder can be reached than the one that was judged
 * @throws DataDirectoryError where it, or what is in it, cannot be believed, or no relay of this user's made it
 *   ({@link isUntrusted}); one that does not exist can
 */
export function checkDataDirectory(named: string): string {
  const { path, exists } = follow(named);
  if (exists) admit(look(path));
  return path;
}

/**
 * Judges a data directory that a relay is to write to, makes it where it is missing, its owner's alone, and closes it
 * to others where it is a relay's alone.
 * @param named the folder, by whatever path
 * @returns its real path, and what the user should know where its permissions were changed
 * @throws DataDirectoryError
 */
export function prepareDataDirectory(named: string): { readonly path: string; readonly notice: string | null } {
  const judged = follow(named);
  if (!judged.exists) make(judged.path);
  // Again where it was made: somebody else may have been quicker.
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

/** Whether a folder was refused only since no relay of this user's made it: whoever is sure of it may have it used. */
export function isUntrusted(error: unknown): error is DataDirectoryError {
  return error instanceof DataDirectoryError && error.advice === 'trust-data-directory';
}

/**
 * Takes a data directory that no relay of this user's has made for the user's own, who has said so.
 * @param named the folder, by whatever path
 * @returns what the user should know where that cannot be kept: then it holds for this process
 * @throws DataDirectoryError where it cannot be used all the same
 */
export function trustDataDirectory(named: string): string | null {
  const { path, exists } = follow(named);
  if (exists) look(path);
  return exists ? remember(path) : null;
}

/** What a data directory would do if it were used, as far as that can be told without using it. */
export interface DirectoryContents {
  /** Where its notifications would go: hosts. */
  readonly hosts: readonly string[];
  /** Whether it has the secret of a webhook URL, which whoever made it knows. */
  readonly hasSecret: boolean;
  /** The size of its history, in bytes. */
  readonly historyBytes: number;
}

/** Of `relay.json`, so much is read to tell what is in it, in bytes. */
const mostRemembered = 1_048_576;

/**
 * Looks into a data directory that nobody has said to be the user's own.
 * @param named the folder, by whatever path
 * @throws DataDirectoryError where it cannot be used all the same, or it cannot be told what it would do
 */
export function describeDirectory(named: string): DirectoryContents {
  const { path, files } = look(follow(named).path);
  const sizeOf = (wanted: string): number => files.find(({ name }) => name === wanted)?.stat.size ?? 0;
  const bytes = sizeOf('relay.json');
  if (bytes > mostRemembered) {
    // What is in it could be told of no more, and would be used.
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

/** @throws DataDirectoryError where a relay was there, and none of this user's: it may have come with a repository */
function admit({ path, files }: Found): void {
  if (files.every(({ name }) => isId(name)) || isKnownDirectory(path)) return;
  throw new DataDirectoryError(path, 'was not created by your relay', 'trust-data-directory');
}

/** @returns what the user should know where it cannot be kept that this is his */
function remember(path: string): string | null {
  try {
    makeKnown(path);
    return null;
  } catch (error) {
    return `Could not record that the data directory ${path} is yours (${(error as Error).message}). Next time, add --trust-data-dir. To avoid this, set XDG_STATE_HOME to a writable folder.`;
  }
}

/** With those above it, one after the other: Node's own `recursive` never ends where the system has no room for any, as in /proc. */
function make(path: string): void {
  const missing: string[] = [];
  for (let at = path; !existsSync(at) && at !== dirname(at); at = dirname(at)) missing.unshift(at);
  try {
    for (const folder of missing) {
      // Whatever the umask; not one that was there by then.
      if (makeOne(folder) && posix && folder === path) chmodSync(path, 0o700);
    }
  } catch (error) {
    throw unusable(path, error);
  }
}

/** @returns whether it was made; somebody else may have been quicker */
function makeOne(folder: string): boolean {
  try {
    mkdirSync(folder, { mode: 0o700 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  }
}

/** The files always, since they are ours; the folder where nothing else is in it, which is said. */
function closeToOthers({ path, stat, files, shared }: Found): string | null {
  const readable = files.some(({ name, stat: file }) => name === 'relay.json' && othersRead(stat, file));
  for (const { name, stat: file } of files) {
    // By its path: nobody else can put another in its place, and to open a database and close it ends its locks.
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
    // An empty folder that may not be entered looks as one that holds nothing.
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
    // Closing a folder that others use, such as /tmp, would break what they do there.
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
      // One of SQLite's may go while this looks.
      const file = lstatSync(join(path, name), { throwIfNoEntry: false });
      return file === undefined ? [] : [{ name, stat: file }];
    });
}

/** What a file is that no relay of this user's has made. */
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
 * Follows a path to its end, and judges every folder and link on the way: whoever may write to one of them could put
 * another folder in the place of what it leads to, now or later.
 * @returns the real path; where the end is missing, the path that it will have
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

/** How others could put something else in the place of what a folder holds; null where they cannot. */
function unsafe(stat: Stats): string | null {
  if (!isTrusted(stat.uid)) return 'belongs to another user';
  return othersWrite(stat) && (stat.mode & sticky) === 0 ? 'is writable by other users' : null;
}

/** In a folder with this bit, such as /tmp, each user can take away his own alone. */
const sticky = 0o1000;

/** Whether other users may write; the user's own first group is taken for his alone, as where the umask is 002. */
function othersWrite(stat: Stats): boolean {
  if ((stat.mode & 0o002) !== 0) return true;
  return (stat.mode & 0o020) !== 0 && stat.gid !== 0 && stat.gid !== process.getgid?.();
}

function othersRead(folder: Stats, file: Stats): boolean {
  const through = (enter: number, read: number): boolean => (folder.mode & enter) !== 0 && (file.mode & read) !== 0;
  return through(0o010, 0o040) || through(0o001, 0o004);
}

/** Whose folders may be on the way: the user's and the system's, which in a user namespace may have no number there. */
function isTrusted(uid: number): boolean {
  return uid === 0 || uid === process.getuid?.() || uid === unmappedUser();
}

/** Who owns what belongs to nobody in this user namespace (user_namespaces(7)); undefined outside of one. */
function unmappedUser(): number | undefined {
  try {
    const whole = /^\s*0\s+0\s+4294967295\s*$/.test(readFileSync('/proc/self/uid_map', 'utf8'));
    return whole ? undefined : Number(readFileSync('/proc/sys/kernel/overflowuid', 'utf8'));
  } catch {
    // No Linux.
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
