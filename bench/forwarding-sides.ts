/** Ways to one callback, which (b) and (m) measure: a slice of one is over when the callback has had all of it. */
import { setTimeout as delay } from 'node:timers/promises';
import type { CountOrder, OpenOrder } from './callback.ts';
import { connections, sustain } from './generator.ts';
import type { Generator } from './generator.ts';
import { end, Helper, idle, processorTime, removeFolder, startRelay, temporaryFolder } from './processes.ts';
import type { RelayServer, Server } from './processes.ts';
import { checkAnswer, newSide } from './turns.ts';
import type { Side, Slice } from './turns.ts';

/** The relay's, with that concurrency. */
export function relayName(concurrency: number): string {
  return `\`cm-relay listen --json\`, concurrency ${concurrency}`;
}

/**
 * Waits until nothing waits in a relay.
 * @throws Error where something failed or is held
 */
export async function drained(relay: RelayServer): Promise<void> {
  // Only now: a client that is attached costs the relay something.
  const client = await relay.client();
  try {
    for (;;) {
      const { waiting, held, failed } = (await client.request('relay/status', {})).counts;
      if (failed + held > 0) throw new Error(`${failed} notifications failed and ${held} are held`);
      if (waiting === 0) return;
      await delay(5);
    }
  } finally {
    client.close();
  }
}

export class ForwardingSides {
  /** Where all sides lead. */
  readonly url: string;
  /** What the callback took of the processor in the slices, in milliseconds, and how many notifications it had. */
  callbackMs = 0;
  notifications = 0;
  readonly #generator: Generator;
  readonly #callback: Helper;
  readonly #relays = new Map<Side, RelayServer>();
  readonly #sides: Side[] = [];

  private constructor(generator: Generator, callback: Helper, url: string) {
    this.#generator = generator;
    this.#callback = callback;
    this.url = url;
  }

  /** Starts the callback, a process of its own. */
  static async start(generator: Generator): Promise<ForwardingSides> {
    const callback = new Helper('callback');
    return new ForwardingSides(generator, callback, await callback.ask<string>({ kind: 'open' } satisfies OpenOrder));
  }

  add(what: string, server: Server): Side {
    const side = newSide(what, server);
    this.#sides.push(side);
    return side;
  }

  /** Starts a relay that forwards so many at once. */
  async addRelay(concurrency: number): Promise<Side> {
    const settings = { destinations: [{ url: this.url }], concurrency };
    const server = await startRelay('listen --json', temporaryFolder(), settings);
    const side = this.add(relayName(concurrency), server);
    this.#relays.set(side, server);
    return side;
  }

  /** Runs a slice of each side that does not count: code is compiled. */
  async warmUp(seconds: number): Promise<void> {
    for (const side of this.#sides) {
      await checkAnswer(side);
      await this.slice(side, seconds);
      await idle(side.server.child);
    }
    this.callbackMs = 0;
    this.notifications = 0;
  }

  async slice(side: Side, seconds: number): Promise<Slice> {
    await this.#callback.ask<string>({ kind: 'open' } satisfies OpenOrder);
    const usedBefore = processorTime(this.#callback.pid) ?? NaN;
    const started = performance.now();
    const load = await sustain(this.#generator, side.server.url, side.next, seconds);
    side.next += load.requests + connections;
    side.answered += load.requests;
    const order: CountOrder = { kind: 'count', total: load.requests };
    await this.#callback.ask<number>(order);
    const relay = this.#relays.get(side);
    if (relay !== undefined) await drained(relay);
    const took = (performance.now() - started) / 1000;
    const count = await this.#callback.ask<number>(order);
    this.callbackMs += (processorTime(this.#callback.pid) ?? NaN) - usedBefore;
    this.notifications += count;
    return { count, seconds: took, load };
  }

  async end(): Promise<void> {
    await Promise.all([this.#callback.end(), ...this.#sides.map(({ server }) => end(server.child))]);
    for (const { dataDir } of this.#relays.values()) removeFolder(dataDir);
  }
}
