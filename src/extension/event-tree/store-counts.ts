import type { RelayClient } from '../../protocol/relay-client.ts';
import { Coalescer, realTimers, type Timers } from '../ui/coalescer.ts';

const pauseMs = 1000;

export interface Counted {
  readonly total: number;
  /** Not all events were searched, so there may be more. */
  readonly atLeast: boolean;
}

const nothing: Counted = { total: 0, atLeast: false };

export interface StoreCountsOptions {
  asked(): { readonly client: RelayClient; readonly filter: string } | undefined;
  onChange(): void;
  onError(error: Error): void;
  readonly timers?: Timers;
}

export class StoreCounts {
  readonly #options: StoreCountsOptions;
  readonly #counting: Coalescer;
  #counted = nothing;
  #epoch = 0;

  constructor(options: StoreCountsOptions) {
    this.#options = options;
    this.#counting = new Coalescer(
      () => this.#count(),
      () => pauseMs,
      options.timers ?? realTimers,
    );
  }

  get counted(): Counted {
    return this.#counted;
  }

  changed(): void {
    this.#counting.request();
  }

  begin(): void {
    this.#epoch += 1;
    this.#counted = nothing;
    this.#counting.request();
  }

  dispose(): void {
    this.#epoch += 1;
    this.#counting.cancel();
  }

  async #count(): Promise<void> {
    const asked = this.#options.asked();
    if (asked === undefined) return;
    const epoch = this.#epoch;
    try {
      const { total, unseen } = await asked.client.request('events/counts', { filter: asked.filter });
      const atLeast = unseen > 0;
      if (epoch !== this.#epoch || (total === this.#counted.total && atLeast === this.#counted.atLeast)) return;
      this.#counted = { total, atLeast };
      this.#options.onChange();
    } catch (error) {
      if (epoch === this.#epoch) this.#options.onError(error as Error);
    }
  }
}
