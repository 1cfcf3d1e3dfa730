/** Files written for the user at a path that the user chose, where others may have put something before. */
import { randomBytes } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { access, lstat, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { Writable } from 'node:stream';

export class UserFileError extends Error {
  override readonly name = 'UserFileError';
  readonly next: string;
  constructor(file: string, why: string, next: string) {
    super(`cannot write ${file}: ${why}`);
    this.next = next;
  }
}

/** Nothing is at its path before `put`, unless that is a device or a pipe. */
export interface UserFile {
  readonly isFile: boolean;
  write(piece: string | Uint8Array): Promise<void>;
  /** @throws UserFileError: nothing of it is left then */
  put(): Promise<void>;
  discard(): Promise<void>;
}

/** Checks before long work that a file can be written. @returns whether it exists @throws UserFileError */
export async function checkUserFile(file: string, next: string): Promise<boolean> {
  if (ownDescriptor(file) !== undefined || isWindowsDevice(file)) return false;
  const before = await lstat(file).catch(() => undefined);
  if (before?.isDirectory() === true) throw new UserFileError(file, 'it is a folder', next);
  if (before !== undefined && !before.isFile() && !before.isSymbolicLink()) return false;
  await access(dirname(file), constants.W_OK).catch((error: unknown) => {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new UserFileError(file, code === 'ENOENT' ? 'its folder does not exist' : message, next);
  });
  return before !== undefined;
}

/** @throws UserFileError if it exists or cannot be written */
export async function requireNewFile(file: string, next: string): Promise<void> {
  if (await checkUserFile(file, next)) throw new UserFileError(file, 'it already exists', next);
}

/**
 * Creates a file that only its user can read, under another name beside its path: no link is followed and no older
 * file's permissions are kept. A device or a pipe is written directly, unless it is another user's.
 * @param next what the user can do if it cannot be written
 * @throws UserFileError
 */
export async function openUserFile(file: string, next: string): Promise<UserFile> {
  const explained = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (error instanceof UserFileError) throw error;
      throw new UserFileError(file, (error as Error).message, next);
    }
  };
  await checkUserFile(file, next);
  const opened = await explained(() => openAsItIs(file, next));
  if (opened !== undefined) {
    return {
      isFile: false,
      write: (piece) => explained(() => opened.write(piece)),
      put: () => explained(() => opened.close()),
      discard: () => opened.close().catch(() => undefined),
    };
  }
  // Begins like the file, so that a remnant of a killed process is recognizable; short, whatever the file's name.
  const temporary = join(dirname(file), `${basename(file).slice(0, 40)}.${randomBytes(6).toString('hex')}.part`);
  const handle = await explained(() => open(temporary, 'wx', 0o600));
  const discard = async (): Promise<void> => {
    await handle.close().catch(() => undefined);
    await rm(temporary, { force: true });
  };
  return {
    isFile: true,
    write: (piece) => explained(() => handle.writeFile(piece)),
    put: () =>
      explained(async () => {
        try {
          await handle.sync();
          await handle.close();
          await rename(temporary, file);
        } catch (error) {
          await discard();
          throw error;
        }
      }),
    discard,
  };
}

/** @throws UserFileError; errors of `pieces`; nothing of it is left then */
export async function writeUserFile(
  file: string,
  pieces: Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>,
  next: string,
): Promise<void> {
  const out = await openUserFile(file, next);
  try {
    for await (const piece of pieces) await out.write(piece);
  } catch (error) {
    await out.discard();
    throw error;
  }
  await out.put();
}

interface AsItIs {
  write(piece: string | Uint8Array): Promise<void>;
  close(): Promise<void>;
}

async function openAsItIs(file: string, next: string): Promise<AsItIs | undefined> {
  const own = ownDescriptor(file);
  if (own === 1 || own === 2) return throughStream(own === 1 ? process.stdout : process.stderr);
  // What the shell has opened for this process: the only links that are followed.
  if (own !== undefined) return throughHandle(await open(file, constants.O_WRONLY | constants.O_APPEND));
  if (isWindowsDevice(file)) return throughHandle(await open(file, 'r+'));
  const before = await lstat(file).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  });
  if (before === undefined || before.isFile() || before.isSymbolicLink()) return undefined;
  refuseOthers(file, before, next);
  // Windows has no such flag, and no such file gets this far.
  const noFollow = (constants as Partial<typeof constants>).O_NOFOLLOW ?? 0;
  const handle = await open(file, constants.O_WRONLY | noFollow);
  const now = await handle.stat();
  if (now.isFile() || now.dev !== before.dev || now.ino !== before.ino) {
    await handle.close();
    throw new UserFileError(file, 'it was replaced just now', next);
  }
  return throughHandle(handle);
}

/** Another user's pipe would give that user what is written to it. */
function refuseOthers(file: string, { uid }: Stats, next: string): void {
  const me = process.geteuid?.();
  if (me === undefined || uid === me || uid === 0) return;
  throw new UserFileError(file, "it is another user's device or pipe", next);
}

/** `/dev/stdout`, or what a shell makes of `>(…)`. */
function ownDescriptor(file: string): number | undefined {
  if (process.platform === 'win32') return undefined;
  const path = resolve(file);
  if (path === '/dev/stdout') return 1;
  if (path === '/dev/stderr') return 2;
  const [, digits] = /^\/(?:dev|proc\/self)\/fd\/(\d+)$/.exec(path) ?? [];
  return digits === undefined ? undefined : Number(digits);
}

function isWindowsDevice(file: string): boolean {
  return process.platform === 'win32' && /^(?:\\\\[.?]\\.*|(?:con|nul|prn|aux|(?:com|lpt)\d):?)$/i.test(file);
}

function throughHandle(handle: FileHandle): AsItIs {
  return { write: (piece) => handle.writeFile(piece), close: () => handle.close() };
}

/** Standard output and error stay open, and writing waits for a slow reader. */
function throughStream(stream: Writable): AsItIs {
  return {
    write: (piece) =>
      new Promise((done, failed) => {
        stream.write(piece, (error) => (error == null ? done() : failed(error)));
      }),
    close: () => Promise.resolve(),
  };
}
