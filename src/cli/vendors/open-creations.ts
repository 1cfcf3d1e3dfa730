/** Creations of instances whose end is not known, kept in the data directory: no secret is in them. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { AttemptMemory, OpenAttempt } from '../../open-connectors/creation-attempts.ts';
import { parseJson } from '../../common/parse-json.ts';
import { stageFile } from '../../common/staged-file.ts';
import { checkDataDirectory, DataDirectoryError, prepareDataDirectory } from '../../protocol/data-directory.ts';

const fileName = 'open-creations.json';

/** What a newer version knows of one is kept. */
const attemptSchema = z.looseObject({
  host: z.string(),
  name: z.string(),
  before: z.union([z.strictObject({ ids: z.array(z.int()) }), z.strictObject({ since: z.number() })]),
  signed: z.boolean(),
});

/**
 * The memory of attempts to make an instance of one name at one host. Those of others in the same file are left as they
 * are: several terminals may be at it.
 */
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
 * All that are kept, also those of others that cannot be read. Half a file is taken for none: what it would have told is
 * looked for by nobody, and made anew.
 * @throws DataDirectoryError, also where a newer version keeps them in another form
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
