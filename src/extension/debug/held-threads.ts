/** What the relay holds, as threads: each notification that pause or a breakpoint holds is one. */
import { heldCount } from '../../common/held-count.ts';
import type { HeldForwarding, Sending } from '../../protocol/debug.ts';
import type { Result } from '../../protocol/methods.ts';
import type { RelayClient } from '../../protocol/relay-client.ts';

/** Held notifications that are shown, the first in order; of the others it is said how many they are. */
export const mostThreads = 50;

/** The thread that stands for sending itself: there is always one to pause. */
export const sendingThread = 1;

/** A held notification. */
export interface HeldThread {
  /** The number of its notification, and one more. */
  readonly id: number;
  readonly notificationId: string;
  readonly deliveryId: string;
  /** To each destination for which pause or a breakpoint holds it. */
  readonly forwardings: readonly HeldForwarding[];
  /** All that is known of its event: the one that met a breakpoint, else its first. */
  readonly found: Result<'events/get'>;
}

/** How sending stands, with what is held, in order. */
export interface HeldNow {
  readonly sending: Sending | undefined;
  readonly threads: readonly HeldThread[];
}

/** The id of a notification's thread. @param notificationId such as `n9` */
export function threadIdOf(notificationId: string): number {
  return Number(notificationId.slice(1)) + 1;
}

/** Reads what is held. */
export class HeldReader {
  readonly #client: RelayClient;
  /** By notification: which of its events met a breakpoint. */
  readonly #met = new Map<string, string>();
  /** By notification, for as long as it is held and nothing was tried. */
  #known: ReadonlyMap<string, HeldThread> = new Map();

  constructor(client: RelayClient) {
    this.#client = client;
  }

  /** An event of a notification met a breakpoint: it is the one that is shown. */
  met(notificationId: string, eventId: string): void {
    this.#met.set(notificationId, eventId);
    const known = new Map(this.#known);
    known.delete(notificationId);
    this.#known = known;
  }

  /**
   * How sending stands now.
   * @throws RelayRequestError
   */
  async read(): Promise<HeldNow> {
    const { sending } = await this.#client.request('relay/status', {});
    if (heldCount(sending.held) === 0) {
      this.#known = new Map();
      this.#met.clear();
      return { sending, threads: [] };
    }
    const known = new Map<string, HeldThread>();
    for (const [notificationId, forwardings] of await this.#held()) {
      const before = this.#known.get(notificationId);
      const thread = isSame(before, forwardings) ? before : await this.#thread(notificationId, forwardings);
      if (thread !== undefined) known.set(notificationId, thread);
    }
    this.#known = known;
    return { sending, threads: [...known.values()] };
  }

  /** The first notifications that pause or a breakpoint holds, in order. */
  async #held(): Promise<Map<string, HeldForwarding[]>> {
    const byNotification = new Map<string, HeldForwarding[]>();
    let after: string | undefined;
    for (;;) {
      const page = await this.#client.request('debug/held', { limit: 200, ...(after !== undefined && { after }) });
      for (const each of page.held) {
        after = each.notificationId;
        if (each.heldBy !== 'pause' && each.heldBy !== 'breakpoint') continue;
        const forwardings = byNotification.get(after);
        if (forwardings !== undefined) forwardings.push(each);
        else if (byNotification.size < mostThreads) byNotification.set(after, [each]);
        else return byNotification;
      }
      if (!page.more) return byNotification;
    }
  }

  async #thread(notificationId: string, forwardings: readonly HeldForwarding[]): Promise<HeldThread | undefined> {
    const [first] = forwardings;
    if (first === undefined) return undefined;
    const id = this.#met.get(notificationId) ?? notificationId;
    const found = await this.#client.request('events/get', { id });
    return { id: threadIdOf(notificationId), notificationId, deliveryId: first.deliveryId, forwardings, found };
  }
}

function isSame(before: HeldThread | undefined, now: readonly HeldForwarding[]): before is HeldThread {
  const told = (all: readonly HeldForwarding[]): string =>
    all.map(({ destinationId, heldBy, attempts }) => `${destinationId} ${heldBy} ${attempts}`).join('\n');
  return before !== undefined && told(before.forwardings) === told(now);
}
