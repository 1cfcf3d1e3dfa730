/**
 * Files that came with scenarios, and scenarios themselves: of a folder that may be anybody's, so that only what really
 * lies in it is read, and only so much.
 */
import { constants } from 'node:fs';
import { open, realpath } from 'node:fs/promises';
import { isAbsolute, relative, resolve, sep } from 'node:path';

/** A file may not be read, or cannot be. The message says why, without what stands in it. */
export class OwnFileError extends Error {
  override readonly name = 'OwnFileError';
  /** The message without the file's name. */
  readonly why: string;
  readonly next: string | undefined;
  constructor(name: string, why: string, next?: string, message = `${name} ${why}`) {
    super(message);
    this.why = why;
    this.next = next;
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
  const refuse = (why: string, next: string): never => {
    throw new OwnFileError(name, why, next);
  };
  try {
    const home = await realpath(folder);
    const path = await realpath(resolve(folder, name));
    const really = relative(home, path);
    if (isOutside(really)) return refuse('is outside the folder of the scenarios, by its path or by a link', copy);
    const asked = relative(resolve(folder), resolve(folder, name));
    if (isHidden(really) || (!isOutside(asked) && isHidden(asked))) {
      return refuse('is a dot file or in a dot folder: none of these is read', copy);
    }
    const handle = await open(path, constants.O_RDONLY | noFollow | noWaiting);
    try {
      const stats = await handle.stat();
      if (!stats.isFile()) return refuse('is no file', copy);
      if (stats.size > mostBytes) return refuse(`is longer than ${mostBytes} bytes`, 'Make several files of it.');
      // A byte more than it had: it may grow meanwhile.
      const bytes = Buffer.allocUnsafe(stats.size + 1);
      let length = 0;
      for (let read = 1; read > 0 && length < bytes.length; length += read) {
        read = (await handle.read(bytes, length, bytes.length - length)).bytesRead;
      }
      return length > stats.size ? refuse('changes while it is read', 'Try again.') : bytes.subarray(0, length);
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof OwnFileError) throw error;
    const { message, code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') {
      throw new OwnFileError(name, 'is not there', 'Check that the file exists and its name is spelled correctly.');
    }
    throw new OwnFileError(name, message, undefined, `${name} cannot be read: ${message}`);
  }
}

const copy = 'Copy what is to be sent into a file of that folder.';

/** Whether a path that leads from a folder leads out of it. */
function isOutside(path: string): boolean {
  return path === '..' || path.startsWith(`..${sep}`) || isAbsolute(path);
}

function isHidden(path: string): boolean {
  return path.split(sep).some((part) => part.startsWith('.'));
}
