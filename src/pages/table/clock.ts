/** Times are in milliseconds. */
import type { TableRow, TableTexts } from '../../extension/event-table/messages.ts';
import { filled } from '../shared/words.ts';

/** `since`: each row starts when it was received. `day`: all rows are at their time of day. */
export type ClockKind = 'since' | 'day';

/** For `since`, `from` is 0. */
export interface Clock {
  readonly kind: ClockKind;
  readonly from: number;
  readonly to: number;
}

type Timed = Pick<TableRow, 'receivedAt' | 'spans' | 'nextAt'>;

/** In percent of the column's width. */
export interface Piece {
  readonly kind: 'acknowledged' | 'waiting' | 'sent' | 'retrying' | 'failed' | 'next';
  readonly left: number;
  readonly width: number;
  /** Later than the column's end, and drawn there. */
  readonly isBeyond?: true;
}

/** Below this range, all would be noise. */
const least: Readonly<Record<ClockKind, number>> = { since: 10, day: 1000 };

/** Ignores what was sent again later, which would leave no width for the others. */
export function clockOf(rows: readonly Timed[], kind: ClockKind): Clock {
  if (kind === 'since') {
    const longest = rows.reduce((most, row) => Math.max(most, endOf(row)), 0);
    return { kind, from: 0, to: roundUp(Math.max(least.since, longest)) };
  }
  const from = rows.reduce((first, { receivedAt }) => Math.min(first, receivedAt), Infinity);
  const to = rows.reduce((last, row) => Math.max(last, row.receivedAt + endOf(row)), -Infinity);
  if (!Number.isFinite(from)) return { kind, from: 0, to: least.day };
  return { kind, from, to: Math.max(to, from + least.day) };
}

export function piecesOf(row: Timed, clock: Clock): Piece[] {
  const origin = clock.kind === 'since' ? 0 : row.receivedAt - clock.from;
  const length = clock.to - clock.from;
  const share = (ms: number): number => Math.min(100, Math.max(0, (100 * ms) / length));
  const piece = (kind: Piece['kind'], from: number, to: number): Piece => {
    const left = share(origin + from);
    const isBeyond = origin + from > length;
    return { kind, left, width: share(origin + to) - left, ...(isBeyond && { isBeyond }) };
  };
  const end = Math.max(endOf(row), ...row.spans.map(({ from, ms }) => from + ms));
  return [
    ...(end > 0 ? [piece('waiting', 0, end)] : []),
    piece('acknowledged', 0, 0),
    ...row.spans.map(({ from, ms, outcome }) => piece(outcome, from, from + ms)),
    ...(row.nextAt === null ? [] : [piece('next', row.nextAt, row.nextAt)]),
  ];
}

function endOf({ spans, nextAt }: Timed): number {
  const first = spans.filter(({ again }) => !again);
  const next = first.length === spans.length ? (nextAt ?? 0) : 0;
  return first.reduce((last, { from, ms }) => Math.max(last, from + ms), next);
}

function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 5].find((each) => each * power >= value) ?? 10) * power;
}

export function durationText(
  ms: number,
  texts: Pick<TableTexts, 'milliseconds' | 'seconds' | 'minutes' | 'hours'>,
  language: string,
): string {
  const number = (value: number): string => value.toLocaleString(language, { maximumFractionDigits: 1 });
  if (ms < 1000) return filled(texts.milliseconds, number(ms));
  if (ms < 120_000) return filled(texts.seconds, number(ms / 1000));
  return ms < 7_200_000 ? filled(texts.minutes, number(ms / 60_000)) : filled(texts.hours, number(ms / 3_600_000));
}
