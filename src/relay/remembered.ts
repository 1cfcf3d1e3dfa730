/** What a data directory remembers between relays: port, secret, subdomain and destinations; nothing secret but the URL's. */
import { randomBytes, randomInt } from 'node:crypto';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { checkDataDirectory } from '../protocol/data-directory.ts';
import { destinationSchema } from '../protocol/settings.ts';

const rememberedSchema = z.object({
  /** The webhook endpoint's, in its URL. */
  secret: z.string().regex(/^[0-9a-f]{32}$/),
  port: z.int().min(1).max(65_535).nullable(),
  subdomain: z.string(),
  destinations: z.array(destinationSchema),
});
export type Remembered = z.infer<typeof rememberedSchema>;

function fileOf(dataDir: string): string {
  return join(dataDir, 'relay.json');
}

/**
 * Reads what is remembered, or makes it: a secret of 32 hex digits and a random subdomain, once per data directory.
 * @returns `notice`: what the user should know, where a file was there that could not be read
 */
export function remember(dataDir: string): { remembered: Remembered; notice: string | null } {
  const text = textOf(dataDir);
  let notice: string | null = null;
  if (text !== undefined) {
    try {
      return { remembered: rememberedSchema.parse(JSON.parse(text)), notice };
    } catch {
      const aside = `${fileOf(dataDir)}.damaged`;
      renameSync(fileOf(dataDir), aside);
      notice = `${fileOf(dataDir)} could not be read and was set aside as ${aside}: the webhook URLs have changed, so register them again.`;
    }
  }
  const remembered: Remembered = {
    secret: randomBytes(16).toString('hex'),
    port: null,
    subdomain: `cm-relay-${randomLetters(12)}`,
    destinations: [],
  };
  stageRemembered(dataDir, remembered).put();
  return { remembered, notice };
}

/**
 * What a data directory remembers, without making anything.
 * @returns null where that is nothing, or cannot be read
 * @throws DataDirectoryError
 */
export function readRemembered(dataDir: string): Remembered | null {
  const path = checkDataDirectory(dataDir);
  try {
    return rememberedSchema.parse(JSON.parse(textOf(path) ?? ''));
  } catch {
    return null;
  }
}

function textOf(dataDir: string): string | undefined {
  try {
    return readFileSync(fileOf(dataDir), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return undefined;
  }
}

/** What is to be remembered, on disk beside what is. */
export interface StagedRemembered {
  /** Puts it in the place of what was remembered: a crash leaves the old or the new. @throws the system's error */
  put(): void;
  /** Takes it away again. */
  discard(): void;
}

/**
 * Writes what is to be remembered, whole, beside what is.
 * @throws the system's error
 */
export function stageRemembered(dataDir: string, remembered: Remembered): StagedRemembered {
  const temporary = `${fileOf(dataDir)}.${process.pid}`;
  const discard = (): void => rmSync(temporary, { force: true });
  // One that was left by a process of the same number is not written to: its mode may be another.
  discard();
  try {
    writeFileSync(temporary, `${JSON.stringify(remembered, null, 2)}\n`, { flag: 'wx', mode: 0o600, flush: true });
  } catch (error) {
    discard();
    throw error;
  }
  return { put: () => renameSync(temporary, fileOf(dataDir)), discard };
}

function randomLetters(count: number): string {
  const letters = 'abcdefghijklmnopqrstuvwxyz0123456789';
  return Array.from({ length: count }, () => letters[randomInt(letters.length)] ?? '').join('');
}
