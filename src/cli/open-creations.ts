/** Creations of instances whose end is not known, kept in the data directory: no secret is in them. */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { AttemptMemory, OpenAttempt } from '../open-connectors/creation-attempts.ts';
import { checkDataDirectory, prepareDataDirectory } from '../protocol/data-directory.ts';

const fileName = 'open-creations.json';

const attemptsSchema = z.array(
  z.strictObject({
    host: z.string(),
    name: z.string(),
    before: z.union([z.strictObject({ ids: z.array(z.int()) }), z.strictObject({ since: z.number() })]),
    signed: z.boolean(),
  }),
);

/**
 * The memory of attempts to make an instance of one name at one host. Those of others in the same file are left as they
 * are: several terminals may be at it.
 */
export function openCreations(dataDir: string, host: string, name: string): AttemptMemory {
  const isOwn = (attempt: OpenAttempt): boolean => attempt.host === host && attempt.name === name;
  return {
    read: () => readAll(dataDir).filter(isOwn),
    write(attempts) {
      const others = readAll(dataDir).filter((attempt) => !isOwn(attempt));
      writeAll(dataDir, [...others, ...attempts.filter(isOwn)]);
      return Promise.resolve();
    },
  };
}

/** One that cannot be read is taken for none: what it would have told is looked for by nobody, and made anew. */
function readAll(dataDir: string): readonly OpenAttempt[] {
  try {
    const text = readFileSync(join(checkDataDirectory(dataDir), fileName), 'utf8');
    return attemptsSchema.safeParse(JSON.parse(text)).data ?? [];
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function writeAll(dataDir: string, attempts: readonly OpenAttempt[]): void {
  const file = join(prepareDataDirectory(dataDir).path, fileName);
  if (attempts.length === 0) {
    rmSync(file, { force: true });
    return;
  }
  const temporary = `${file}.${process.pid}`;
  rmSync(temporary, { force: true });
  writeFileSync(temporary, JSON.stringify(attempts), { flag: 'wx', mode: 0o600, flush: true });
  renameSync(temporary, file);
}
