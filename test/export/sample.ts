import type { AttemptDetail, Headers, Notification } from '../../src/protocol/history.ts';
import type { ExportedNotification, ExportItem, ExportOptions } from '../../src/export/item.ts';

export const options: ExportOptions = { withSecrets: false, version: '1.2.3' };
export const inClear: ExportOptions = { ...options, withSecrets: true };

export const secret = '0123456789abcdef0123456789abcdef';

export const vendorBody = JSON.stringify({
  Events: [{ Type: 'Subscribe', Date: '2026-01-15 09:30:00', EmailAddress: "o'brien@example.com", Name: "O'Brien" }],
  ListID: '96c0bbdaa54760c8d9e62a2b7ffa2e13',
});

/** One delivery, with a notification to `url` and one attempt where it is given. */
export function item(change: Partial<ExportItem> = {}, url: string | null = null): ExportItem {
  return {
    delivery: {
      id: 'd7',
      source: 'campaign-monitor',
      status: 'accepted',
      injected: false,
      receivedAt: '2026-01-15T09:31:00.000Z',
      httpStatus: 200,
      reason: null,
      list: '96c0bbdaa54760c8d9e62a2b7ffa2e13',
      signature: null,
      contentType: 'application/json',
      bodyBytes: vendorBody.length,
      truncated: false,
      eventCount: 1,
      editOf: null,
    },
    headers: [
      ['Host', 'relay.example.org'],
      ['Content-Type', 'application/json'],
      ['Content-Length', String(vendorBody.length)],
      ['Content-Encoding', 'gzip'],
      ['Authorization', '********'],
      ['X-Original-Uri', `/hooks/${secret}/campaign-monitor`],
    ],
    body: Buffer.from(vendorBody),
    events: [],
    notifications: url === null ? [] : [notification(url)],
    webhookEndpoint: `http://127.0.0.1:8787/hooks/${secret}/campaign-monitor`,
    ...change,
  };
}

export function notification(
  url: string,
  body: Uint8Array = Buffer.from('{"id":"1"}'),
  headers?: Headers,
): ExportedNotification {
  const attempt: AttemptDetail = {
    notificationId: 'n9',
    deliveryId: 'd7',
    destinationId: 't1',
    destination: url,
    number: 1,
    at: '2026-01-15T09:31:00.100Z',
    durationMs: 12,
    status: 500,
    error: 'answered 500',
    outcome: 'failed',
    nextAttemptAt: null,
    answerHeaders: [['content-type', 'text/plain']],
    answerBody: Buffer.from('broken').toString('base64'),
    answerTruncated: false,
  };
  const sent: Notification = {
    id: 'n9',
    deliveryId: 'd7',
    kind: 'normalized',
    part: 0,
    parts: 2,
    eventId: 'abc',
    createdAt: '2026-01-15T09:31:00.000Z',
    eventIds: ['e12'],
    forwardings: [
      {
        notificationId: 'n9',
        destinationId: 't1',
        destination: url,
        mode: 'normalized',
        state: 'failed',
        attempts: 1,
        ofRound: 1,
        maxAttempts: 6,
        nextAttemptAt: null,
        status: 500,
        durationMs: 12,
        detail: null,
        heldBy: null,
        breakpointId: null,
      },
    ],
  };
  return {
    notification: sent,
    destinationId: 't1',
    url,
    headers: headers ?? [
      ['Content-Type', 'application/json; charset=utf-8'],
      ['Elements-Webhook-Id', 'abc'],
    ],
    body: Buffer.from(body),
    attempts: [attempt],
  };
}

export async function whole(pieces: AsyncIterable<string>): Promise<string> {
  let text = '';
  for await (const piece of pieces) text += piece;
  return text;
}
