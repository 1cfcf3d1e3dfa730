import { maxAttempts, type RetryPolicy } from '../../common/retry-policies.ts';
import type { Answering } from '../../protocol/answering.ts';
import type { Sending, Stop } from '../../protocol/debug.ts';
import type { Attempt, Delivery, EventRow } from '../../protocol/history.ts';
import { addressOf, marksOf, stateWord, typeOf } from '../../protocol/event-row.ts';
import type { Status, TunnelStatus } from '../../protocol/status.ts';
import { inSameDirectory } from '../same-directory.ts';
import { answeringText, rejectedText } from './answering-text.ts';
import type { BatchOutcome } from './batches.ts';
import { masked } from './masked.ts';
import { heldNumbers } from './sending-text.ts';
import { clip, columnsOf, count, duration, localTime, pad, printable, signedWords, size } from './text.ts';

export type Paint = (format: 'bold' | 'dim' | 'green' | 'red' | 'yellow' | 'cyan' | 'magenta', text: string) => string;

const shortestUrl = 8;

export class LiveView {
  readonly #paint: Paint;
  readonly #columns: () => number;
  #policy: RetryPolicy = 'fast';

  constructor(paint: Paint, columns: () => number) {
    this.#paint = paint;
    this.#columns = columns;
  }

  opening(status: Status, attached: boolean): string[] {
    const paint = this.#paint;
    const lines = [
      `${paint('bold', 'Campaign Monitor Relay')} ${printable(status.version)}, process ${status.pid}${attached ? ', attached to the running relay' : ''}`,
      '',
      ...this.#urls(status),
    ];
    for (const destination of masked(status.settings.destinations)) {
      const how = `${destination.mode === 'raw' ? 'raw, ' : ''}${signedWords(destination)}`;
      lines.push(`  ${paint('dim', 'Forwards to               ')} ${printable(destination.url)} (${how})`);
    }
    if (status.settings.destinations.length === 0) {
      lines.push(
        `  ${paint('yellow', 'No destination yet:')} run cm-relay stop, and then cm-relay listen 3000/callback`,
      );
    }
    lines.push(`  ${paint('dim', 'Keeps its history in      ')} ${printable(status.dataDir)}`, '');
    return lines;
  }

  /** Leaves out the URLs' secret, since others may read a file or a job's log. */
  summary(status: Status, attached: boolean): string {
    const { destinations } = masked(status.settings);
    const where = destinations.map(({ url }) => url).join(', ');
    return printable(
      `Campaign Monitor Relay ${status.version}, process ${status.pid}${attached ? ', attached to the running relay' : ''}. Listening on ${masked(status.campaignMonitorUrl)} (for the full URL, run cm-relay url --local), ${where === '' ? 'no destination yet' : `forwarding to ${where}`}.`,
    );
  }

  moved(status: Status, inFull: boolean): string[] {
    if (!inFull) return ['The old URLs no longer work. To print the new URL, run cm-relay url --local.'];
    return [this.#paint('yellow', 'The old URLs no longer work. New URLs:'), ...this.#urls(status)];
  }

  #urls(status: Status): string[] {
    const paint = this.#paint;
    const lines = [
      `  ${paint('dim', 'Campaign Monitor posts to ')} ${status.campaignMonitorUrl}`,
      `  ${paint('dim', 'Open Connectors posts to  ')} ${status.openConnectorsUrl}`,
    ];
    if (status.publicCampaignMonitorUrl !== null) {
      lines.push(`  ${paint('dim', 'Public, Campaign Monitor  ')} ${printable(status.publicCampaignMonitorUrl)}`);
    }
    if (status.publicOpenConnectorsUrl !== null) {
      lines.push(`  ${paint('dim', 'Public, Open Connectors   ')} ${printable(status.publicOpenConnectorsUrl)}`);
    }
    return lines;
  }

  configured(status: Status): void {
    this.#policy = status.settings.retry;
  }

