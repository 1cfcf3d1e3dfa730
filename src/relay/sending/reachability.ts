/** While a destination is down, one notification at a time tries it, with growing pauses. */
import type { Verdict } from '../../common/retry-verdict.ts';
import type { DestinationStatus } from '../../protocol/status.ts';
import type { SendResult } from './outbound.ts';

const firstProbeMs = 250;
/** Shorter on this machine, where the developer starts and stops the callback all day. */
const longestPauseMs = 30_000;
const longestLocalPauseMs = 3000;

export interface ReachabilityOptions {
  onDue(): void;
  onChange(): void;
  isLocal(): boolean;
  log(level: 'warn' | 'info', message: string): void;
}

interface Down {
  /** Milliseconds since the epoch. */
  readonly since: number;
  readonly detail: string;
  delayMs: number;
  readonly timer: NodeJS.Timeout;
  readonly dueAt: number;
  isDue: boolean;
  probe: number | null;
}

export class Reachability {
  readonly #options: ReachabilityOptions;
  #down: Down | undefined;
  #last: { readonly state: 'up' | 'failing' | 'down'; readonly status: number | null } | undefined;
  #failed = 0;

  constructor(options: ReachabilityOptions) {
    this.#options = options;
  }

  get isDown(): boolean {
    return this.#down !== undefined;
  }

  get state(): Exclude<DestinationStatus['state'], 'held'> {
    return this.isDown ? 'down' : (this.#last?.state ?? 'untried');
  }

  get lastStatus(): number | null {
    return this.#last?.status ?? null;
  }

  get failedCount(): number {
    return this.#failed;
  }

  /** @param isCounted whether the notification fails for the first time, and wasn't discarded */
  tried(result: SendResult, { outcome }: Verdict, isCounted: boolean): void {
    const state = outcome === 'sent' ? 'up' : result.kind === 'unreachable' ? 'down' : 'failing';
    this.#last = { state, status: result.kind === 'answer' ? result.status : null };
    if (outcome === 'sent') this.#failed = 0;
    else if (outcome === 'failed' && isCounted) this.#failed += 1;
  }

  replaced(): void {
    this.#last = undefined;
    this.#failed = 0;
    this.up();
  }

  get mayTry(): boolean {
    return this.#down === undefined || (this.#down.isDue && this.#down.probe === null);
  }

  get detail(): string | null {
    return this.#down === undefined ? null : `cannot be reached: ${this.#down.detail}`;
  }

  get downSince(): number | null {
    return this.#down?.since ?? null;
  }

  get nextTryAt(): number | null {
    return this.#down === undefined || this.#down.isDue || this.#down.probe !== null ? null : this.#down.dueAt;
  }

  probing(notificationId: number): void {
    if (this.#down === undefined) return;
    clearTimeout(this.#down.timer);
    this.#down.probe = notificationId;
  }

  /** The pause after a failure is short again, too. */
  tryNow(): void {
    if (this.#down === undefined) return;
    clearTimeout(this.#down.timer);
    this.#down.isDue = true;
    this.#down.delayMs = 0;
  }

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

  /** @param answered the destination's `Target.place` if it responded; undefined if nothing is left to try it with */
  up(answered?: string): void {
    if (this.#down === undefined) return;
    clearTimeout(this.#down.timer);
    this.#down = undefined;
    if (answered === undefined) this.#last = undefined;
    if (answered !== undefined) this.#options.log('info', `${answered} answers again`);
    this.#options.onChange();
  }

  close(): void {
    clearTimeout(this.#down?.timer);
  }
}
