/**
 * Queued deliveries that were counted, kept in the data directory by their ids: whether a read changes their status is
 * documented nowhere, so a fetch asks for each of them by its ids.
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

/** Queues that are remembered, the latest; and deliveries of each. */
const mostQueues = 20;
const mostDeliveries = 1000;

const idSchema = z.string().min(1).max(64);
const fileSchema = z.array(
  z.strictObject({
    /** The platform's host, and a name of the callback URL, whose secret is not written. */
    queue: z.string(),
    deliveries: z.array(z.tuple([idSchema, idSchema])).max(mostDeliveries),
  }),
);
type Kept = z.infer<typeof fileSchema>;

/** What of a host's queues was counted. */
export class CountedDeliveries {
  readonly #dataDir: string;
  readonly #host: string;

  constructor(dataDir: string, host: string) {
    this.#dataDir = dataDir;
    this.#host = host;
  }

  /** What was counted for a callback URL. @throws DataDirectoryError */
  of(callbackUrl: string): DeliveryKey[] {
    const name = this.#nameOf(callbackUrl);
    const found = this.#read().find(({ queue }) => queue === name)?.deliveries ?? [];
    return found.map(([notificationId, subscriptionId]) => ({ notificationId, subscriptionId }));
  }

  /**
   * Something was counted, beside what was before.
   * @param gone is delivered, or there no more: nothing but that is forgotten
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

  /** A file that cannot be read is taken for none: it only helps where a read changes something. */
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
