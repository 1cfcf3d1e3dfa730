import type { AttemptDetail, Delivery, Notification } from '../protocol/history.ts';
import type { RelayClient } from '../protocol/relay-client.ts';
import { toCurl } from './curl.ts';
import { toFixture } from './fixture.ts';
import { toHar } from './har.ts';
import { toHttp } from './http.ts';
import type { ExportedNotification, ExportItem, RenderedNotification } from './item.ts';
import { toJson } from './json.ts';

export const formats = { curl: toCurl, http: toHttp, har: toHar, json: toJson, fixture: toFixture };
export type ExportFormat = keyof typeof formats;

export interface ExportedHistory extends Pick<RelayClient, 'request'> {
  webhookEndpoint(source: Delivery['source']): string;
}

/** IDs of deliveries, each with the IDs to export of it: its own for the whole delivery, events' or notifications'. */
export type Selection = Map<string, Set<string>>;

export function choose(selection: Selection, deliveryId: string, id: string): void {
  selection.set(deliveryId, (selection.get(deliveryId) ?? new Set()).add(id));
}

/** One after the other, so that a long history need not fit in memory. */
export async function* exportItems(
  history: ExportedHistory,
  selection: Selection,
  format: ExportFormat,
): AsyncGenerator<ExportItem> {
  for (const [id, chosen] of selection) {
    const { delivery, headers, body, events, notifications } = await history.request('deliveries/get', { id });
    const exported: ExportedNotification[] = [];
    for (const notification of format === 'fixture' ? [] : notifications) {
      const ids = [id, notification.id, ...notification.eventIds];
      if (ids.some((each) => chosen.has(each))) exported.push(...(await ways(history, notification, format)));
    }
    yield {
      delivery,
      headers,
      body: Buffer.from(body, 'base64'),
      events,
      notifications: exported,
      webhookEndpoint: history.webhookEndpoint(delivery.source),
    };
  }
}

async function ways(
  history: ExportedHistory,
  notification: Notification,
  format: ExportFormat,
): Promise<ExportedNotification[]> {
  const { id } = notification;
  const attempts: AttemptDetail[] =
    format === 'har' || format === 'json' ? (await history.request('events/get', { id })).attempts : [];
  return (await renderedOf(history, notification)).map((rendered) => {
    const isIts = (each: AttemptDetail): boolean =>
      each.notificationId === id && each.destinationId === rendered.destinationId;
    return { notification, ...rendered, attempts: attempts.filter(isIts) };
  });
}

/** As sent to each of its destinations; without any, as it would be. Credentials are masked. */
export async function renderedOf(
  history: Pick<RelayClient, 'request'>,
  { id, forwardings }: Notification,
): Promise<RenderedNotification[]> {
  const all: RenderedNotification[] = [];
  for (const forwarding of forwardings.length > 0 ? forwardings : [undefined]) {
    const { destinationId, url, headers, body } = await history.request('notifications/render', {
      id,
      ...(forwarding !== undefined && { destinationId: forwarding.destinationId }),
    });
    all.push({ destinationId, url: forwarding?.destination ?? url, headers, body: Buffer.from(body, 'base64') });
  }
  return all;
}
