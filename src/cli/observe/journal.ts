/** What an observation has done to a list and an instance and has not undone yet: kept in the data directory, each step before it is taken. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { parseJson } from '../../common/parse-json.ts';
import { stageFile, syncFolder } from '../../common/staged-file.ts';
import { checkDataDirectory, DataDirectoryError, prepareDataDirectory } from '../../protocol/data-directory.ts';

const fileName = 'observation.json';
/** Raised with a change after which an earlier version must not read the file. */
const formVersion = 1;

/** A URL of an observation's own: whoever plants a note can have no other webhook deleted. */
const ownUrl = z.string().regex(/^https?:\/\/[^\s?#]+\/hooks\/[0-9a-f]{32}\/observe-[a-z0-9-]+$/);
/** An address of an observation's own: nobody else is removed from a list. */
const ownAddress = z.string().regex(/^cm-relay-observe-[0-9a-f]+-[a-z0-9-]+@[^\s@]+$/);

const changedInstanceSchema = z.strictObject({
  /** The base of the platform's API. */
  host: z.string(),
  id: z.int(),
  /** The callback that it was given: only where it still has that one, it gets back the one before. */
  own: ownUrl,
  /** As it was before. */
  before: z.strictObject({
    callbackUrl: z.string(),
    eventsEnabled: z.boolean(),
    listIds: z.array(z.string()).max(10_000),
  }),
});

const changesSchema = z.strictObject({
  version: z.literal(formVersion),
  /** The base of Campaign Monitor's API: a credential goes nowhere else for what stands here. */
  host: z.string(),
  listId: z.string(),
  /** URLs of webhooks that were made, or are about to be: they name this observation, and nobody else has them. */
  urls: z.array(ownUrl).max(100),
  /** Addresses that were added, or are about to be. */
  addresses: z.array(ownAddress).max(1000),
  instance: changedInstanceSchema.nullable(),
});

/** What is to be undone. */
export type Changes = Omit<z.infer<typeof changesSchema>, 'version'>;

/** The record of one data directory. Whoever writes it holds the lock of observations. */
export class ObservationJournal {
  readonly #dataDir: string;

  constructor(dataDir: string) {
    this.#dataDir = dataDir;
  }

  /**
   * What an observation before has left.
   * @returns null where nothing is to be undone
   * @throws DataDirectoryError where it cannot be read: it would be lost, and with it what is to be undone
   */
  read(): Changes | null {
    const path = checkDataDirectory(this.#dataDir);
    const file = join(path, fileName);
    let text: string;
    try {
      text = readFileSync(file, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
    const result = changesSchema.safeParse(parseJson(text));
    if (result.success) return result.data;
    throw new DataDirectoryError(
      path,
      `cannot be used to observe: its ${fileName} cannot be read`,
      'look-at-data-directory',
      `${file} says what an earlier observation has to undo. Use the version that wrote it; or undo it yourself (webhooks, subscribers, the instance's callback), and then delete the file.`,
    );
  }

  /** Keeps it on disk before it returns; what is undone completely is forgotten. @throws the system's error */
  write(changes: Changes): void {
    const { path } = prepareDataDirectory(this.#dataDir);
    const file = join(path, fileName);
    if (changes.urls.length + changes.addresses.length === 0 && changes.instance === null)
      rmSync(file, { force: true });
    else stageFile(file, JSON.stringify({ ...changes, version: formVersion })).put();
    syncFolder(path);
  }
}
