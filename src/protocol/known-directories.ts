/**
 * Which data directories this user's relays created. Each has an ID, and the user's state folder has a record with that
 * name and the directory's path: one from elsewhere, such as a cloned repository, has no such record.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { z } from 'zod';
import { parseJson } from '../common/parse-json.ts';
import { stageFile } from '../common/staged-file.ts';

/** In the data directory. */
export const idFile = 'directory-id';

/** Beside the default data directory, in the user's state folder. */
const recordsFolder = 'cm-relay-directories';

/** Maximum number of records, for existing and missing directories. */
const mostRecords = 1000;

/** Where a directory is; `node` recognizes it after a move, and distinguishes it from a copy. */
const recordSchema = z.object({ path: z.string(), node: z.string() });

/**
 * Where a user's programs keep their state.
 * @param platform as in process.platform
 * @param environment as in process.env
 */
export function stateFolder(platform: NodeJS.Platform, environment: NodeJS.ProcessEnv): string {
  if (platform === 'darwin') return join(home(), 'Library', 'Application Support');
  if (platform === 'win32') {
    const local = environment['LOCALAPPDATA'] ?? '';
    return isAbsolute(local) ? local : join(home(), 'AppData', 'Local');
  }
  const state = environment['XDG_STATE_HOME'];
  // The XDG specification says to ignore a relative path.
  return state?.startsWith('/') === true ? state : join(home(), '.local', 'state');
}

/**
 * The user's home. With an empty or relative HOME it would be the program's working directory, such as a cloned
 * repository.
 */
function home(): string {
  const named = homedir();
  return isAbsolute(named) ? named : userInfo().homedir;
}

/** The default data directory. Parameters as of {@link stateFolder}. */
export function defaultDataDir(platform: NodeJS.Platform, environment: NodeJS.ProcessEnv): string {
  return join(stateFolder(platform, environment), 'cm-relay');
}

/** Those that this process was told to use, but that couldn't be recorded. */
const taken = new Set<string>();

/**
 * Whether this user's relays created a directory. The default one counts: it is where the records are.
 * @param path its real path
 */
export function isKnownDirectory(path: string): boolean {
  return taken.has(path) || isDefault(path) || isRecorded(path);
}

/**
 * Records a directory as created by this user's relays.
 * @param path its real path
 * @throws the system's error if that can't be saved; this process still uses it
 */
export function makeKnown(path: string): void {
  taken.add(path);
  const id = randomBytes(16).toString('hex');
  const folder = join(stateFolder(process.platform, process.env), recordsFolder);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  forgetGone(folder);
  // The record first: another process that finds the ID must find its record.
  stageFile(
    join(folder, id),
    JSON.stringify({ path, node: nodeOf(path) } satisfies z.infer<typeof recordSchema>),
  ).put();
  stageFile(join(path, idFile), `${id}\n`).put();
  // From now on the record identifies it, not the path, which another directory could have.
  taken.delete(path);
}

/** If there are many records, such as for directories of tests, removes those of missing directories. */
function forgetGone(folder: string): void {
  const names = readdirSync(folder);
  if (names.length < mostRecords) return;
  for (const name of names) {
    const record = readRecord(join(folder, name));
    if (record !== null && !existsSync(record.path)) rmSync(join(folder, name), { force: true });
  }
}

function isDefault(path: string): boolean {
  try {
    return realpathSync(defaultDataDir(process.platform, process.env)) === path;
  } catch {
    return false;
  }
}

function isRecorded(path: string): boolean {
  try {
    const file = join(path, idFile);
    const { size } = lstatSync(file);
    const [id] = size > 64 ? [] : (/^[0-9a-f]{32}(?=\n?$)/.exec(readFileSync(file, 'utf8')) ?? []);
    if (id === undefined) return false;
    return folders().some((folder) => {
      const record = readRecord(join(folder, recordsFolder, id));
      // The ID may have been shared with the directory: a copy is at another path, in another folder.
      return record !== null && (record.path === path || record.node === nodeOf(path));
    });
  } catch {
    return false;
  }
}

/** Programs of one user may differ in XDG_STATE_HOME, such as VS Code and its terminal. */
function folders(): readonly string[] {
  const without = { ...process.env, XDG_STATE_HOME: '' };
  return [process.env, without].flatMap((environment) => {
    try {
      return stateFolder(process.platform, environment);
    } catch {
      // A user unknown to the system, without HOME, has one only if XDG_STATE_HOME names it.
      return [];
    }
  });
}

function readRecord(file: string): z.infer<typeof recordSchema> | null {
  try {
    return recordSchema.safeParse(parseJson(readFileSync(file, 'utf8'))).data ?? null;
  } catch {
    return null;
  }
}

/** Identifies an existing folder, wherever it is moved on its disk. */
function nodeOf(path: string): string {
  const { dev, ino } = lstatSync(path, { bigint: true });
  return `${dev}:${ino}`;
}
