/**
 * Queued deliveries that were counted, stored in the data directory by ID: it is undocumented whether a read changes
 * their status, so a fetch requests each of them by ID.
 */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { DeliveryKey } from '../../open-connectors/delivery-queue.ts';
import { parseJson } from '../../common/parse-json.ts';
import { nameOfSecret } from '../../common/secret-name.ts';
import { stageFile } from '../../common/staged-file.ts';
import { checkDataDirectory, prepareDataDirectory } from '../../protocol/data-directory.ts';

const fileName = 'counted-deliveries.json';

/** Maximum queues to remember, the latest; and deliveries of each. */
const mostQueues = 20;
const mostDeliveries = 1000;

const idSchema = z.string().min(1).max(64);
const fileSchema = z.array(
  z.strictObject({
    /** Open Connectors' host, and a name of the callback URL, whose secret is not stored. */
    queue: z.string(),
    deliveries: z.array(z.tuple([idSchema, idSchema])).max(mostDeliveries),
  }),
);
type Kept = z.infer<typeof fileSchema>;

export class CountedDeliveries {
  readonly #dataDir: string;
  readonly #host: string;

  constructor(dataDir: string, host: string) {
    this.#dataDir = dataDir;
    this.#host = host;
  }

  /** For a callback URL. @throws DataDirectoryError */
  of(callbackUrl: string): DeliveryKey[] {
    const name = this.#nameOf(callbackUrl);
    const found = this.#read().find(({ queue }) => queue === name)?.deliveries ?? [];
    return found.map(([notificationId, subscriptionId]) => ({ notificationId, subscriptionId }));
  }

  /**
   * Adds deliveries to those counted earlier.
   * @param gone delivered or removed: only these are forgotten
   * @throws DataDirectoryError; the system's error
   */
  add(callbackUrl: string, counted: readonly DeliveryKey[], gone: readonly DeliveryKey[] = []): void {
    const all = new Map<string, [string, string]>();
    for (const { notificationId, subscriptionId } of [...counted, ...this.of(callbackUrl)]) {
      all.set(JSON.stringify([notificationId, subscriptionId]), [notificationId, subscriptionId]);
    }
    for (const { notificationId, subscriptionId } of gone) all.delete(JSON.stringify([notificationId, subscriptionId]));
    this.#replace(callbackUrl, [...all.values()].slice(0, mostDeliveries));
  }

  #nameOf(callbackUrl: string): string {
    return `${this.#host} ${nameOfSecret(callbackUrl)}`;
  }

  #replace(callbackUrl: string, deliveries: Kept[number]['deliveries']): void {
    const queue = this.#nameOf(callbackUrl);
    const before = this.#read();
    const others = before.filter((each) => each.queue !== queue);
    if (deliveries.length === 0 && others.length === before.length) return;
    const kept = [...(deliveries.length === 0 ? [] : [{ queue, deliveries }]), ...others].slice(0, mostQueues);
    const file = join(prepareDataDirectory(this.#dataDir).path, fileName);
    if (kept.length === 0) rmSync(file, { force: true });
    else stageFile(file, JSON.stringify(kept)).put();
  }

  /** An unreadable file counts as empty: it only matters if a read changes a status. */
  #read(): Kept {
    const path = checkDataDirectory(this.#dataDir);
    try {
      return fileSchema.safeParse(parseJson(readFileSync(join(path, fileName), 'utf8'))).data ?? [];
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  }
}
