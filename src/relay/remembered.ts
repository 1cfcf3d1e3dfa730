import { randomBytes, randomInt } from 'node:crypto';
import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { hookSecretForm, hookUrl } from '../common/hook-path.ts';
import { parseJson } from '../common/parse-json.ts';
import { nameOfSecret, secretNameForm } from '../common/secret-name.ts';
import { stageFile, syncFolder, type StagedFile } from '../common/staged-file.ts';
import { checkDataDirectory, DataDirectoryError } from '../protocol/data-directory.ts';
import { lockFile } from '../protocol/relay-lock.ts';
import { destinationSchema, type Destination } from '../protocol/settings.ts';
import { findKnown } from './log/destinations.ts';
import { takeLock } from './lock.ts';

/** Increase if an earlier version must not use the file. Not for a new member: unknown members are kept. */
const formVersion = 1;

const mostFormer = 100;

const mostPublicUrls = 10;

const rememberedSchema = z.looseObject({
  version: z.literal(formVersion).default(formVersion),
  secret: z.string().regex(hookSecretForm),
  /** Names of earlier secrets, the latest first: a vendor may still have URLs with them. */
  former: z.array(z.string().regex(secretNameForm)).max(mostFormer).optional(),
  /** Earlier public URLs, the latest first: a vendor may still queue deliveries for them. */
  publicUrls: z.array(z.url()).max(mostPublicUrls).optional(),
  port: z.int().min(1).max(65_535).nullable(),
  subdomain: z.string(),
  destinations: z.array(destinationSchema.loose()),
});
export type Remembered = z.infer<typeof rememberedSchema>;

/** If the rest can't be read, keep the secret, which registered webhooks need. */
const secretAlone = rememberedSchema.extend({
  former: rememberedSchema.shape.former.catch(undefined),
  publicUrls: rememberedSchema.shape.publicUrls.catch(undefined),
  port: rememberedSchema.shape.port.catch(null),
  subdomain: rememberedSchema.shape.subdomain.catch(randomSubdomain),
  destinations: rememberedSchema.shape.destinations.catch([]),
});

function fileOf(dataDir: string): string {
  return join(dataDir, 'relay.json');
}

/** Writes nothing. @returns `notice` for the user if an existing file can't be read @throws DataDirectoryError */
export function remember(dataDir: string): { remembered: Remembered; notice: string | null } {
  const file = fileOf(dataDir);
  const { remembered, unread } = read(dataDir);
  if (remembered !== null) {
    const notice = `${file} is partly unreadable (${unread.join(', ')}). The secret in the webhook URLs stays the same, the unreadable parts are reset, and the old file is now ${asideOf(file)}.`;
    return { remembered, notice: unread.length > 0 ? notice : null };
  }
  const made: Remembered = {
    version: formVersion,
    secret: randomSecret(),
    port: null,
    subdomain: randomSubdomain(),
    destinations: [],
  };
  const notice = `${file} could not be read and was saved as ${asideOf(file)}. The webhook URLs have changed, so register them again.`;
  return { remembered: made, notice: unread.length > 0 ? notice : null };
}

/** null if nothing is remembered, or it can't be read. @throws DataDirectoryError, also if a newer version wrote it */
export function readRemembered(dataDir: string): Remembered | null {
  return read(checkDataDirectory(dataDir)).remembered;
}

/** @throws DataDirectoryError, also if no relay could start there */
export function readForNextStart(dataDir: string): Remembered | null {
  const remembered = readRemembered(dataDir);
  if (existsSync(lockFile(dataDir))) takeLock(dataDir)?.release();
  return remembered;
}

export function rememberedDestinations({ destinations }: Remembered): Destination[] {
  return z.array(destinationSchema.strip()).parse(destinations);
}

