/** Webhook deliveries on their way out: cut to size, sent in order, sent again on failure, and remembered. */
import type { DeliveryBody, WebhookEvent } from '../../campaign-monitor/samples.ts';
import { maxEventsInDelivery, toXml } from '../../campaign-monitor/samples.ts';
import type { PayloadFormat, SandboxState, Webhook } from './state.ts';
import type { PostResult, WebhookPoster } from './webhook-post.ts';

export interface DeliveryAttempt {
  readonly at: string;
  readonly status: number | null;
  readonly milliseconds: number;
  /** The vendor's word for the failure, such as `ProtocolError` or `Timeout`; null for a success. */
  readonly failure: string | null;
}

/** A delivery as the log shows it. */
export interface DeliveryRecord {
  readonly id: number;
  /** null for one that was sent to a URL directly. */
  readonly webhookId: string | null;
  readonly listId: string;
  /** Scheme, host and port only: the path of a webhook's URL is its secret. */
  readonly target: string;
  readonly format: PayloadFormat;
  readonly events: number;
  readonly types: readonly string[];
  readonly bytes: number;
  readonly createdAt: string;
  /** discarded: the webhook was deactivated or deleted before the delivery could be sent. */
  state: 'waiting' | 'delivered' | 'failed' | 'discarded';
  readonly attempts: DeliveryAttempt[];
  /** When a failed one is sent again. */
  nextAttemptAt: string | null;
}

export type OutboxReport =
  | { readonly type: 'attempt'; readonly delivery: DeliveryRecord }
  | { readonly type: 'webhook-deactivated'; readonly webhookId: string; readonly listId: string };

interface Waiting {
  readonly record: DeliveryRecord;
  readonly url: string;
  readonly body: string;
  readonly webhook: Webhook | null;
}

/** The log keeps this many deliveries that are over, and all that wait. */
const maxFinished = 1000;

export class Outbox {
  readonly #state: SandboxState;
  readonly #poster: WebhookPoster;
  readonly #report: (report: OutboxReport) => void;
  readonly #log = new Map<number, DeliveryRecord>();
  readonly #finished: number[] = [];
  /** For each URL the end of its queue: one POST at a time, so that first attempts arrive in order. */
  readonly #lanes = new Map<string, Promise<void>>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #made = 0;
  #closed = false;

  constructor(state: SandboxState, poster: WebhookPoster, report: (report: OutboxReport) => void) {
    this.#state = state;
    this.#poster = poster;
    this.#report = report;
  }

  /** Deliveries that are not over. */
  get waiting(): number {
    return this.#log.size - this.#finished.length;
  }

  /** The newest deliveries first. */
  log(limit: number): DeliveryRecord[] {
    return [...this.#log.values()].reverse().slice(0, limit);
  }

  /**
   * Sends events to each active webhook of the list that asked for their types, at most 1,000 in a POST.
   * @returns the deliveries that this makes: none where no webhook wants them
   */
  publish(listId: string, events: readonly WebhookEvent[]): DeliveryRecord[] {
    const records: DeliveryRecord[] = [];
    for (const webhook of this.#state.webhooksOf(listId)) {
      if (!webhook.active) continue;
      const wanted = events.filter((event) => webhook.events.includes(event.Type));
      for (let i = 0; i < wanted.length; i += maxEventsInDelivery) {
        const body = { Events: wanted.slice(i, i + maxEventsInDelivery), ListID: listId };
        records.push(this.#send(webhook.url, body, webhook.format, webhook));
      }
    }
    return records;
  }

  /** Sends one body to a URL, whatever webhooks there are. */
  sendTo(url: string, body: DeliveryBody, format: PayloadFormat): DeliveryRecord {
    return this.#send(url, body, format, null);
  }

  /** Sends nothing more. */
  close(): void {
    this.#closed = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  #send(url: string, content: DeliveryBody, format: PayloadFormat, webhook: Webhook | null): DeliveryRecord {
    const body = format === 'Xml' ? toXml(content) : JSON.stringify(content);
    this.#made++;
    const record: DeliveryRecord = {
      id: this.#made,
      webhookId: webhook?.webhookId ?? null,
      listId: content.ListID,
      target: new URL(url).origin,
      format,
      events: content.Events.length,
      types: [...new Set(content.Events.map((event) => event.Type))],
      bytes: Buffer.byteLength(body),
      createdAt: new Date().toISOString(),
      state: 'waiting',
      attempts: [],
      nextAttemptAt: null,
    };
    this.#log.set(record.id, record);
    this.#queue({ record, url, body, webhook });
    return record;
  }

  #queue(waiting: Waiting): void {
    const before = this.#lanes.get(waiting.url) ?? Promise.resolve();
    const lane = before
      .then(() => this.#attempt(waiting))
      .finally(() => {
        if (this.#lanes.get(waiting.url) === lane) this.#lanes.delete(waiting.url);
      });
    this.#lanes.set(waiting.url, lane);
  }

  async #attempt(waiting: Waiting): Promise<void> {
    if (this.#closed) return;
    const { record, url, body, webhook } = waiting;
    record.nextAttemptAt = null;
    if (webhook !== null && !this.#isLive(webhook)) {
      this.#finish(record, 'discarded');
      return;
    }
    const at = new Date().toISOString();
    const result = await this.#poster.post(url, body, record.format, this.#state.settings.deliveryTimeoutMs);
    // A stop breaks the POST off: that says nothing about the receiver.
    if (this.#isClosed()) return;
    const { status, milliseconds, failure } = result;
    record.attempts.push({ at, status, milliseconds, failure: failure?.FailureStatus ?? null });
    const deactivated = webhook !== null && this.#judge(webhook, result);
    const delay = this.#state.settings.retryDelaysMs[record.attempts.length - 1];
    if (failure === null) {
      this.#finish(record, 'delivered');
    } else if (deactivated || delay === undefined) {
      this.#finish(record, 'failed');
    } else {
      record.nextAttemptAt = new Date(Date.now() + delay).toISOString();
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        this.#queue(waiting);
      }, delay);
      this.#timers.add(timer);
    }
    this.#report({ type: 'attempt', delivery: structuredClone(record) });
    if (deactivated) {
      this.#report({ type: 'webhook-deactivated', webhookId: webhook.webhookId, listId: webhook.listId });
    }
  }

  #isClosed(): boolean {
    return this.#closed;
  }

  #isLive(webhook: Webhook): boolean {
    return webhook.active && this.#state.webhooks.has(webhook.webhookId);
  }

  /** Deactivates a webhook whose deliveries have failed for too long. @returns whether it has just done so */
  #judge(webhook: Webhook, { failure }: PostResult): boolean {
    if (failure === null) {
      webhook.failingSince = null;
      return false;
    }
    webhook.failingSince ??= Date.now();
    if (!webhook.active || Date.now() - webhook.failingSince <= this.#state.settings.deactivateAfterMs) return false;
    webhook.active = false;
    return true;
  }

  #finish(record: DeliveryRecord, state: 'delivered' | 'failed' | 'discarded'): void {
    record.state = state;
    this.#finished.push(record.id);
    const oldest = this.#finished.length > maxFinished ? this.#finished.shift() : undefined;
    if (oldest !== undefined) this.#log.delete(oldest);
  }
}
