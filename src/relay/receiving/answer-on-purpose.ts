/**
 * How the webhook endpoint answers deliveries: as usual, or on purpose, with a status that the user asked for, after a
 * delay. It ends by itself, by its time at the latest, and with the relay: nothing of it is kept.
 */
import type { ServerResponse } from 'node:http';
import type { Answering, AskedAnswer } from '../../protocol/answering.ts';
import { clientName } from '../../protocol/debug.ts';
import { iso } from '../log/protocol-shapes.ts';

/** What was asked for, as far as it has come. */
export interface Purpose {
  readonly status: number;
  /** Milliseconds. */
  readonly delayMs: number;
  /** Milliseconds since the epoch. */
  readonly since: number;
  readonly until: number;
  readonly by: AskedAnswer['by'];
  /** Deliveries still to be answered so; Infinity where that is not limited. */
  remaining: number;
  /** Deliveries that were answered so. */
  answered: number;
}

export interface AnswerOnPurposeOptions {
  /** It began, or ended by itself. */
  onChange(): void;
  log(level: 'info', message: string): void;
  /** Answers that may wait at a time: each holds a connection of the sender, or of the tunnel. */
  readonly mostDelayed?: number;
  /** Milliseconds since the epoch: another clock for tests. */
  readonly now?: () => number;
}

/** A tenth of the connections of the webhook endpoint. */
const mostDelayed = 100;

/** Knows whether deliveries are answered on purpose, and holds back the answers that are to come later. */
export class AnswerOnPurpose {
  /** What is in force; null while deliveries are answered as usual. A field: each delivery looks at it. */
  current: Purpose | null = null;
  readonly #options: AnswerOnPurposeOptions;
  readonly #mostDelayed: number;
  readonly #now: () => number;
  /** Each lets one answer go. */
  readonly #delayed = new Set<() => void>();
  #timer: NodeJS.Timeout | undefined;
  /** The one whose count is used up, while its time is not: what could not be stored is to be answered so after all. */
  #usedUp: Purpose | null = null;

  constructor(options: AnswerOnPurposeOptions) {
    this.#options = options;
    this.#mostDelayed = options.mostDelayed ?? mostDelayed;
    this.#now = options.now ?? Date.now;
  }

  /** How deliveries are answered now, as clients are told. */
  get answering(): Answering {
    const purpose = this.#inTime();
    if (purpose === null) return { state: 'as-usual' };
    const { status, delayMs, remaining, since, until, by } = purpose;
    const left = remaining === Infinity ? null : remaining;
    return { state: 'on-purpose', status, delayMs, remaining: left, since: iso(since), until: iso(until), by };
  }

  /** How many answers wait. */
  get delayed(): number {
    return this.#delayed.size;
  }

  /** Answers so from now on, in place of what was asked for before. */
  begin({ status, delayMs, forMs, count, by }: AskedAnswer): void {
    this.#leave();
    this.hurry();
    const since = this.#now();
    const until = since + forMs;
    const purpose: Purpose = { status, delayMs, since, until, by, remaining: count ?? Infinity, answered: 0 };
    this.current = purpose;
    // The clock may be set, and a machine may sleep: whichever of both comes first ends it.
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

  /** Answers as usual from now on; answers that wait go out at once. */
  end(): void {
    if (this.current !== null) this.#ended('asked to', this.current);
    this.#leave();
    this.hurry();
    this.#options.onChange();
  }

  /** Lets all answers that wait go at once. */
  hurry(): void {
    for (const go of [...this.#delayed]) go();
  }

  /**
   * Has one delivery answered on purpose.
   * @returns null where the time for that is over
   */
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

  /** A delivery that was taken could not be stored, and so was not answered on purpose. */
  giveBack(purpose: Purpose): void {
    if (purpose !== this.current && purpose !== this.#usedUp) return;
    purpose.answered -= 1;
    purpose.remaining += 1;
    if (purpose === this.current) return;
    this.#usedUp = null;
    this.current = purpose;
    this.#options.onChange();
  }

  /**
   * Waits until an answer is due: for the delay, unless too many wait already, all are let go, or the sender is gone.
   * @param delayMs milliseconds
   */
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

  /** No further delivery is answered so; what waits is answered when it is due, as the sender is to see it. */
  #timeIsUp(): void {
    const { current } = this;
    this.#leave();
    if (current === null) return;
    this.#ended('by its time', current);
    this.#options.onChange();
  }

  /** What was asked for before is over. */
  #leave(): void {
    clearTimeout(this.#timer);
    this.current = null;
    this.#usedUp = null;
  }

  #ended(why: string, { status, answered }: Purpose): void {
    this.#options.log('info', `answering deliveries as usual again, ${why}; answered with ${status}: ${answered}`);
  }
}