/** Keeps members of a newer version for destinations that stay. */
export function withDestinations(remembered: Remembered, destinations: readonly Destination[]): Remembered {
  const before = remembered.destinations;
  const known = findKnown(
    destinations,
    before.map((destination, id) => ({ id, destination, position: id })),
  );
  const unknownTo = (at: number | null | undefined): [string, unknown][] =>
    Object.entries(before[at ?? -1] ?? {}).filter(([name]) => !Object.hasOwn(destinationSchema.shape, name));
  return {
    ...remembered,
    destinations: destinations.map((each, index) => ({ ...Object.fromEntries(unknownTo(known[index])), ...each })),
  };
}

export function withNewSecret(remembered: Remembered): Remembered {
  const former = [nameOfSecret(remembered.secret), ...(remembered.former ?? [])].slice(0, mostFormer);
  return { ...remembered, secret: randomSecret(), former };
}

/** @returns null if nothing is remembered @throws DataDirectoryError; the system's error if it can't be written */
export function renewStopped(dataDir: string): Remembered | 'running' | null {
  const path = checkDataDirectory(dataDir);
  if (read(path).remembered === null) return null;
  const lock = takeLock(path);
  if (lock === null) return 'running';
  try {
    // Read again: now no relay can write it.
    const { remembered } = read(path);
    if (remembered === null) return null;
    const renewed = withNewSecret(remembered);
    stageRemembered(path, renewed).put();
    return renewed;
  } finally {
    lock.release();
  }
}

interface Kept {
  readonly remembered: Remembered | null;
  readonly unread: readonly string[];
}

function read(dataDir: string): Kept {
  const text = textOf(dataDir);
  if (text === undefined) return { remembered: null, unread: [] };
  const value = parseJson(text);
  const version = z.looseObject({ version: z.unknown() }).safeParse(value).data?.version;
  if (version !== undefined && version !== formVersion) {
    const why = `cannot be used: its relay.json was written by a newer version (${JSON.stringify(version)}; this program supports ${formVersion})`;
    throw new DataDirectoryError(dataDir, why, 'update-program');
  }
  const { data, error } = rememberedSchema.safeParse(value);
  const unread = new Set(error?.issues.map(({ path: [member = 'all'] }) => String(member)));
  return { remembered: data ?? secretAlone.safeParse(value).data ?? null, unread: [...unread] };
}

function textOf(dataDir: string): string | undefined {
  try {
    return readFileSync(fileOf(dataDir), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return undefined;
  }
}

/** Returns the same object if that is the latest. @param base without a slash at its end */
export function withPublicUrl(remembered: Remembered, base: string): Remembered {
  const { publicUrls = [] } = remembered;
  if (publicUrls[0] === base) return remembered;
  return { ...remembered, publicUrls: [base, ...publicUrls.filter((each) => each !== base)].slice(0, mostPublicUrls) };
}

export function earlierOpenConnectorsUrls({ publicUrls = [], secret }: Remembered, current: string | null): string[] {
  return publicUrls.filter((base) => base !== current).map((base) => hookUrl(base, secret, 'open-connectors'));
}

/** Keeps a copy of a file that can't be read completely. @throws the system's error; `put` also DataDirectoryError */
export function stageRemembered(dataDir: string, remembered: Remembered): StagedFile {
  const file = fileOf(dataDir);
  const staged = stageFile(file, `${JSON.stringify(remembered, null, 2)}\n`);
  return {
    ...staged,
    put() {
      if (read(dataDir).unread.length > 0) copyFileSync(file, asideOf(file));
      staged.put();
      // Vendors are given the URL with its secret, so it must survive a system crash.
      syncFolder(dataDir);
    },
  };
}

function asideOf(file: string): string {
  return `${file}.damaged`;
}

function randomSecret(): string {
  return randomBytes(16).toString('hex');
}

function randomSubdomain(): string {
  return `cm-relay-${randomLetters(12)}`;
}

function randomLetters(count: number): string {
  const letters = 'abcdefghijklmnopqrstuvwxyz0123456789';
  return Array.from({ length: count }, () => letters[randomInt(letters.length)] ?? '').join('');
}
