/** Where a folder's relay has its data, whichever of the folder's windows asks. */
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/**
 * The storage that all windows of a workspace share. VS Code gives one to the first window alone: another one of the same
 * folder, or the same one loaded again before its first extension host has ended, gets that with `-1` to `-9` behind its
 * name.
 * @param storage the extension's own folder in the storage that this window was given
 */
export function sharedStorage(storage: string): string {
  const given = dirname(storage);
  const [, first] = /^(.+)-[1-9]$/.exec(basename(given)) ?? [];
  if (first === undefined) return storage;
  const shared = join(dirname(given), first);
  return existsSync(shared) ? join(shared, basename(storage)) : storage;
}
