/**
 * Keeps V8's compiled code of a bundle for the next start. Code kept here is run, so only those who can change the
 * bundle may write it: never in a data directory, which a cloned repository may contain.
 */
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { constants, Script } from 'node:vm';
import { crc32 } from 'node:zlib';

export interface Program {
  readonly file: string;
  readonly source: string;
  readonly digest: string;
  readonly require: NodeJS.Require;
  readonly module: NodeJS.Module;
}

const folderName = '.compiled';
/** Before the code: its checksum, since V8 trusts what it is given. */
const checksumBytes = 4;
/** When the start is over, in milliseconds: code compiled by then is what the next start needs. */
export const startedMs = 3000;

export function run(program: Program, keeps: boolean): 'compiled' | 'kept' {
  const { file, source, require, module } = program;
  const cachedData = keeps ? keptCode(program) : undefined;
  const script = new Script(`(function (exports, require, module, __filename, __dirname) {${source}\n})`, {
    filename: file,
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    ...(cachedData !== undefined && { cachedData }),
  });
  const compiled = cachedData === undefined || script.cachedDataRejected === true;
  if (keeps && compiled) keepSoon(program, script);
  const main = script.runInThisContext() as (...given: unknown[]) => void;
  main.call(module.exports, module.exports, require, module, file, dirname(file));
  return compiled ? 'compiled' : 'kept';
}

function placeOf({ file, digest }: Program): { folder: string; path: string } {
  const folder = join(dirname(file), folderName);
  return { folder, path: join(folder, `${basename(file)}.${digest}`) };
}

function keptCode(program: Program): Buffer | undefined {
  const { folder, path } = placeOf(program);
  try {
    if (!isOurs(folder, 'folder') || !isOurs(path, 'file')) return undefined;
    const kept = readFileSync(path);
    const code = kept.subarray(checksumBytes);
    return kept.length > checksumBytes && crc32(code) === kept.readUInt32LE() ? code : undefined;
  } catch {
    return undefined;
  }
}

function keepSoon(program: Program, script: Script): void {
  const keep = (): void => {
    clearTimeout(timer);
    process.off('exit', keep);
    try {
      keepCode(program, script.createCachedData());
    } catch {
      // The next start compiles it again.
    }
  };
  const timer = setTimeout(keep, startedMs).unref();
  process.on('exit', keep);
}

function keepCode(program: Program, code: Buffer): void {
  const { folder, path } = placeOf(program);
  // Not if root or another user runs this user's bundle.
  if (!isOurs(dirname(folder), 'owner')) return;
  if (mkdirSync(folder, { recursive: true, mode: 0o700 }) !== undefined) chmodSync(folder, 0o700);
  if (!isOurs(folder, 'folder')) return;
  const checksum = Buffer.alloc(checksumBytes);
  checksum.writeUInt32LE(crc32(code));
  const temporary = `${path}.${process.pid}`;
  rmSync(temporary, { force: true });
  writeFileSync(temporary, Buffer.concat([checksum, code]), { flag: 'wx', mode: 0o600 });
  renameSync(temporary, path);
  removeOthers(folder, basename(path));
}

function removeOthers(folder: string, kept: string): void {
  const bundleOf = (name: string): string => name.slice(0, name.lastIndexOf('.'));
  for (const name of readdirSync(folder)) {
    if (name === kept) continue;
    const isOld = bundleOf(name) === bundleOf(kept) || !existsSync(join(dirname(folder), bundleOf(name)));
    if (isOld) rmSync(join(folder, name), { force: true });
  }
}

/** Whether it is this user's, and except for an `owner`, only writable by this user. Windows has no such owners. */
function isOurs(path: string, kind: 'folder' | 'file' | 'owner'): boolean {
  const stat = lstatSync(path);
  if (kind === 'file' ? !stat.isFile() || stat.nlink > 1 : !stat.isDirectory()) return false;
  if (process.platform === 'win32') return true;
  return stat.uid === process.getuid?.() && (kind === 'owner' || (stat.mode & 0o022) === 0);
}
