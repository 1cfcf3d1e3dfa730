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
  constructor(name: string, why: string) {
    super(`${name} ${why}`);
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
  const refuse = (why: string): never => {
    throw new OwnFileError(name, why);
  };
  try {
    const home = await realpath(folder);
    const asked = relative(resolve(folder), resolve(folder, name));
    const path = await realpath(resolve(folder, name));
    const really = relative(home, path);
    if (isOutside(asked)) return refuse('is outside the folder of the scenarios');
    if (isOutside(really)) return refuse('is outside the folder of the scenarios: a link leads there');
    if (isHidden(asked) || isHidden(really)) return refuse('is a dot file, or in a dot folder, which are not read');
    const handle = await open(path, constants.O_RDONLY | noFollow | noWaiting);
    try {
      const stats = await handle.stat();
      if (!stats.isFile()) return refuse('is no file');
      if (stats.size > mostBytes) return refuse(`is longer than ${mostBytes} bytes`);
      // A byte more than it had: it may grow meanwhile.
      const bytes = Buffer.allocUnsafe(stats.size + 1);
      let length = 0;
      for (let read = 1; read > 0 && length < bytes.length; length += read) {
        read = (await handle.read(bytes, length, bytes.length - length)).bytesRead;
      }
      return length > stats.size ? refuse('changes while it is read') : bytes.subarray(0, length);
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof OwnFileError) throw error;
    throw new OwnFileError(name, `cannot be read: ${(error as Error).message}`);
  }
}

/** Whether a path that leads from a folder leads out of it. */
function isOutside(path: string): boolean {
  return path === '..' || path.startsWith(`..${sep}`) || isAbsolute(path);
}

function isHidden(path: string): boolean {
  return path.split(sep).some((part) => part.startsWith('.') && part !== '..');
}
