/**
 * The callback URLs that `cm-relay` gave to instances, kept in the data directory: what Open Connectors queues for one of
 * them is the user's after another is set, too. None is a relay's: its secret may be replaced, and is then kept nowhere.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { holdsHookSecret } from '../../common/hook-path.ts';
import { parseJson } from '../../common/parse-json.ts';
import { stageFile } from '../../common/staged-file.ts';
import { checkDataDirectory, prepareDataDirectory } from '../../protocol/data-directory.ts';

const fileName = 'set-callbacks.json';

/** Instances that are remembered, the latest; and URLs of each, the latest first. */
const mostInstances = 100;
const mostUrls = 5;
/** As long as the product lets a callback URL be, in characters, and longer. */
const longestUrl = 4096;

const fileSchema = z.array(
  z.strictObject({
    /** The platform's host, and the instance's id. */
    instance: z.string(),
    urls: z.array(z.string().max(longestUrl)).max(mostUrls),
  }),
);
type Kept = z.infer<typeof fileSchema>;

/** The URLs that were given to an instance, the latest first. @throws DataDirectoryError */
export function setCallbacksOf(dataDir: string, host: string, id: number): readonly string[] {
  return read(dataDir).find(({ instance }) => instance === nameOf(host, id))?.urls ?? [];
}

/** A URL was given to an instance. @throws DataDirectoryError; the system's error */
export function rememberSetCallback(dataDir: string, host: string, id: number, url: string): void {
  // Whatever the platform says that it has taken.
  if (url.length > longestUrl || !URL.canParse(url) || holdsHookSecret(url)) return;
  const instance = nameOf(host, id);
  const before = read(dataDir);
  const urls = before.find((each) => each.instance === instance)?.urls ?? [];
  const kept = [
    { instance, urls: [url, ...urls.filter((each) => each !== url)].slice(0, mostUrls) },
    ...before.filter((each) => each.instance !== instance),
  ].slice(0, mostInstances);
  stageFile(join(prepareDataDirectory(dataDir).path, fileName), JSON.stringify(kept)).put();
}

function nameOf(host: string, id: number): string {
  return `${host} ${id}`;
}

/** A file that cannot be read is taken for none. */
function read(dataDir: string): Kept {
  const path = checkDataDirectory(dataDir);
  try {
    return fileSchema.safeParse(parseJson(readFileSync(join(path, fileName), 'utf8'))).data ?? [];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
