/** An integration that echoes its own writes sends Update for the same address again and again. */
import type { EventRow } from '../../protocol/history.ts';

const updatesOfEcho = 4;
/** Maximum time between two updates of an echo, in milliseconds. */
const gapMs = 10_000;
/** Above this, the address that was idle longest is removed. */
const maxWatched = 2000;

interface Watched {
  count: number;
  lastAt: number;
  lastDelivery: string;
}

export class EchoGuard {
  readonly #watched = new Map<string, Watched>();
  readonly #told = new Set<string>();

  /** Returns the address when it is first detected as an echo. Ignores injected events, and counts a delivery once. */
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
