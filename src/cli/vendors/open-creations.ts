/** Creations of instances with an unknown result, stored in the data directory without secrets. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { AttemptMemory, OpenAttempt } from '../../open-connectors/creation-attempts.ts';
import { parseJson } from '../../common/parse-json.ts';
import { stageFile } from '../../common/staged-file.ts';
import { checkDataDirectory, DataDirectoryError, prepareDataDirectory } from '../../protocol/data-directory.ts';

const fileName = 'open-creations.json';

/** Additional members, of newer versions, are kept. */
const attemptSchema = z.looseObject({
  host: z.string(),
  name: z.string(),
  before: z.union([z.strictObject({ ids: z.array(z.int()) }), z.strictObject({ since: z.number() })]),
  signed: z.boolean(),
});

/** Stores attempts to create an instance with this name at this host. Terminals share the file, so others are kept. */
export function openCreations(dataDir: string, host: string, name: string): AttemptMemory {
  const own = (kept: unknown): OpenAttempt[] => {
    const { data } = attemptSchema.safeParse(kept);
    return data?.host === host && data.name === name ? [data] : [];
  };
  return {
    read: () => readAll(dataDir).flatMap(own),
    write(attempts) {
      const others = readAll(dataDir).filter((kept) => own(kept).length === 0);
      writeAll(dataDir, [...others, ...attempts.flatMap(own)]);
      return Promise.resolve();
    },
  };
}

/**
 * All attempts, including unreadable ones. A truncated file counts as empty: then an attempt's instance is not checked
 * for, and may be created again.
 * @throws DataDirectoryError, also if a newer version uses another format
 */
function readAll(dataDir: string): readonly unknown[] {
  let text: string;
  const path = checkDataDirectory(dataDir);
  try {
    text = readFileSync(join(path, fileName), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  const kept = parseJson(text) ?? [];
  if (Array.isArray(kept)) return kept as readonly unknown[];
  throw new DataDirectoryError(
    path,
    `cannot be used: its ${fileName} was written by a newer version`,
    'update-program',
  );
}

function writeAll(dataDir: string, attempts: readonly unknown[]): void {
  const file = join(prepareDataDirectory(dataDir).path, fileName);
  if (attempts.length === 0) rmSync(file, { force: true });
  else stageFile(file, JSON.stringify(attempts)).put();
}
