/**
 * Files of scenarios, and those that they name: the folder may be from another person, so only files that really are in
 * it are read, up to a limit.
 */
import { constants } from 'node:fs';
import { open, realpath } from 'node:fs/promises';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import type { Said } from '../common/words.ts';
import { SaidError, words } from './words.ts';

/** A file may not be read, or cannot be. The message says why, without the file's content. */
export class OwnFileError extends SaidError {
  override readonly name = 'OwnFileError';
  /** The message without the file's name. */
  readonly why: Said;
  constructor(name: string, why: Said, todo?: Said, said: Said = words('subject', name, why)) {
    super(said, todo);
    this.why = why;
  }
}

/** Undefined on Windows. */
const { O_NOFOLLOW: noFollow = 0, O_NONBLOCK: noWaiting = 0 } = constants as {
  readonly O_NOFOLLOW?: number;
  readonly O_NONBLOCK?: number;
};

/**
 * Reads a file in a folder or below it, after resolving links; no dot file, nothing in a dot folder, no device or pipe.
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
      // One byte more than its size, to notice if it grows.
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

/** @param path relative to a folder */
function isOutside(path: string): boolean {
  return path === '..' || path.startsWith(`..${sep}`) || isAbsolute(path);
}

function isHidden(path: string): boolean {
  return path.split(sep).some((part) => part.startsWith('.'));
}
