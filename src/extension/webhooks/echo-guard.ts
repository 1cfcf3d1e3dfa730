/** Detects an integration that echoes its own writes: the same address keeps arriving as Update. */
import type { EventRow } from '../../protocol/history.ts';

/** Number of updates of one address that make an echo, */
const updatesOfEcho = 4;
/** if each arrives within this time after the previous one, in milliseconds. */
const gapMs = 10_000;
/** Maximum number of watched addresses; the one idle for the longest time is removed. */
const maxWatched = 2000;

interface Watched {
  count: number;
  lastAt: number;
  lastDelivery: string;
}

export class EchoGuard {
  readonly #watched = new Map<string, Watched>();
  readonly #told = new Set<string>();

  /**
   * Checks an event. Injected events are ignored, and one delivery counts once.
   * @returns the address if it is first detected as an echo
   */
  observe(row: EventRow): string | undefined {
    const { type, address, list, injected, deliveryId, source } = row;
    if (source !== 'campaign-monitor' || injected || address === null || type?.toLowerCase() !== 'update') {
      return undefined;
    }
    const key = `${list ?? ''} ${address.toLowerCase()}`;
    const at = Date.parse(row.receivedAt);
    const known = this.#watched.get(key);
    this.#watched.delete(key);
    const count =
      known === undefined || at - known.lastAt > gapMs ? 1 : known.count + (known.lastDelivery === deliveryId ? 0 : 1);
    this.#watched.set(key, { count, lastAt: at, lastDelivery: deliveryId });
    const [oldest] = this.#watched.keys();
    if (this.#watched.size > maxWatched && oldest !== undefined) this.#watched.delete(oldest);
    if (count < updatesOfEcho || this.#told.has(key)) return undefined;
    this.#told.add(key);
    return address;
  }
}
