import { setTimeout as wait } from 'node:timers/promises';
import { listens } from '../common/programs/listening.ts';
import { isLoopback } from '../common/loopback.ts';
import type { Forwarding } from './history.ts';
import type { Params } from './methods.ts';
import type { RelayClient } from './relay-client.ts';

/** A server that watches its files may restart this long after a save, and be down for less than 100 ms. */
const restartMs = 5000;
const shortPauseMs = 50;
/** Some servers log each connection. */
const pauseMs = 1000;

export interface ResendState {
  readonly forwardings: readonly Forwarding[];
  /**
   * `down`: no destination accepts connections. Otherwise the forwardings have the last response, or are being sent.
   */
  readonly phase: 'sending' | 'down' | 'done';
}

export interface ResendOnSaveOptions {
  readonly client: Pick<RelayClient, 'request' | 'on' | 'closed'>;
  readonly eventId: string;
  readonly to?: Params<'notifications/replay'>['to'];
  readonly onChange: (state: ResendState) => void;
}

/** Saves during a resend cause one more. */
export class ResendOnSave {
  readonly #options: ResendOnSaveOptions;
  readonly #isDown = new Map<string, boolean>();
  #isRequested = false;
  #savedAt = -Infinity;
  #wake: () => void = () => undefined;
  #deliveryId = '';

  constructor(options: ResendOnSaveOptions) {
    this.#options = options;
  }

  save(): void {
    this.#savedAt = performance.now();
    this.#isRequested = true;
    this.#wake();
  }

  /** @throws RelayRequestError if the relay ends, or no longer has the event */
  async run(signal: AbortSignal): Promise<void> {
    const { client, eventId, to, onChange } = this.#options;
    const wake = (): void => this.#wake();
    const ends = [
      client.on('status/changed', wake),
      client.on('attempt/recorded', ({ attempts, missed }) => {
        if (missed > 0 || attempts.some(({ deliveryId }) => deliveryId === this.#deliveryId)) wake();
      }),
    ];
    void client.closed.then(wake);
    signal.addEventListener('abort', wake);
    const ended = new AbortController();
    try {
      while (!signal.aborted) {
        const woken = new Promise<void>((resolve) => (this.#wake = resolve));
        let state = await this.#read(ended.signal);
        if (this.#isRequested && state.phase === 'done') {
          // It may have gone down since the last check.
          await Promise.all([...this.#isDown.keys()].map((each) => this.#look(each, ended.signal)));
          if (!this.#areDown(state.forwardings)) {
            this.#isRequested = false;
            await client.request('notifications/replay', { ids: [eventId], ...(to && { to }) });
          }
          state = await this.#read(ended.signal);
        }
        onChange(state);
        await woken;
      }
    } finally {
      ended.abort();
      for (const end of ends) end();
    }
  }

  async #read(signal: AbortSignal): Promise<ResendState> {
    const { client, eventId, to } = this.#options;
    const { event } = await client.request('events/get', { id: eventId });
    this.#deliveryId = event.deliveryId;
    const forwardings = event.forwardings.filter(({ destination }) => to === undefined || destination === to.url);
    for (const { destination } of forwardings) {
      if (this.#isDown.has(destination) || !isLoopback(new URL(destination).hostname)) continue;
      this.#isDown.set(destination, false);
      this.#follow(destination, signal).catch(() => undefined);
    }
    const isSending = forwardings.some(isBeingSent);
    return { forwardings, phase: this.#areDown(forwardings) ? 'down' : isSending ? 'sending' : 'done' };
  }

  #areDown(forwardings: readonly Forwarding[]): boolean {
    return forwardings.length > 0 && forwardings.every(({ destination }) => this.#isDown.get(destination) === true);
  }

  async #follow(destination: string, signal: AbortSignal): Promise<void> {
    for (;;) {
      await this.#look(destination, signal);
      const lookedAt = performance.now();
      const isDue = (now: number): boolean =>
        now - lookedAt >= pauseMs || now - this.#savedAt < restartMs || this.#isDown.get(destination) === true;
      do await wait(shortPauseMs, undefined, { signal });
      while (!isDue(performance.now()));
    }
  }

  /** If it accepts connections again, the event is resent. */
  async #look(destination: string, signal: AbortSignal): Promise<void> {
    const isDown = !(await listens(new URL(destination), signal));
    if (isDown === this.#isDown.get(destination)) return;
    this.#isDown.set(destination, isDown);
    if (!isDown) this.#isRequested = true;
    this.#wake();
  }
}

/** Not what waits for a retry, a release, or a destination that is down. */
function isBeingSent({ state, downSince, nextAttemptAt }: Forwarding): boolean {
  const isDue = nextAttemptAt === null || Date.parse(nextAttemptAt) <= Date.now();
  return state === 'waiting' && downSince === undefined && isDue;
}
