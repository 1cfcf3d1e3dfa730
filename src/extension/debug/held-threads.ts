import { heldCount } from '../../protocol/event-row.ts';
import type { HeldForwarding, Sending } from '../../protocol/debug.ts';
import type { Result } from '../../protocol/methods.ts';
import type { RelayClient } from '../../protocol/relay-client.ts';
import type { Edited } from './body-edits.ts';

/** Only the first held notifications are shown; the others are only counted. */
export const mostThreads = 50;

/** The thread for sending itself, so that there is always one to pause. */
export const sendingThread = 1;

export interface HeldThread {
  readonly id: number;
  readonly notificationId: string;
  readonly deliveryId: string;
  readonly forwardings: readonly HeldForwarding[];
  /** The event that met a breakpoint; otherwise the notification, which stands for its first event. */
  readonly asked: string;
  readonly found: Result<'events/get'>;
}

export interface HeldNow {
  readonly sending: Sending | undefined;
  readonly threads: readonly HeldThread[];
}

export function threadIdOf(notificationId: string): number {
  return Number(notificationId.slice(1)) + 1;
}

export class HeldReader {
  readonly #client: RelayClient;
  readonly #met = new Map<string, string>();
  #known: ReadonlyMap<string, HeldThread> = new Map();

  constructor(client: RelayClient) {
    this.#client = client;
  }

  met(notificationId: string, eventId: string): void {
    this.#met.set(notificationId, eventId);
  }

  /** @param edited shown even if no longer held, so that the edits aren't lost */
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

  async #heldOf({ deliveryId, first }: Edited, byNotification: Map<string, HeldForwarding[]>): Promise<void> {
    const after = first > 1 ? { after: `n${first - 1}` } : {};
    const { held } = await this.#client.request('debug/held', { limit: 200, ...after });
    for (const each of held) {
      if (each.deliveryId !== deliveryId || !isAtGate(each)) continue;
      byNotification.set(each.notificationId, [...(byNotification.get(each.notificationId) ?? []), each]);
    }
  }

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
    // The event that met a breakpoint may have been reported in the meantime.
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
