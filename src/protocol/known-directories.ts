/**
 * The user trusts data directories that the user's relays created, or the user accepted. Each has an ID, recorded in
 * the user's state folder: one from a cloned repository has no record.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, readFileSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { z } from 'zod';
import { parseJson } from '../common/parse-json.ts';
import { stageFile } from '../common/staged-file.ts';

export const idFile = 'directory-id';

const recordsFolder = 'cm-relay-directories';

/** `node` recognizes a directory after a move, and distinguishes it from a copy. */
const recordSchema = z.object({ path: z.string(), node: z.string() });

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

/** With an empty or relative HOME, the home would be the working directory, such as a cloned repository. */
function home(): string {
  const named = homedir();
  return isAbsolute(named) ? named : userInfo().homedir;
}

export function defaultDataDir(platform: NodeJS.Platform, environment: NodeJS.ProcessEnv): string {
  return join(stateFolder(platform, environment), 'cm-relay');
}

/** Those without a record because the state folder can't be written: this process uses them. */
const unrecorded = new Set<string>();

/** The default one counts: it is where the records are. @param path its real path */
export function isKnownDirectory(path: string): boolean {
  // Programs of one user may differ in XDG_STATE_HOME, such as VS Code and its terminal.
  const environments = [process.env, { ...process.env, XDG_STATE_HOME: '' }];
  return unrecorded.has(path) || environments.some((environment) => isKnownIn(environment, path));
}

function isKnownIn(environment: NodeJS.ProcessEnv, path: string): boolean {
  try {
    if (nodeOf(defaultDataDir(process.platform, environment)) === nodeOf(path)) return true;
    const file = join(stateFolder(process.platform, environment), recordsFolder, readId(path));
    const record = recordSchema.parse(parseJson(readFileSync(file, 'utf8')));
    // A copy contains the ID, too, but at another path, in another folder.
    return record.path === path || record.node === nodeOf(path);
  } catch {
    return false;
  }
}

function readId(path: string): string {
  const file = join(path, idFile);
  const [id] = lstatSync(file).size > 64 ? [] : (/^[0-9a-f]{32}(?=\n?$)/.exec(readFileSync(file, 'utf8')) ?? []);
  if (id === undefined) throw new Error(`${file} has no ID`);
  return id;
}

/** Identifies a folder wherever it is moved on its disk. */
function nodeOf(path: string): string | null {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat === undefined ? null : `${stat.dev}:${stat.ino}`;
}

/** If it can't be saved, only this process trusts it. @param path its real path */
export function makeKnown(path: string): void {
  const id = randomBytes(16).toString('hex');
  try {
    const folder = join(stateFolder(process.platform, process.env), recordsFolder);
    makeFolders(folder);
    // The record first: another process that finds the ID must find its record.
    stageFile(join(folder, id), JSON.stringify({ path, node: nodeOf(path) })).put();
    stageFile(join(path, idFile), `${id}\n`).put();
  } catch {
    unrecorded.add(path);
  }
}

/** One after the other: Node's own `recursive` never ends if the system can't create any, as in /proc. */
export function makeFolders(path: string): void {
  const parent = dirname(path);
  if (existsSync(path) || parent === path) return;
  makeFolders(parent);
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Another process may have been faster, or it is a link to a missing folder.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    if (!existsSync(path)) makeFolders(resolve(realpathSync(parent), readlinkSync(path)));
  }
}
