/** Forced responses end after their time at the latest, and with the relay: nothing of them is stored. */
import type { ServerResponse } from 'node:http';
import type { Answering, AskedAnswer } from '../../protocol/answering.ts';
import { clientName } from '../../protocol/event-row.ts';
import { iso } from '../log/protocol-shapes.ts';

export interface Purpose {
  readonly status: number;
  readonly delayMs: number;
  /** Milliseconds since the epoch. */
  readonly since: number;
  readonly until: number;
  readonly by: AskedAnswer['by'];
  remaining: number;
  answered: number;
}

export interface AnswerOnPurposeOptions {
  onChange(): void;
  log(level: 'info', message: string): void;
  /** Each delayed response holds a connection of the sender, or of the tunnel. */
  readonly mostDelayed?: number;
  readonly now?: () => number;
}

/** A tenth of the connections of the webhook endpoint. */
const mostDelayed = 100;

export class AnswerOnPurpose {
  current: Purpose | null = null;
  readonly #options: AnswerOnPurposeOptions;
  readonly #mostDelayed: number;
  readonly #now: () => number;
  readonly #delayed = new Set<() => void>();
  #timer: NodeJS.Timeout | undefined;
  /** Its count is used up, but not its time: a delivery that can't be stored gives its place back. */
  #usedUp: Purpose | null = null;

  constructor(options: AnswerOnPurposeOptions) {
    this.#options = options;
    this.#mostDelayed = options.mostDelayed ?? mostDelayed;
    this.#now = options.now ?? Date.now;
  }

  get answering(): Answering {
    const purpose = this.#inTime();
    if (purpose === null) return { state: 'as-usual' };
    const { status, delayMs, remaining, since, until, by } = purpose;
    const left = remaining === Infinity ? null : remaining;
    return { state: 'on-purpose', status, delayMs, remaining: left, since: iso(since), until: iso(until), by };
  }

  get delayed(): number {
    return this.#delayed.size;
  }

  begin({ status, delayMs, forMs, count, by }: AskedAnswer): void {
    this.#leave();
    this.hurry();
    const since = this.#now();
    const until = since + forMs;
    const purpose: Purpose = { status, delayMs, since, until, by, remaining: count ?? Infinity, answered: 0 };
    this.current = purpose;
    // The clock may be changed, and the machine may sleep: the first of both limits ends it.
    this.#timer = setTimeout(() => this.#timeIsUp(), forMs);
    this.#timer.unref();
    const limit = count === undefined ? '' : `, at most ${count} deliveries`;
    const wait = delayMs === 0 ? '' : ` after ${delayMs} ms`;
    this.#options.log(
      'info',
      `answering deliveries on purpose with ${status}${wait} until ${iso(until)}${limit}; asked by ${clientName(by)}`,
    );
    this.#options.onChange();
  }

  end(): void {
    if (this.current !== null) this.#ended('asked to', this.current);
    this.#leave();
    this.hurry();
    this.#options.onChange();
  }

  hurry(): void {
    for (const go of [...this.#delayed]) go();
  }

  /** Counts a delivery. @returns null if its response isn't forced */
  take(): Purpose | null {
    const purpose = this.#inTime();
    if (purpose === null) return null;
    purpose.answered += 1;
    purpose.remaining -= 1;
    if (purpose.remaining === 0) {
      this.current = null;
      this.#usedUp = purpose;
      this.#ended('by its count', purpose);
      this.#options.onChange();
    }
    return purpose;
  }

  /** A counted delivery could not be stored, so it did not receive the forced response. */
  giveBack(purpose: Purpose): void {
    if (purpose !== this.current && purpose !== this.#usedUp) return;
    purpose.answered -= 1;
    purpose.remaining += 1;
    if (purpose === this.current) return;
    this.#usedUp = null;
    this.current = purpose;
    this.#options.onChange();
  }

  due(response: ServerResponse, delayMs: number): Promise<void> | undefined {
    if (delayMs === 0 || this.#delayed.size >= this.#mostDelayed || response.destroyed) return undefined;
    return new Promise((resolve) => {
      const go = (): void => {
        this.#delayed.delete(go);
        clearTimeout(timer);
        response.off('close', go);
        resolve();
      };
      const timer = setTimeout(go, delayMs);
      this.#delayed.add(go);
      response.once('close', go);
    });
  }

  #inTime(): Purpose | null {
    const { current } = this;
    if (current === null || this.#now() < current.until) return current;
    this.#timeIsUp();
    return null;
  }

  /** Delayed responses keep their delay, as the sender is meant to see it. */
  #timeIsUp(): void {
    const { current } = this;
    this.#leave();
    if (current === null) return;
    this.#ended('by its time', current);
    this.#options.onChange();
  }

  #leave(): void {
    clearTimeout(this.#timer);
    this.current = null;
    this.#usedUp = null;
  }

  #ended(why: string, { status, answered }: Purpose): void {
    this.#options.log('info', `answering deliveries as usual again, ${why}; answered with ${status}: ${answered}`);
  }
}
