/** What becomes of notifications that are sent again. */
import type { RelayClient } from '../../protocol/relay-client.ts';
import type { Forwarding } from '../../protocol/history.ts';
import { lookUntil } from '../look-until.ts';

/** How many ended how, a destination of a notification each. */
export interface Outcomes {
  readonly sent: number;
  readonly failed: number;
  readonly discarded: number;
  /** Those that had not ended in time, be it that they are held. */
  readonly waiting: number;
}

/** To be made before the replay, so that no attempt of it is missed. */
export class ReplayOutcomes {
  readonly #client: RelayClient;
  readonly #to: string | undefined;
  /** What was attempted since then or waited, by notification and destination. */
  readonly #tried = new Set<string>();
  /** Whether the relay left attempts out, since this reads too slowly. */
  #missed = false;

  /** @param to the one destination of the replay, where it names one */
  constructor(client: RelayClient, to: string | undefined) {
    this.#client = client;
    this.#to = to;
    client.on('attempt/recorded', ({ attempts, missed }) => {
      for (const { notificationId, destinationId } of attempts) this.#tried.add(keyOf(notificationId, destinationId));
      if (missed > 0) this.#missed = true;
    });
  }

  /**
   * Waits for the end of each.
   * @param timeoutMs how long at most, in milliseconds
   * @returns the outcomes, and the first notification that was not sent
   */
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

  /** The forwardings of a notification that are of this replay: those that wait, and those that were tried since. */
  async #forwardingsOf(id: string): Promise<readonly Forwarding[]> {
    const { notifications } = await this.#client.request('events/get', { id });
    const forwardings = notifications.find((each) => each.id === id)?.forwardings ?? [];
    return forwardings.filter(({ destination, destinationId, state }) => {
      if (this.#to !== undefined) return destination === this.#to;
      // What waits may be discarded without an attempt: it stays one of this replay.
      if (state === 'waiting' || state === 'held') this.#tried.add(keyOf(id, destinationId));
      return this.#missed || this.#tried.has(keyOf(id, destinationId));
    });
  }
}

function keyOf(notificationId: string, destinationId: string): string {
  return `${notificationId} ${destinationId}`;
}
