import { setTimeout as wait } from 'node:timers/promises';
import { exchange, type Answer } from './exchange.ts';
import { planOf, type Message } from './messages.ts';
import type { RecordedDelivery } from './recording.ts';
import type { Shape } from './scenario.ts';
import type { Target } from './target.ts';

export interface Played {
  readonly number: number;
  readonly message: Message;
  readonly answer: Answer;
}

export interface PlayOptions {
  readonly targetOf: (delivery: RecordedDelivery) => Target;
  readonly shape: Shape;
  /** A factor; Infinity means no pauses. */
  readonly speed: number;
  readonly step?: ((number: number, delivery: RecordedDelivery) => Promise<void>) | undefined;
  readonly onPlayed: (played: Played) => void;
  readonly signal: AbortSignal;
}

const mostUnderWay = 100;

/** Each delivery starts at its time; its parts are sent in sequence. @throws the signal's reason, or CheckError */
export async function play(deliveries: readonly RecordedDelivery[], options: PlayOptions): Promise<void> {
  try {
    await playAll(deliveries, options);
  } catch (error) {
    options.signal.throwIfAborted();
    throw error;
  }
}

async function playAll(deliveries: readonly RecordedDelivery[], options: PlayOptions): Promise<void> {
  const { targetOf, shape, speed, step, onPlayed, signal } = options;
  const started = performance.now();
  const underWay = new Set<Promise<void>>();
  const one = async (delivery: RecordedDelivery, number: number): Promise<void> => {
    const target = targetOf(delivery);
    const { signatureKey } = target;
    for (const message of planOf(delivery, { shape, partSize: 20, signatureKey, now: Date.now() }).make()) {
      onPlayed({ number, message, answer: await exchange(target, message, target.timeoutMs, signal) });
    }
  };
  for (const [index, delivery] of deliveries.entries()) {
    if (step !== undefined) await step(index + 1, delivery);
    else {
      const due = started + delivery.atMs / speed - performance.now();
      if (due > 0) await wait(due, undefined, { signal });
    }
    const going = one(delivery, index + 1);
    // Errors are thrown by the awaits below.
    going.then(
      () => underWay.delete(going),
      () => undefined,
    );
    underWay.add(going);
    if (step !== undefined || speed === Infinity || underWay.size >= mostUnderWay) await Promise.race([...underWay]);
  }
  await Promise.all(underWay);
}
