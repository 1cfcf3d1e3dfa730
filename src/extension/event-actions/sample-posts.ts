import { Agent, request } from 'node:http';
import { sampleDeliveries, type SampleDelivery } from '../../campaign-monitor/samples.ts';
import type { WebhookEventType } from '../../campaign-monitor/event-types.ts';

export interface SampleChoice {
  /** Used in turn; with `mixed`, within each delivery. */
  readonly types: readonly WebhookEventType[];
  readonly mixed: boolean;
  readonly count: number;
  readonly batch: number;
  readonly listId: string;
}

export interface SampleResult {
  readonly sent: number;
  /** Number with a status other than 200, or without a response. After the latter, no more are sent. */
  readonly refused: number;
  readonly firstRefusal: string | null;
  readonly canceled: boolean;
}

/** Number of events created at once, to limit memory. */
const eventsAtOnce = 10_000;

/** Up to this number, deliveries are sent one after the other, so that they arrive in order. */
const inOrderAtMost = 20;

const concurrency = 8;

const answerTimeoutMs = 30_000;

export async function sendSamples(
  url: string,
  choice: SampleChoice,
  options: { seed: number; now: Date; signal?: AbortSignal; onSent?: (sent: number) => void },
): Promise<SampleResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: concurrency });
  const deliveries = made(choice, options.seed, options.now);
  let sent = 0;
  let refused = 0;
  let firstRefusal: string | null = null;
  let isGone = false;
  const work = async (): Promise<void> => {
    for (const delivery of deliveries) {
      // The URL contains the relay's secret: if there is no response, another program may soon have the port.
      if (options.signal?.aborted === true || isGone) return;
      const refusal = await post(agent, url, delivery.text, () => (isGone = true));
      sent += 1;
      if (refusal !== null) {
        refused += 1;
        firstRefusal ??= refusal;
      }
      options.onSent?.(sent);
    }
  };
  try {
    await Promise.all(Array.from({ length: choice.count > inOrderAtMost ? concurrency : 1 }, work));
  } finally {
    agent.destroy();
  }
  return { sent, refused, firstRefusal, canceled: sent < choice.count && !isGone };
}

function made(choice: SampleChoice, seed: number, now: Date): Iterable<SampleDelivery> {
  const { types, mixed, count, batch, listId } = choice;
  // Whole rounds of the types, so that each step begins with the first type.
  const step = Math.max(1, Math.floor(eventsAtOnce / batch / types.length)) * types.length;
  const iterator = (function* (): Generator<SampleDelivery> {
    for (let done = 0; done < count; done += step) {
      yield* sampleDeliveries({
        types,
        mixed,
        count: Math.min(step, count - done),
        batch,
        listId,
        seed: seed + done,
        now,
      });
    }
  })();
  // No `return`, so that a worker that leaves its loop doesn't end the others.
  return { [Symbol.iterator]: () => ({ next: () => iterator.next() }) };
}

/** @returns null if the status was 200, otherwise the response or why there was none */
function post(agent: Agent, url: string, body: string, onGone: () => void): Promise<string | null> {
  return new Promise((resolve) => {
    const unanswered = (error: Error): void => {
      onGone();
      resolve(error.message);
    };
    const bytes = Buffer.from(body);
    const headers = { 'Content-Type': 'application/json; charset=utf-8', 'Content-Length': bytes.length };
    const sending = request(url, { method: 'POST', agent, headers, timeout: answerTimeoutMs }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      answer.on('end', () => resolve(answer.statusCode === 200 ? null : `${answer.statusCode ?? ''} ${text}`.trim()));
      answer.on('error', unanswered);
    });
    sending.on('timeout', () => sending.destroy(new Error(`no answer within ${answerTimeoutMs} ms`)));
    sending.on('error', unanswered);
    sending.end(bytes);
  });
}
