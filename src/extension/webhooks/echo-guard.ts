/** Tells an integration that echoes its own writes: the same address keeps arriving as Update. */
import type { EventRow } from '../../protocol/history.ts';

/** So many updates of one address make an echo, */
const updatesOfEcho = 4;
/** where each comes so soon after the one before, in milliseconds. */
const gapMs = 10_000;
/** Addresses that are watched at a time; the one that was quiet longest makes room. */
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
   * Takes an event that arrived. What was sent by hand is no echo, and one delivery counts once.
   * @returns the address where it is seen for the first time to echo
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
