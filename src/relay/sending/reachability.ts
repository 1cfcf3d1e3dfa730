/**
 * Whether a destination can be reached, and what its last attempts came to. While it is down, one notification at a time
 * tries it, less and less often.
 */
import type { Verdict } from '../../common/retry-verdict.ts';
import type { DestinationStatus } from '../../protocol/status.ts';
import type { SendResult } from './outbound.ts';

const firstProbeMs = 250;
/** Between two that try it, at most; on this machine, where somebody starts and stops it all day, less. */
const longestPauseMs = 30_000;
const longestLocalPauseMs = 3000;

export interface ReachabilityOptions {
  /** Called when it may be tried. */
  onDue(): void;
  /** Called when it goes down or comes back. */
  onChange(): void;
  /** Whether it is on this machine. */
  isLocal(): boolean;
  log(level: 'warn' | 'info', message: string): void;
}

interface Down {
  /** Since when, in milliseconds since the epoch. */
  readonly since: number;
  readonly detail: string;
  delayMs: number;
  readonly timer: NodeJS.Timeout;
  /** When that is, in milliseconds since the epoch. */
  readonly dueAt: number;
  /** It is time to try it: whether anything may be sent to try it with is not known here. */
  isDue: boolean;
  /** The notification that tries it, while that is under way. */
  probe: number | null;
}

/** Whether a destination is down, and when it is tried next. */
export class Reachability {
  readonly #options: ReachabilityOptions;
  #down: Down | undefined;
  /** What the last attempt came to; undefined before the first. */
  #last: { readonly state: 'up' | 'failing' | 'down'; readonly status: number | null } | undefined;
  #failed = 0;

  constructor(options: ReachabilityOptions) {
    this.#options = options;
  }

  /** Whether it cannot be reached. */
  get isDown(): boolean {
    return this.#down !== undefined;
  }

  /** How it stands by the last attempt. */
  get state(): Exclude<DestinationStatus['state'], 'held'> {
    return this.isDown ? 'down' : (this.#last?.state ?? 'untried');
  }

  /** The status of the last attempt; null if there was no response. */
  get lastStatus(): number | null {
    return this.#last?.status ?? null;
  }

  /** How many notifications have failed since one was accepted. */
  get failedCount(): number {
    return this.#failed;
  }

  /** It was tried. @param isCounted a notification that fails for the first time, and wasn't discarded */
  tried(result: SendResult, { outcome }: Verdict, isCounted: boolean): void {
    const state = outcome === 'sent' ? 'up' : result.kind === 'unreachable' ? 'down' : 'failing';
    this.#last = { state, status: result.kind === 'answer' ? result.status : null };
    if (outcome === 'sent') this.#failed = 0;
    else if (outcome === 'failed' && isCounted) this.#failed += 1;
  }

  /** It is another one by now, which was not tried yet. */
  replaced(): void {
    this.#last = undefined;
    this.#failed = 0;
    this.up();
  }

  /** Whether the next may be sent as far as this goes: while it is down, one when its time has come. */
  get mayTry(): boolean {
    return this.#down === undefined || (this.#down.isDue && this.#down.probe === null);
  }

  /** Why it cannot be reached; null where it can. */
  get detail(): string | null {
    return this.#down === undefined ? null : `cannot be reached: ${this.#down.detail}`;
  }

  /** Since when it cannot be reached, in milliseconds since the epoch; null where it can. */
  get downSince(): number | null {
    return this.#down?.since ?? null;
  }

  /** When it is tried next, in milliseconds since the epoch; null where it can be reached, or is being tried. */
  get nextTryAt(): number | null {
    return this.#down === undefined || this.#down.isDue || this.#down.probe !== null ? null : this.#down.dueAt;
  }

  /** A notification tries it from now on. */
  probing(notificationId: number): void {
    if (this.#down === undefined) return;
    clearTimeout(this.#down.timer);
    this.#down.probe = notificationId;
  }

  /** It may be tried at once, however long it has been down, and where that fails soon again. */
  tryNow(): void {
    if (this.#down === undefined) return;
    clearTimeout(this.#down.timer);
    this.#down.isDue = true;
    this.#down.delayMs = 0;
  }

  /**
   * A notification could not reach it.
   * @param detail why
   * @param place the destination as it stands in the log
   */
  failed(notificationId: number, detail: string, place: string): void {
    if (this.#down === undefined) {
      const waits = 'its notifications wait until it answers';
      this.#options.log('warn', `cannot reach ${place} (${detail}): ${waits}`);
      this.#waitFor(firstProbeMs, detail, Date.now());
      this.#options.onChange();
    } else if (this.#down.probe === notificationId) {
      const { delayMs, since } = this.#down;
      const longestMs = this.#options.isLocal() ? longestLocalPauseMs : longestPauseMs;
      this.#waitFor(Math.min(Math.max(delayMs * 2, firstProbeMs), longestMs), detail, since);
    }
  }

  #waitFor(delayMs: number, detail: string, since: number): void {
    const timer = setTimeout(() => {
      down.isDue = true;
      this.#options.onDue();
    }, delayMs);
    const down: Down = { since, detail, delayMs, dueAt: Date.now() + delayMs, probe: null, isDue: false, timer };
    this.#down = down;
  }

  /**
   * It was reached, or nothing is left to try it with: it is not known any more to be down.
   * @param answered as it stands in the log, where it answered
   */
  up(answered?: string): void {
    if (this.#down === undefined) return;
    clearTimeout(this.#down.timer);
    this.#down = undefined;
    if (answered === undefined) this.#last = undefined;
    if (answered !== undefined) this.#options.log('info', `${answered} answers again`);
    this.#options.onChange();
  }

  /** Tries it no more. */
  close(): void {
    clearTimeout(this.#down?.timer);
  }
}
