import { maxEventsInDelivery, toXml, type DeliveryBody, type WebhookEvent } from '../../campaign-monitor/samples.ts';
import { PostingQueue, type PostRecord } from '../posting-queue.ts';
import type { PayloadFormat, SandboxState, Webhook } from './state.ts';
import type { PostResult, WebhookPoster } from './webhook-post.ts';

export interface DeliveryRecord extends PostRecord {
  /** Null if it was sent to a URL directly. */
  readonly webhookId: string | null;
  readonly listId: string;
  /** Only the origin: the path of a webhook's URL is its secret. */
  readonly target: string;
  readonly format: PayloadFormat;
  readonly events: number;
  readonly types: readonly string[];
  readonly bytes: number;
}

export type OutboxReport =
  | { readonly type: 'attempt'; readonly delivery: DeliveryRecord }
  | { readonly type: 'webhook-deactivated'; readonly webhookId: string; readonly listId: string };

export class Outbox {
  readonly #state: SandboxState;
  readonly #poster: WebhookPoster;
  readonly #report: (report: OutboxReport) => void;
  readonly #queue: PostingQueue<DeliveryRecord>;

  constructor(state: SandboxState, poster: WebhookPoster, report: (report: OutboxReport) => void) {
    this.#state = state;
    this.#poster = poster;
    this.#report = report;
    this.#queue = new PostingQueue(() => state.settings.retryDelaysMs);
  }

  get waiting(): number {
    return this.#queue.waiting;
  }

  log(limit: number): DeliveryRecord[] {
    return this.#queue.log(limit);
  }

  /** At most 1,000 events in a POST. @returns the deliveries; empty if no webhook accepts these types */
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

  sendTo(url: string, body: DeliveryBody, format: PayloadFormat): DeliveryRecord {
    return this.#send(url, body, format, null);
  }

  close(): void {
    this.#queue.close();
  }

  #send(url: string, content: DeliveryBody, format: PayloadFormat, webhook: Webhook | null): DeliveryRecord {
    const body = format === 'Xml' ? toXml(content) : JSON.stringify(content);
    const { id, ...begun } = this.#queue.newRecord();
    const record: DeliveryRecord = {
      id,
      webhookId: webhook?.webhookId ?? null,
      listId: content.ListID,
      target: new URL(url).origin,
      format,
      events: content.Events.length,
      types: [...new Set(content.Events.map((event) => event.Type))],
      bytes: Buffer.byteLength(body),
      ...begun,
    };
    let deactivated: Webhook | null = null;
    this.#queue.add({
      record,
      lane: url,
      isWanted: () => webhook === null || (webhook.active && this.#state.webhooks.has(webhook.webhookId)),
      post: () => this.#poster.post(url, body, format, this.#state.settings.deliveryTimeoutMs),
      judge: (result) => {
        if (webhook !== null && this.#judge(webhook, result)) deactivated = webhook;
        return deactivated === null;
      },
      changed: () => this.#changed(record, deactivated),
    });
    return record;
  }

  #changed(record: DeliveryRecord, deactivated: Webhook | null): void {
    if (record.state === 'discarded') return;
    this.#report({ type: 'attempt', delivery: structuredClone(record) });
    if (deactivated === null) return;
    this.#report({ type: 'webhook-deactivated', webhookId: deactivated.webhookId, listId: deactivated.listId });
  }

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
}
