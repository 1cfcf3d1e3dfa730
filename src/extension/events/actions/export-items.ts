/** Events as the export formats take them. Loaded with the client. */
import { toCurl } from '../../../export/curl.ts';
import { toFixture } from '../../../export/fixture.ts';
import { toHar } from '../../../export/har.ts';
import { toHttp } from '../../../export/http.ts';
import type { ExportedNotification, ExportItem, ExportOptions } from '../../../export/item.ts';
import { toJson } from '../../../export/json.ts';
import type { AttemptDetail, Notification } from '../../../protocol/history.ts';
import type { RelayClient } from '../../../protocol/relay-client.ts';
import { maskHeaders } from '../documents/masking.ts';

export type ExportFormat = 'curl' | 'http' | 'har' | 'json' | 'fixture';

const formats = { curl: toCurl, http: toHttp, har: toHar, json: toJson, fixture: toFixture };

/** An event that is exported. */
export interface ExportedEvent {
  readonly id: string;
  readonly deliveryId: string;
}

/**
 * Reads the deliveries of events, one after the other, each once, with the notifications that hold the events. Secrets
 * are masked.
 * @param events in the order to export
 */
export async function* exportItems(
  client: RelayClient,
  events: readonly ExportedEvent[],
  format: ExportFormat,
): AsyncGenerator<ExportItem> {
  const status = await client.request('relay/status', {});
  const byDelivery = new Map<string, Set<string>>();
  for (const { id, deliveryId } of events) {
    byDelivery.set(deliveryId, (byDelivery.get(deliveryId) ?? new Set()).add(id));
  }
  for (const [deliveryId, ids] of byDelivery) {
    const {
      delivery,
      headers,
      body,
      events: rows,
      notifications,
    } = await client.request('deliveries/get', {
      id: deliveryId,
    });
    const exported: ExportedNotification[] = [];
    if (format !== 'fixture') {
      for (const notification of notifications) {
        if (!notification.eventIds.some((id) => ids.has(id))) continue;
        exported.push(...(await ways(client, notification, format)));
      }
    }
    yield {
      delivery,
      headers: maskHeaders(headers),
      body: Buffer.from(body, 'base64'),
      events: rows,
      notifications: exported,
      webhookEndpoint: delivery.source === 'campaign-monitor' ? status.campaignMonitorUrl : status.openConnectorsUrl,
    };
  }
}

/** A notification once for each destination, or once without one. */
async function ways(
  client: RelayClient,
  notification: Notification,
  format: ExportFormat,
): Promise<ExportedNotification[]> {
  const attempts: AttemptDetail[] =
    format === 'har' || format === 'json' ? (await client.request('events/get', { id: notification.id })).attempts : [];
  const { forwardings } = notification;
  const exported: ExportedNotification[] = [];
  for (const forwarding of forwardings.length > 0 ? forwardings : [undefined]) {
    const rendered = await client.request('notifications/render', {
      id: notification.id,
      ...(forwarding !== undefined && { destinationId: forwarding.destinationId }),
    });
    exported.push({
      notification,
      destinationId: rendered.destinationId,
      url: forwarding?.destination ?? rendered.url,
      headers: maskHeaders(rendered.headers),
      body: Buffer.from(rendered.body, 'base64'),
      attempts: attempts
        .filter(
          (attempt) =>
            attempt.notificationId === notification.id && attempt.destinationId === forwarding?.destinationId,
        )
        .map((attempt) => ({ ...attempt, answerHeaders: maskHeaders(attempt.answerHeaders) })),
    });
  }
  return exported;
}

/** What an export may be as one text, in characters: a string of JavaScript ends at twice that. */
const longestExport = 256_000_000;

/**
 * Events in a format of export.
 * @param options.version the product's version, for formats that name their creator
 * @param options.onDelivery called after each delivery
 * @param options.cancelled asked before each delivery
 * @param options.keepBody keeps a body in a file beside the export; left out for the clipboard
 * @returns undefined where it was cancelled
 * @throws RangeError where it is longer than {@link longestExport}
 */
export async function exportText(
  client: RelayClient,
  events: readonly ExportedEvent[],
  format: ExportFormat,
  options: {
    version: string;
    onDelivery?: () => void;
    cancelled?: () => boolean;
    keepBody?: ExportOptions['keepBody'];
  },
): Promise<string | undefined> {
  const cancelled = (): boolean => options.cancelled?.() === true;
  async function* watched(): AsyncGenerator<ExportItem> {
    for await (const item of exportItems(client, events, format)) {
      if (cancelled()) return;
      yield item;
      options.onDelivery?.();
    }
  }
  const pieces: string[] = [];
  let length = 0;
  const { version, keepBody } = options;
  for await (const piece of formats[format](watched(), {
    withSecrets: false,
    version,
    ...(keepBody !== undefined && { keepBody }),
  })) {
    length += piece.length;
    if (length > longestExport) throw new RangeError(`longer than ${longestExport} characters`);
    pieces.push(piece);
  }
  return cancelled() ? undefined : pieces.join('');
}
