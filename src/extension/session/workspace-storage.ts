/** Where a folder's relay has its data, the same for all windows of the folder. */
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/**
 * The storage shared by all windows of a workspace. VS Code gives it to the first window only: another window of the
 * same folder, or a reloaded one whose old extension host still runs, gets that name with `-1` to `-9` appended.
 * @param storage the extension's own folder in the storage that this window was given
 */
export function sharedStorage(storage: string): string {
  const given = dirname(storage);
  const [, first] = /^(.+)-[1-9]$/.exec(basename(given)) ?? [];
  if (first === undefined) return storage;
  const shared = join(dirname(given), first);
  return existsSync(shared) ? join(shared, basename(storage)) : storage;
}
