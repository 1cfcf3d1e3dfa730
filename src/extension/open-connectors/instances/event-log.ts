/** The platform's own event log of an instance beside what the relay has in its history. */
import type { InstanceEvent } from '../../../open-connectors/answers.ts';
import type { Localiser } from '../../ui/localiser.ts';
import { markdownText } from '../../ui/printable.ts';

/** One event of the platform's log, as far as it says. */
export interface PlatformEvent {
  readonly id: string;
  /** As the platform says it; null where it does not. */
  readonly date: string | null;
  /** NEW, RECEIVED, DISPATCHED, CONSUMED or NOTIFIED; others may come. */
  readonly status: string | null;
}

/** A notification of the platform that the relay has in its history. */
export interface ReceivedNotification {
  readonly deliveryId: string;
  readonly receivedAt: string;
  readonly signature: 'valid' | 'invalid' | 'missing' | 'unchecked' | null;
  /** `message.eventId`; null where the body holds none. */
  readonly eventId: string | null;
  /** Null where the body names none. */
  readonly instanceId: number | null;
  readonly eventCount: number;
}

export interface LogRow {
  readonly platform: PlatformEvent | null;
  readonly received: readonly ReceivedNotification[];
}

/** Reads the platform's log. */
export function platformEvents(log: readonly InstanceEvent[]): PlatformEvent[] {
  return log.map(({ id, eventDate, status }) => ({ id, date: dateOf(eventDate), status: status ?? null }));
}

/** Text as it came, or milliseconds since the epoch. */
function dateOf(value: string | number | undefined): string | null {
  if (typeof value !== 'number') return value === undefined || value === '' ? null : value;
  return Math.abs(value) <= 8.64e15 ? new Date(value).toISOString() : null;
}

/** What a notification of the platform says of itself: both shapes are read. */
export function identityOfNotification(body: string): { eventId: string | null; instanceId: number | null } {
  try {
    const outer = recordOf(JSON.parse(body));
    const inner = recordOf(outer['message']);
    const eventId = inner['eventId'] ?? outer['eventId'];
    const instanceId = Number(inner['instanceId'] ?? inner['instance_id'] ?? outer['instanceId'] ?? Number.NaN);
    return {
      eventId: typeof eventId === 'string' || typeof eventId === 'number' ? String(eventId) : null,
      instanceId: Number.isSafeInteger(instanceId) ? instanceId : null,
    };
  } catch {
    return { eventId: null, instanceId: null };
  }
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

/**
 * Puts both sides together, the newest first. An event of the platform and a notification belong together where the
 * event's id is the notification's `eventId` (docs/assumptions.md).
 */
export function logRows(
  events: readonly PlatformEvent[],
  received: readonly ReceivedNotification[],
  instanceId: number,
): LogRow[] {
  const own = received.filter((each) => each.instanceId === null || each.instanceId === instanceId);
  const known = new Set(events.map(({ id }) => id));
  const rows: LogRow[] = events.map((platform) => ({
    platform,
    received: own.filter(({ eventId }) => eventId === platform.id),
  }));
  const alone = own
    .filter(({ eventId, instanceId: named }) => named === instanceId && (eventId === null || !known.has(eventId)))
    .map((each): LogRow => ({ platform: null, received: [each] }));
  return [...rows, ...alone].sort((a, b) => timeOf(b) - timeOf(a));
}

function timeOf({ platform, received }: LogRow): number {
  const time = Date.parse(platform?.date ?? received[0]?.receivedAt ?? '');
  return Number.isNaN(time) ? 0 : time;
}

/** What the document says beside its rows. */
export interface LogFrame {
  readonly name: string;
  readonly id: number;
  readonly at: string;
  /** Whether the relay's history could be read. */
  readonly relayRuns: boolean;
  /** Further notifications were not looked at. */
  readonly cut: boolean;
}

/** The document, in Markdown. */
export function eventLogText(frame: LogFrame, rows: readonly LogRow[], l10n: Localiser): string {
  const head = [
    `# ${l10n.t('Events of {0} ({1})', markdownText(frame.name), frame.id)}`,
    '',
    l10n.t('Open Connectors’ own log beside the history of this window’s relay, as of {0}.', frame.at),
    l10n.t(
      'The history holds what reached this relay and was kept. What is not in it may have gone to another callback, have come before the history began or been cleared from it.',
    ),
  ];
  if (!frame.relayRuns) head.push('', l10n.t('The relay is not running, so its history was not read.'));
  if (frame.cut) head.push('', l10n.t('Only the newest notifications in the history were looked at.'));
  if (rows.length === 0) return [...head, '', l10n.t('Open Connectors’ log is empty.'), ''].join('\n');
  return [...head, '', ...rows.flatMap((row) => sectionOf(row, frame.relayRuns, l10n))].join('\n');
}

/** What both say of one event: it reads well as it stands, however narrow the editor is. */
function sectionOf({ platform, received }: LogRow, relayRuns: boolean, l10n: Localiser): string[] {
  const first = received[0];
  const heading = [platform?.date ?? first?.receivedAt, platform?.id ?? first?.eventId ?? first?.deliveryId];
  const status = platform === null ? l10n.t('not in the log') : markdownText(platform.status ?? l10n.t('no status'));
  const here =
    received.length > 0
      ? received.map((each) => receivedWords(each, l10n)).join('; ')
      : relayRuns
        ? l10n.t('not in the relay’s history')
        : l10n.t('not known');
  return [
    `## ${heading
      .map((part) => markdownText(part ?? ''))
      .join(' ')
      .trim()}`,
    '',
    `- ${l10n.t('Open Connectors: {0}', status)}`,
    `- ${l10n.t('Relay: {0}', here)}`,
    '',
  ];
}

function receivedWords(
  { deliveryId, receivedAt, signature, eventCount }: ReceivedNotification,
  l10n: Localiser,
): string {
  const words =
    eventCount === 1
      ? l10n.t('{0}, received {1}, one event', deliveryId, markdownText(receivedAt))
      : l10n.t('{0}, received {1}, {2} events', deliveryId, markdownText(receivedAt), eventCount);
  switch (signature) {
    case 'valid':
      return l10n.t('{0}, signature valid', words);
    case 'invalid':
      return l10n.t('{0}, wrong signature', words);
    case 'missing':
      return l10n.t('{0}, no signature', words);
    default:
      return words;
  }
}
