import { z } from 'zod';
import { webhookFormats } from '../../campaign-monitor/answers.ts';
import { webhookEventTypes } from '../../campaign-monitor/event-types.ts';
import { documentedListId, maxEventsInDelivery, sampleDeliveries } from '../../campaign-monitor/samples.ts';
import type { DeliveryRecord, Outbox } from './outbox.ts';
import type { SandboxState } from './state.ts';
import { takeOver } from './subscribers.ts';
import { isWebhookUrl } from './webhook-post.ts';

/** Bodies stay in memory until they are delivered. */
const maxEvents = 100_000;
/** The timer pauses while more deliveries than this wait. */
const maxWaiting = 1000;

const trafficFields = z.strictObject({
  url: z
    .string()
    .refine(isWebhookUrl, 'expected a URL that starts with http:// or https://')
    .optional()
    .describe("Where to post. Default: the list's active webhooks for these types."),
  listId: z.string().min(1).max(100).default(documentedListId),
  types: z
    .array(z.enum(webhookEventTypes))
    .min(1)
    .default([...webhookEventTypes]),
  count: z.int().min(1).max(10_000).default(1).describe('Deliveries.'),
  batch: z.int().min(1).max(maxEventsInDelivery).default(1).describe('Number of events in each delivery.'),
  mixed: z.boolean().default(false).describe('Whether a delivery has events of several types.'),
  format: z.enum(webhookFormats).optional().describe('Only with url (a webhook has its own format). Default: json.'),
  email: z.email().max(254).optional(),
  seed: z.int().optional().describe('Default: a different seed each time.'),
});

const checks = (traffic: z.infer<typeof trafficFields>, context: z.RefinementCtx): void => {
  if (traffic.count * traffic.batch > maxEvents) {
    context.addIssue({ code: 'custom', path: ['count'], message: `count × batch is more than ${maxEvents} events` });
  }
  if (traffic.format !== undefined && traffic.url === undefined) {
    context.addIssue({ code: 'custom', path: ['format'], message: 'requires "url": each webhook has its own format' });
  }
};

export const trafficSchema = trafficFields.superRefine(checks);
export type Traffic = z.infer<typeof trafficSchema>;

export const timerSchema = trafficFields
  .extend({ everyMs: z.int().min(20).max(86_400_000).describe('Milliseconds between rounds.') })
  .superRefine(checks);
export type TimerTraffic = z.infer<typeof timerSchema>;

export class SampleTraffic {
  readonly #state: SandboxState;
  readonly #outbox: Outbox;
  #rounds = 0;
  #timer: NodeJS.Timeout | null = null;
  #running: TimerTraffic | null = null;

  constructor(state: SandboxState, outbox: Outbox) {
    this.#state = state;
    this.#outbox = outbox;
  }

  get running(): TimerTraffic | null {
    return this.#running;
  }

  deliver(traffic: Traffic): DeliveryRecord[] {
    this.#rounds++;
    const samples = sampleDeliveries({
      types: traffic.types,
      count: traffic.count,
      batch: traffic.batch,
      mixed: traffic.mixed,
      listId: traffic.listId,
      ...(traffic.email === undefined ? {} : { email: traffic.email }),
      seed: traffic.seed ?? this.#state.seed + this.#rounds,
      now: new Date(),
    });
    const { url, listId, format } = traffic;
    const deliveries = samples.flatMap(({ body }) =>
      url === undefined
        ? this.#outbox.publish(listId, body.Events)
        : [this.#outbox.sendTo(url, body, format === 'xml' ? 'Xml' : 'Json')],
    );
    const list = this.#state.lists.get(listId);
    if (list !== undefined && deliveries.length > 0) {
      for (const { body } of samples) takeOver(list.subscribers, body.Events);
    }
    return deliveries;
  }

  start(traffic: TimerTraffic): void {
    this.stop();
    this.#running = traffic;
    this.#timer = setInterval(() => {
      if (this.#outbox.waiting < maxWaiting) this.deliver(traffic);
    }, traffic.everyMs);
    this.deliver(traffic);
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#running = null;
  }
}
