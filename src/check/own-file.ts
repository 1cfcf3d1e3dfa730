/**
 * Files that came with scenarios, and scenarios themselves: of a folder that may be anybody's, so that only what really
 * lies in it is read, and only so much.
 */
import { constants } from 'node:fs';
import { open, realpath } from 'node:fs/promises';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import type { Said } from '../common/words.ts';
import { SaidError, words } from './words.ts';

/** A file may not be read, or cannot be. The message says why, without what stands in it. */
export class OwnFileError extends SaidError {
  override readonly name = 'OwnFileError';
  /** What it says without the file's name. */
  readonly why: Said;
  constructor(name: string, why: Said, todo?: Said, said: Said = words('subject', name, why)) {
    super(said, todo);
    this.why = why;
  }
}

/** Not there on Windows. */
const { O_NOFOLLOW: noFollow = 0, O_NONBLOCK: noWaiting = 0 } = constants as {
  readonly O_NOFOLLOW?: number;
  readonly O_NONBLOCK?: number;
};

/**
 * Reads a file that lies in a folder or below it, links resolved; no dot file, nothing in a dot folder, no device or pipe.
 * @param mostBytes a longer one is not read
 * @throws OwnFileError
 */
export async function readOwnFile(folder: string, name: string, mostBytes: number): Promise<Buffer> {
  const refuse = (why: Said, todo: Said): never => {
    throw new OwnFileError(name, why, todo);
  };
  try {
    const home = await realpath(folder);
    const path = await realpath(resolve(folder, name));
    const really = relative(home, path);
    if (isOutside(really)) return refuse(words('outside'), words('copy-into'));
    const asked = relative(resolve(folder), resolve(folder, name));
    if (isHidden(really) || (!isOutside(asked) && isHidden(asked))) {
      return refuse(words('hidden'), words('copy-into'));
    }
    const handle = await open(path, constants.O_RDONLY | noFollow | noWaiting);
    try {
      const stats = await handle.stat();
      if (!stats.isFile()) return refuse(words('is-no-file'), words('copy-into'));
      if (stats.size > mostBytes) return refuse(words('longer-than', mostBytes), words('make-several'));
      // A byte more than it had: it may grow meanwhile.
      const bytes = Buffer.allocUnsafe(stats.size + 1);
      let length = 0;
      for (let read = 1; read > 0 && length < bytes.length; length += read) {
        read = (await handle.read(bytes, length, bytes.length - length)).bytesRead;
      }
      return length > stats.size ? refuse(words('changes'), words('try-again')) : bytes.subarray(0, length);
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof OwnFileError) throw error;
    const { message, code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') {
      throw new OwnFileError(name, words('is-not-there'), words('check-name'));
    }
    throw new OwnFileError(name, message, undefined, words('cannot-be-read', name, message));
  }
}

/** Whether a path that leads from a folder leads out of it. */
function isOutside(path: string): boolean {
  return path === '..' || path.startsWith(`..${sep}`) || isAbsolute(path);
}

function isHidden(path: string): boolean {
  return path.split(sep).some((part) => part.startsWith('.'));
}
