/**
 * Which data directories this user's relays made. Each holds an id, and the user's state folder a record of that name,
 * with where the directory is: one that came from elsewhere, as with a cloned repository, has no such record.
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

/** So many records are kept of directories, whether these are there or not. */
const mostRecords = 1000;

/** Where a directory is; `node` finds it again where it was moved, and tells it from a copy. */
const recordSchema = z.object({ path: z.string(), node: z.string() });

/**
 * Where the programs of a user keep their state.
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
  // A relative path in it is to be ignored, says the XDG specification.
  return state?.startsWith('/') === true ? state : join(home(), '.local', 'state');
}

/** The user's. An empty or relative HOME would make it whatever folder a program runs in, such as a cloned repository. */
function home(): string {
  const named = homedir();
  return isAbsolute(named) ? named : userInfo().homedir;
}

/** Where the relay keeps its data when nobody says otherwise. Parameters as of {@link stateFolder}. */
export function defaultDataDir(platform: NodeJS.Platform, environment: NodeJS.ProcessEnv): string {
  return join(stateFolder(platform, environment), 'cm-relay');
}

/** Those that this process was told to use, though none of it could be kept. */
const taken = new Set<string>();

/**
 * Whether a directory is one of this user's relays'. The default one is: it lies where the records do.
 * @param path its real path
 */
export function isKnownDirectory(path: string): boolean {
  return taken.has(path) || isDefault(path) || isRecorded(path);
}

/**
 * Remembers a directory as one of this user's relays'.
 * @param path its real path
 * @throws the system's error where that cannot be kept; this process uses it all the same
 */
export function makeKnown(path: string): void {
  taken.add(path);
  const id = randomBytes(16).toString('hex');
  const folder = join(stateFolder(process.platform, process.env), recordsFolder);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  forgetGone(folder);
  // First: whoever finds the id finds its record.
  stageFile(
    join(folder, id),
    JSON.stringify({ path, node: nodeOf(path) } satisfies z.infer<typeof recordSchema>),
  ).put();
  stageFile(join(path, idFile), `${id}\n`).put();
  // From now on it is known by that, and by nothing that another in its place would have.
  taken.delete(path);
}

/** Where there are very many records, as of directories that tests made: those of directories that are not there go. */
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
      // An id may have been given away with the directory: a copy of it is at another place, and another folder.
      return record !== null && (record.path === path || record.node === nodeOf(path));
    });
  } catch {
    return false;
  }
}

/** Programs of one user may differ in XDG_STATE_HOME, such as VS Code and a terminal in it. */
function folders(): readonly string[] {
  const without = { ...process.env, XDG_STATE_HOME: '' };
  return [process.env, without].flatMap((environment) => {
    try {
      return stateFolder(process.platform, environment);
    } catch {
      // A user whom the system does not know, without HOME, has one only where XDG_STATE_HOME names it.
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

/** Names a folder on this machine for as long as it is there, wherever it is moved on its disk. */
function nodeOf(path: string): string {
  const { dev, ino } = lstatSync(path, { bigint: true });
  return `${dev}:${ino}`;
}
