import type { DatabaseSync } from 'node:sqlite';
import type { Headers, SignatureCheck, Source } from '../../protocol/history.ts';
import { bytesOf, isCorruption, kindName, notificationKindCodes } from './database.ts';
import type { RenderSettings } from '../../normalizer/normalize.ts';
import type { DeliveryFacts, EventFacts, NotificationFacts } from './records.ts';
import { Statements, type Row } from './statements.ts';

export type NotificationKind = keyof typeof notificationKindCodes;

export interface StoredNotification extends NotificationFacts {
  readonly deliveryId: number;
  readonly firstEvent: number;
  readonly settings: RenderSettings;
}

export interface StoredBody {
  readonly source: Source;
  /** Milliseconds since the epoch. */
  readonly receivedAt: number;
  readonly contentType: string | null;
  readonly headers: Headers;
  readonly body: Buffer;
  readonly json: Buffer | null;
}

export class StoredReader {
  readonly #sql: Statements;
  readonly #knownSettings = new Map<number, RenderSettings>();
  readonly #onDamage: ((error: Error) => void) | undefined;

  /**
   * @param onDamage called for a damaged file: unreadable records then count as removed. By default, reading throws.
   */
  constructor(db: DatabaseSync, onDamage?: (error: Error) => void) {
    this.#sql = new Statements(db);
    this.#onDamage = onDamage;
  }

  notification(id: number): StoredNotification | undefined {
    const row = this.#get('SELECT * FROM notifications WHERE id = ?', id);
    if (row === undefined) return undefined;
    const settings = this.renderSettings(Number(row['render_settings_id']));
    if (settings === undefined) return undefined;
    const deliveryId = Number(row['delivery_id']);
    return { ...notificationFactsOf(id, row), deliveryId, firstEvent: Number(row['first_event']), settings };
  }

  body(deliveryId: number): StoredBody | undefined {
    const row = this.#get(
      'SELECT source, received_at, content_type, headers, body, json FROM deliveries WHERE id = ?',
      deliveryId,
    );
    if (row === undefined) return undefined;
    return {
      source: row['source'] as Source,
      receivedAt: Number(row['received_at']),
      contentType: row['content_type'] as string | null,
      headers: JSON.parse(row['headers'] as string) as Headers,
      body: bytesOf(row['body']),
      json: row['json'] === null ? null : bytesOf(row['json']),
    };
  }

  renderSettings(id: number): RenderSettings | undefined {
    let settings = this.#knownSettings.get(id);
    if (settings === undefined) {
      const row = this.#get('SELECT json FROM render_settings WHERE id = ?', id);
      if (row === undefined) return undefined;
      settings = JSON.parse(row['json'] as string) as RenderSettings;
      this.#knownSettings.set(id, settings);
    }
    return settings;
  }

  #get(sql: string, id: number): Row | undefined {
    try {
      return this.#sql.get(sql, id);
    } catch (error) {
      if (this.#onDamage === undefined || !isCorruption(error)) throw error;
      this.#onDamage(error as Error);
      return undefined;
    }
  }
}

const notificationKindNames = Object.keys(notificationKindCodes) as NotificationKind[];

export function notificationFactsOf(id: number, row: Row): NotificationFacts {
  return {
    id,
    kind: notificationKindNames[Number(row['kind'])] ?? 'normalized',
    part: Number(row['part']),
    parts: Number(row['parts']),
    eventCount: Number(row['event_count']),
    eventId: String(row['event_id']),
    createdAt: Number(row['created_at']),
  };
}

export function deliveryFactsOf(id: number, row: Row): DeliveryFacts {
  return {
    id,
    source: row['source'] as Source,
    status: row['status'] as DeliveryFacts['status'],
    injected: row['injected'] === 1,
    receivedAt: Number(row['received_at']),
    httpStatus: Number(row['http_status']),
    onPurpose: row['on_purpose'] === 1,
    reason: row['reason'] as string | null,
    list: row['list'] as string | null,
    signature: row['signature'] as SignatureCheck | null,
    contentType: row['content_type'] as string | null,
    bodyBytes: Number(row['body_bytes']),
    truncated: row['truncated'] === 1,
    editOf: row['edit_of'] as number | null,
  };
}

export function eventFactsOf(row: Row): EventFacts {
  return {
    id: Number(row['id']),
    kind: kindName(row['kind']),
    type: row['type'] as string | null,
    address: row['address'] as string | null,
    date: row['date'] as string | null,
    warning: row['warning'] as string | null,
    notificationId: row['notification_id'] as number | null,
    duplicateOf: row['duplicate_of'] as number | null,
  };
}