  delivery(delivery: Delivery, events: readonly EventRow[]): string {
    const icons = { accepted: ['green', '●'], test: ['cyan', '○'], rejected: ['red', '✗'] } as const;
    const [color, icon] = icons[delivery.status];
    const first = events[0];
    const isSingle = delivery.eventCount === 1 && first !== undefined;
    const id = isSingle ? first.id : delivery.id;
    const parts = [whatCame(delivery, events)];
    if (delivery.status === 'accepted') {
      parts.push(delivery.list === null ? '' : `list ${printable(delivery.list)}`);
      if (isSingle) parts.push(first.warning ?? '');
    }
    parts.push(...marksOf({ ...delivery, duplicateOf: isSingle ? first.duplicateOf : null }));
    return this.#line(
      delivery.receivedAt,
      color,
      icon,
      id,
      parts
        .filter((part) => part !== '')
        .map((part) => printable(part))
        .join('  '),
    );
  }

  attempt(attempt: Attempt): string {
    const at = printable(attempt.destination.replace(/^https?:\/\//, ''));
    const answer = attempt.status === null ? (attempt.error ?? 'no answer') : String(attempt.status);
    const reason = attempt.status === null || saysTheStatus(attempt) ? '' : `: ${attempt.error}`;
    let text = `  ${answer}${reason} in ${duration(attempt.durationMs)}`;
    if (attempt.outcome === 'retrying') {
      const wait = attempt.nextAttemptAt === null ? 0 : Date.parse(attempt.nextAttemptAt) - Date.now();
      const { number, ofRound } = attempt;
      const most = maxAttempts(this.#policy);
      // Attempts are counted across replays.
      text += ofRound < most ? `, attempt ${number + 1} of ${number - ofRound + most}` : ', will retry';
      if (wait > 0) text += ` in ${duration(wait)}`;
    } else if (attempt.outcome === 'failed') {
      text += ', will not retry';
    }
    const [color, icon] = ({ sent: ['green', '✓'], retrying: ['yellow', '↻'], failed: ['red', '✗'] } as const)[
      attempt.outcome
    ];
    const what = printable(text);
    // The response is more important than the destination.
    const room = this.#room(attempt.at, attempt.notificationId) - columnsOf(`→ ${what}`);
    const where = clip(at, Math.max(shortestUrl, room));
    return this.#line(attempt.at, color, icon, attempt.notificationId, `→ ${where}${what}`);
  }

  whereWhy(notificationId: string): string {
    return this.#paint('dim', inSameDirectory(`  To see the answer, run cm-relay show ${notificationId} --attempts.`));
  }

  batch({ deliveryId, destination, parts, sent, failed, retrying, slowestMs, last }: BatchOutcome): string {
    const [color, icon] =
      failed > 0 ? (['red', '✗'] as const) : retrying > 0 ? (['yellow', '↻'] as const) : (['green', '✓'] as const);
    const why = last.status === null ? (last.error ?? 'no answer') : String(last.status);
    const counts = [
      sent === 0 ? '' : `${sent} sent`,
      failed === 0 ? '' : `${failed} failed`,
      retrying === 0 ? '' : `${retrying} to retry`,
    ].filter((each) => each !== '');
    const text =
      sent === parts
        ? `  ${parts} notifications sent, ${why} in ${duration(slowestMs)} at most`
        : `  ${parts} notifications: ${counts.join(', ')}${failed + retrying === 0 ? '' : ` (${why})`}`;
    const what = printable(text);
    const room = this.#room(last.at, deliveryId) - columnsOf(`→ ${what}`);
    const where = clip(printable(destination.replace(/^https?:\/\//, '')), Math.max(shortestUrl, room));
    return this.#line(last.at, color, icon, deliveryId, `→ ${where}${what}`);
  }

  tunnel(tunnel: TunnelStatus): string {
    const color =
      tunnel.state === 'open' ? 'green' : tunnel.state === 'failed' || tunnel.state === 'degraded' ? 'red' : 'yellow';
    const url = 'url' in tunnel ? ` ${tunnel.url}` : '';
    const changed =
      tunnel.state === 'open' && tunnel.previousUrl !== null
        ? `, replaces ${tunnel.previousUrl}: update webhooks that use the old URL`
        : '';
    const text = `tunnel ${tunnel.kind} ${tunnel.state}${url}${changed}${tunnel.reason === '' ? '' : ` (${tunnel.reason})`}`;
    // Don't shorten the URL: the user may copy it.
    return `${this.#paint('dim', localTime(new Date().toISOString()))} ${this.#paint(color, '◆')} ${printable(text)}`;
  }

  answering(answering: Answering): string {
    const isUsual = answering.state === 'as-usual';
    const icon = this.#paint(isUsual ? 'green' : 'yellow', isUsual ? '▶' : '↩');
    return `${this.#paint('dim', localTime(new Date().toISOString()))} ${icon} ${answeringText(answering)}`;
  }

  stopped(stop: Stop, sending: Sending): string {
    const id = stop.notificationId ?? stop.deliveryId ?? '';
    return this.#line(stop.at, 'yellow', '‖', id, printable(`${stop.text}. ${heldNumbers(sending)}`));
  }

  continued(): string {
    return this.#line(new Date().toISOString(), 'green', '▶', '', 'sending resumed');
  }

  missed(count: number): string {
    return this.#paint('yellow', `… ${count} more not shown here: to list them, run cm-relay events`);
  }

  #line(at: string, color: 'green' | 'red' | 'yellow' | 'cyan', icon: string, id: string, text: string): string {
    return `${this.#paint('dim', localTime(at))} ${this.#paint(color, icon)} ${this.#paint('dim', pad(id, 6))} ${clip(text, this.#room(at, id))}`;
  }

  #room(at: string, id: string): number {
    return Math.max(10, this.#columns() - columnsOf(`${localTime(at)} i ${pad(id, 6)} `));
  }
}

export function saysTheStatus({ status, error }: Pick<Attempt, 'status' | 'error'>): boolean {
  return error === null || error === `answered ${status}`;
}

/** Unescaped. */
function whatCame(delivery: Delivery, events: readonly EventRow[]): string {
  if (delivery.status === 'rejected') {
    return `${rejectedText(delivery)} (${size(delivery.bodyBytes)})`;
  }
  if (delivery.status === 'test') return stateWord('test');
  const [first] = events;
  if (delivery.eventCount === 1 && first !== undefined) {
    return `${typeOf(first)}  ${addressOf(first)}`;
  }
  return `batch of ${delivery.eventCount}${byType(delivery, events)}`;
}

function byType(delivery: Delivery, events: readonly EventRow[]): string {
  if (events.length !== delivery.eventCount) return '';
  const counts = new Map<string, number>();
  for (const { type } of events) counts.set(type ?? 'no type', (counts.get(type ?? 'no type') ?? 0) + 1);
  const most = [...counts].sort(([, a], [, b]) => b - a);
  const shown = most.slice(0, 4).map(([type, n]) => `${n} ${type}`);
  if (most.length > 4) shown.push(count(most.length - 4, 'other type'));
  return ` (${shown.join(', ')})`;
}
