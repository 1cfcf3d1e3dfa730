/** The results of notifications that are resent. */
import type { RelayClient } from '../../protocol/relay-client.ts';
import type { Forwarding } from '../../protocol/history.ts';
import { lookUntil } from '../look-until.ts';

/** Number of results, one for each destination of a notification. */
export interface Outcomes {
  readonly sent: number;
  readonly failed: number;
  readonly discarded: number;
  /** Those without a final result in time, including held ones. */
  readonly waiting: number;
}

/** Create it before the replay, so that it misses no attempt. */
export class ReplayOutcomes {
  readonly #client: RelayClient;
  readonly #to: string | undefined;
  /** What was attempted or waiting since then, by notification and destination. */
  readonly #tried = new Set<string>();
  /** Whether the relay left attempts out because this client reads too slowly. */
  #missed = false;

  /** @param to the only destination of the replay, if it names one */
  constructor(client: RelayClient, to: string | undefined) {
    this.#client = client;
    this.#to = to;
    client.on('attempt/recorded', ({ attempts, missed }) => {
      for (const { notificationId, destinationId } of attempts) this.#tried.add(keyOf(notificationId, destinationId));
      if (missed > 0) this.#missed = true;
    });
  }

  /** `unsent` is the first notification that was not sent. */
  async of(
    notificationIds: readonly string[],
    timeoutMs: number,
  ): Promise<{ readonly outcomes: Outcomes; readonly unsent: string | undefined }> {
    const count = { sent: 0, failed: 0, discarded: 0 };
    let open = [...notificationIds];
    let unsent: string | undefined;
    const look = async (): Promise<void> => {
      const stillOpen: string[] = [];
      for (const id of open) {
        const forwardings = await this.#forwardingsOf(id);
        if (forwardings.some(({ state }) => state === 'waiting' || state === 'held')) stillOpen.push(id);
        else for (const { state } of forwardings) if (state in count) count[state as keyof typeof count]++;
        if (forwardings.some(({ state }) => state === 'failed' || state === 'discarded')) unsent ??= id;
      }
      open = stillOpen;
    };
    await lookUntil(this.#client, timeoutMs, look, () => open.length === 0);
    return { outcomes: { ...count, waiting: open.length }, unsent: unsent ?? open[0] };
  }

  /** The forwardings that belong to this replay: those that wait, and those attempted since. */
  async #forwardingsOf(id: string): Promise<readonly Forwarding[]> {
    const { notifications } = await this.#client.request('events/get', { id });
    const forwardings = notifications.find((each) => each.id === id)?.forwardings ?? [];
    return forwardings.filter(({ destination, destinationId, state }) => {
      if (this.#to !== undefined) return destination === this.#to;
      // A waiting one may be discarded without an attempt, and still belongs to this replay.
      if (state === 'waiting' || state === 'held') this.#tried.add(keyOf(id, destinationId));
      return this.#missed || this.#tried.has(keyOf(id, destinationId));
    });
  }
}

function keyOf(notificationId: string, destinationId: string): string {
  return `${notificationId} ${destinationId}`;
}
