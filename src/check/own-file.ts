/** The folder may be from another person, so only files that really are in it are read, up to a limit. */
import { constants } from 'node:fs';
import { open, realpath } from 'node:fs/promises';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import { say } from '../common/say.ts';
import { CheckError } from './check-error.ts';

export class OwnFileError extends CheckError {
  override readonly name = 'OwnFileError';
  readonly why: string;
  constructor(name: string, why: string, next?: string, message = `${name} ${why}`) {
    super(message, next);
    this.why = why;
  }
}

/** Undefined on Windows. */
const { O_NOFOLLOW: noFollow = 0, O_NONBLOCK: noWaiting = 0 } = constants as {
  readonly O_NOFOLLOW?: number;
  readonly O_NONBLOCK?: number;
};

/** Resolves links first, and reads no dot file, nothing in a dot folder, no device and no pipe. @throws OwnFileError */
export async function readOwnFile(folder: string, name: string, mostBytes: number): Promise<Buffer> {
  const copyInto = say('Copy the content into a file in the scenario folder.');
  const refuse = (why: string, next = copyInto): never => {
    throw new OwnFileError(name, why, next);
  };
  try {
    const home = await realpath(folder);
    const path = await realpath(resolve(folder, name));
    const really = relative(home, path);
    if (isOutside(really)) return refuse(say('is outside the scenario folder, either by its path or through a link'));
    const asked = relative(resolve(folder), resolve(folder, name));
    if (isHidden(really) || (!isOutside(asked) && isHidden(asked))) {
      return refuse(say('can’t be used because it’s a dot file or is in a dot folder'));
    }
    const handle = await open(path, constants.O_RDONLY | noFollow | noWaiting);
    try {
      const stats = await handle.stat();
      if (!stats.isFile()) return refuse(say('isn’t a file'));
      if (stats.size > mostBytes)
        return refuse(say('is longer than {0} bytes', mostBytes), say('Split the file into smaller files.'));
      // One byte more than its size, to notice if it grows.
      const bytes = Buffer.allocUnsafe(stats.size + 1);
      let length = 0;
      for (let read = 1; read > 0 && length < bytes.length; length += read) {
        read = (await handle.read(bytes, length, bytes.length - length)).bytesRead;
      }
      return length > stats.size
        ? refuse(say('changed while it was being read'), say('Try again.'))
        : bytes.subarray(0, length);
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof OwnFileError) throw error;
    const { message, code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT')
      refuse(say('doesn’t exist'), say('Check that the file exists and its name is spelled correctly.'));
    throw new OwnFileError(name, message, undefined, say('can’t read {0}: {1}', name, message));
  }
}

function isOutside(path: string): boolean {
  return path === '..' || path.startsWith(`..${sep}`) || isAbsolute(path);
}

function isHidden(path: string): boolean {
  return path.split(sep).some((part) => part.startsWith('.'));
}
