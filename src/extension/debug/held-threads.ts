/** What the relay holds, as threads: each notification that pause or a breakpoint holds is one. */
import { heldCount } from '../../common/held-count.ts';
import type { HeldForwarding, Sending } from '../../protocol/debug.ts';
import type { Result } from '../../protocol/methods.ts';
import type { RelayClient } from '../../protocol/relay-client.ts';
import type { Edited } from './body-edits.ts';

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
  /** What was asked for: the event that met a breakpoint, else the notification, which means its first. */
  readonly asked: string;
  /** All that is known of its event. */
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
  }

  /**
   * How sending stands now.
   * @param edited what of them is shown wherever it stands: it goes with Continue, and is not to be lost
   * @throws RelayRequestError
   */
  async read(edited: readonly Edited[]): Promise<HeldNow> {
    const { sending } = await this.#client.request('relay/status', {});
    if (heldCount(sending.held) === 0) {
      this.#known = new Map();
      this.#met.clear();
      return { sending, threads: [] };
    }
    const held = await this.#held();
    const shown = new Set([...held.values()].flatMap((all) => all.map(({ deliveryId }) => deliveryId)));
    for (const each of edited) if (!shown.has(each.deliveryId)) await this.#heldOf(each, held);
    const known = this.#known;
    const threads = await Promise.all(
      [...held].map(([notificationId, forwardings]) =>
        this.#thread(notificationId, forwardings, known.get(notificationId)),
      ),
    );
    this.#known = new Map(threads.map((each) => [each.notificationId, each]));
    return { sending, threads };
  }

  /** The first notifications that pause or a breakpoint holds, in order. */
  async #held(): Promise<Map<string, HeldForwarding[]>> {
    const byNotification = new Map<string, HeldForwarding[]>();
    let after: string | undefined;
    for (;;) {
      const page = await this.#client.request('debug/held', { limit: 200, ...(after !== undefined && { after }) });
      for (const each of page.held) {
        after = each.notificationId;
        if (!isAtGate(each)) continue;
        const forwardings = byNotification.get(after);
        if (forwardings !== undefined) forwardings.push(each);
        else if (byNotification.size < mostThreads) byNotification.set(after, [each]);
        else return byNotification;
      }
      if (!page.more) return byNotification;
    }
  }

  /** Adds what is held of a delivery. */
  async #heldOf({ deliveryId, first }: Edited, byNotification: Map<string, HeldForwarding[]>): Promise<void> {
    const after = first > 1 ? { after: `n${first - 1}` } : {};
    const { held } = await this.#client.request('debug/held', { limit: 200, ...after });
    for (const each of held) {
      if (each.deliveryId !== deliveryId || !isAtGate(each)) continue;
      byNotification.set(each.notificationId, [...(byNotification.get(each.notificationId) ?? []), each]);
    }
  }

  /** @param before as it was known */
  async #thread(
    notificationId: string,
    forwardings: readonly HeldForwarding[],
    before: HeldThread | undefined,
  ): Promise<HeldThread> {
    const asked = this.#met.get(notificationId) ?? notificationId;
    if (before?.asked === asked && isSame(before.forwardings, forwardings)) return before;
    const found = await this.#client.request('events/get', { id: asked });
    const deliveryId = found.delivery.id;
    const thread = { id: threadIdOf(notificationId), notificationId, deliveryId, forwardings, asked, found };
    // Which event met a breakpoint may have been told meanwhile.
    return this.#thread(notificationId, forwardings, thread);
  }
}

function isAtGate({ heldBy }: HeldForwarding): boolean {
  return heldBy === 'pause' || heldBy === 'breakpoint';
}

function isSame(before: readonly HeldForwarding[], now: readonly HeldForwarding[]): boolean {
  const told = (all: readonly HeldForwarding[]): string =>
    all.map(({ destinationId, heldBy, attempts }) => `${destinationId} ${heldBy} ${attempts}`).join('\n');
  return told(before) === told(now);
}
