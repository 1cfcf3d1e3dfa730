/** A world for checks in which time passes at once: its clock goes on as soon as nothing is done any more. */
import { setImmediate } from 'node:timers/promises';
import { say } from '../../src/common/say.ts';
import { settlingOf } from '../../src/check/settling.ts';
import { exchange, piecesOf, type Answer } from '../../src/check/exchange.ts';
import type { Message } from '../../src/check/messages.ts';
import { ProbeError, type KeptPage, type Probe } from '../../src/check/probe.ts';
import type { RunContext } from '../../src/check/run.ts';
import { newRun, sourcesOf } from '../../src/check/sources.ts';
import type { Target } from '../../src/check/target.ts';
import { realWorld, type World } from '../../src/check/world.ts';
import { SecretMask } from '../../src/common/masking.ts';
import type { Received, RightHandler } from './handlers.ts';

/** A handler as it is asked: of those that end by what they are sent, whether it is there. */
export interface Asked extends Pick<RightHandler, 'take' | 'cut' | 'count' | 'page'> {
  readonly isDown?: boolean;
}

/** In how many milliseconds a request is there, and an answer back. */
const wayMs = 1;

export class VirtualWorld implements World {
  #now = 0;
  readonly #timers: { readonly at: number; readonly go: () => void }[] = [];
  /** Until it is done no time passes. */
  protected readonly real = new Set<Promise<unknown>>();
  handler: Asked | undefined;

  now(): number {
    return this.#now;
  }

  wait(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const at = this.#now + Math.max(0, ms);
      const timer = { at, go: resolve };
      const giveUp = (): void => {
        const place = this.#timers.indexOf(timer);
        if (place >= 0) this.#timers.splice(place, 1);
        reject(signal?.reason as Error);
      };
      if (signal?.aborted === true) {
        giveUp();
        return;
      }
      signal?.addEventListener('abort', giveUp, { once: true });
      const behind = this.#timers.findLastIndex((each) => each.at <= at);
      this.#timers.splice(behind + 1, 0, timer);
    });
  }

  isListening(): Promise<boolean> {
    return Promise.resolve(this.handler !== undefined && this.handler.isDown !== true);
  }

  async exchange(_target: Target, message: Message, timeoutMs: number, signal: AbortSignal): Promise<Answer> {
    const started = this.#now;
    const { handler } = this;
    if (handler === undefined || handler.isDown === true)
      return { kind: 'unreachable', error: 'connect ECONNREFUSED', ms: 0 };
    const { manner, body } = message;
    const headers = Object.fromEntries(message.headers.map(([name, value]) => [name.toLowerCase(), value]));
    const bodyMs = manner.kind === 'slow' ? manner.ms : 0;
    const pieces = manner.kind === 'slow' ? piecesOf(body) : [body];
    const received: Received = { headers, body, pieces, bodyMs };
    await this.wait(wayMs + bodyMs, signal);
    if (manner.kind === 'cut') handler.cut(received);
    const taken = manner.kind === 'cut' ? Promise.resolve(0) : handler.take(received);
    if (manner.kind === 'cut' || manner.kind === 'unanswered') return { kind: 'left', ms: this.#now - started };
    const late = this.wait(timeoutMs, signal).then(() => null);
    const status = await Promise.race([taken, late]);
    await this.wait(wayMs, signal);
    const ms = this.#now - started;
    if (status === null) return { kind: 'broken', error: say('no complete answer within {0} ms', timeoutMs), ms };
    return { kind: 'answer', status, headers: [], body: Buffer.alloc(0), truncated: false, ms };
  }

  /** Does work, and lets time pass whenever all that is under way waits for it. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    let isDone = false as boolean;
    const going = work().finally(() => (isDone = true));
    going.catch(() => undefined);
    for (;;) {
      await setImmediate();
      if (isDone) return going;
      if (this.real.size > 0) {
        await Promise.race(this.real).catch(() => undefined);
        continue;
      }
      const next = this.#timers.shift();
      if (next === undefined) throw new Error('nothing is waited for, and nothing is done');
      this.#now = Math.max(this.#now, next.at);
      next.go();
    }
  }
}

/** A world of a callback behind a socket: it takes this machine's time, and what is waited for passes at once. */
export class ProcessWorld extends VirtualWorld {
  override isListening(url?: URL): Promise<boolean> {
    return this.#awaitReal(url === undefined ? Promise.resolve(false) : realWorld.isListening(url));
  }

  override async exchange(target: Target, message: Message, timeoutMs: number, signal: AbortSignal): Promise<Answer> {
    const answer = await this.#awaitReal(exchange(target, message, timeoutMs, signal));
    if (message.manner.kind === 'slow') await this.wait(message.manner.ms, signal);
    return answer;
  }

  probeOf(probe: Probe): Probe {
    return { read: (signal) => this.#awaitReal(probe.read(signal)) };
  }

  pageOf({ who, ...page }: KeptPage): KeptPage {
    return { who, missing: (texts, signal) => this.#awaitReal(page.missing(texts, signal)) };
  }

  /** Lets no time pass in this world until work is done that takes time of this machine's. */
  async #awaitReal<T>(work: Promise<T>): Promise<T> {
    this.real.add(work);
    try {
      return await work;
    } finally {
      this.real.delete(work);
    }
  }
}

/** How a page that shows contacts has them. */
export interface PageOptions {
  readonly size: number;
  readonly order: 'oldest' | 'newest' | 'address' | 'date';
  readonly isReversed: boolean;
}

/** What checks are run with in a world of a handler, which has a probe and a page, signed by a key. */
export function contextIn(world: VirtualWorld, key: string, page?: PageOptions): RunContext {
  return {
    target: {
      url: new URL('http://callback.example/'),
      headers: [],
      signatureKey: key,
      timeoutMs: 10_000,
      insecureTls: false,
      mask: new SecretMask([]),
    },
    probe: probeOf(world),
    kept: pageOf(world, page),
    sources: sourcesOf({ folder: null, fromHistory: null }),
    run: newRun(),
    settling: settlingOf(),
    signal: new AbortController().signal,
    world: {
      now: () => world.now(),
      wait: (ms, signal) => world.wait(ms, signal),
      exchange: (...all) => world.exchange(...all),
      isListening: () => world.isListening(),
    },
  };
}

function probeOf(world: VirtualWorld): Probe {
  return {
    async read(signal) {
      await world.wait(wayMs, signal);
      if (world.handler === undefined || world.handler.isDown === true) throw new ProbeError('it is not there');
      return world.handler.count;
    },
  };
}

function pageOf(world: VirtualWorld, options?: PageOptions): KeptPage {
  return {
    who: say('the page {0}', 'http://callback.example/contacts'),
    async missing(texts, signal) {
      await world.wait(wayMs, signal);
      const all = (world.handler?.page ?? []).map((each) => ({ ...each, text: `${each.address} ${each.name}` }));
      if (options?.order === 'newest') all.reverse();
      if (options?.order === 'address') all.sort((a, b) => (a.address < b.address ? -1 : 1));
      if (options?.order === 'date') all.sort((a, b) => a.at - b.at);
      if (options?.isReversed === true) all.reverse();
      const shown = all.slice(0, options?.size).map(({ text }) => text);
      const found = shown.join('\n').toLowerCase();
      return { texts: texts.filter((text) => !found.includes(text.toLowerCase())), isBroken: false };
    },
  };
}
