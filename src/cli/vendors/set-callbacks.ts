/**
 * The callback URLs that `cm-relay` set for instances: Open Connectors may still have queued something for an earlier
 * one. Relays' URLs are left out, since their secret may be replaced and must then not be stored anywhere.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { holdsHookSecret } from '../../common/hook-path.ts';
import { parseJson } from '../../common/parse-json.ts';
import { stageFile } from '../../common/staged-file.ts';
import { checkDataDirectory, prepareDataDirectory } from '../../protocol/data-directory.ts';

const fileName = 'set-callbacks.json';

const mostInstances = 100;
const mostUrls = 5;
/** In characters; more than the program accepts for a callback URL. */
const longestUrl = 4096;

const fileSchema = z.array(
  z.strictObject({
    instance: z.string(),
    urls: z.array(z.string().max(longestUrl)).max(mostUrls),
  }),
);
type Kept = z.infer<typeof fileSchema>;

export function setCallbacksOf(dataDir: string, host: string, id: number): readonly string[] {
  return read(dataDir).find(({ instance }) => instance === nameOf(host, id))?.urls ?? [];
}

export function rememberSetCallback(dataDir: string, host: string, id: number, url: string): void {
  // Open Connectors may accept anything.
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

/** An unreadable file counts as empty. */
function read(dataDir: string): Kept {
  const path = checkDataDirectory(dataDir);
  try {
    return fileSchema.safeParse(parseJson(readFileSync(join(path, fileName), 'utf8'))).data ?? [];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
