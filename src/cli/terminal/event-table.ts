import type { EventRow, Forwarding } from '../../protocol/history.ts';
import { aboutOf, marksOf, rowState, typeOf } from '../../protocol/event-row.ts';
import { clip, columnsOf, localTime, nextWords, pad } from './text.ts';
import { styleText } from './command-process.ts';

interface Layout {
  /** 0 if the column is left out. */
  readonly received: number;
  readonly type: number;
  readonly address: number;
  readonly forwarded: number;
}

const idColumns = 7;
const wholeTime = 19;
const shortTime = 11;
const leastForWholeTime = 80;
const leastForTime = 56;
const mostAddress = 33;
const leastAddress = 8;
const leastForwarded = 14;

export class EventTable {
  readonly #columns: number;
  readonly #layout: Layout;

  constructor(columns: number) {
    this.#columns = columns;
    this.#layout = layoutFor(columns);
  }

  get heading(): string {
    const { received, type, address } = this.#layout;
    const names = ['EVENT'.padEnd(idColumns), ...(received === 0 ? [] : ['RECEIVED'.padEnd(received)])];
    const line = [...names, 'TYPE'.padEnd(type), 'ADDRESS'.padEnd(address), 'FORWARDED'].join(' ');
    return styleText('dim', clip(line, this.#columns));
  }

  line(row: EventRow): string {
    const { received, type, address } = this.#layout;
    const more = Math.max(0, row.id.length - idColumns);
    const addressColumns = Math.max(1, address - more);
    const state = this.#forwarded(row);
    const columns = [
      pad(row.id, idColumns),
      ...(received === 0 ? [] : [styleText('dim', timeIn(received, row.receivedAt))]),
      cell(typeOf(row), type),
      ...(state === ''
        ? [clip(aboutOf(row), addressColumns + 1 + this.#layout.forwarded)]
        : [cell(aboutOf(row), addressColumns), state]),
    ];
    return columns.join(' ').trimEnd();
  }

  #forwarded(row: EventRow): string {
    // There is little room: a valid signature is what one expects.
    const marks = marksOf(row.signature === 'valid' ? { ...row, signature: null } : row);
    if (row.answered !== undefined) marks.unshift(styleText('yellow', marks.shift() ?? ''));
    if (row.warning !== null) marks.push('warning');
    if (row.answered === undefined && rowState(row) === 'none') marks.unshift(styleText('dim', 'not forwarded'));
    const all = row.forwardings.map((each) => forwarded(each) + nextAttempt(each)).join(', ');
    const parts = [all, ...marks].filter((part) => part !== '');
    const whole = parts.join('  ');
    if (columnsOf(whole) <= this.#layout.forwarded) return whole;
    return clip([row.forwardings.map(stateText).join(', '), ...marks].join('  ').trim(), this.#layout.forwarded);
  }
}

function layoutFor(columns: number): Layout {
  const received = columns >= leastForWholeTime ? wholeTime : columns >= leastForTime ? shortTime : 0;
  const type = columns >= leastForWholeTime ? 12 : 10;
  const taken = idColumns + 1 + (received === 0 ? 0 : received + 1) + type + 1;
  const address = Math.min(mostAddress, Math.max(leastAddress, columns - taken - 1 - leastForwarded));
  return { received, type, address, forwarded: Math.max(1, columns - taken - address - 1) };
}

function timeIn(columns: number, iso: string): string {
  const whole = localTime(iso, new Date(0));
  return columns < wholeTime ? whole.slice(5, 5 + columns) : whole;
}

function cell(text: string, columns: number): string {
  return pad(clip(text, columns), columns);
}

const colors = { sent: 'green', waiting: 'yellow', held: 'yellow', failed: 'red', discarded: 'dim' } as const;

export function forwarded(forwarding: Forwarding): string {
  return styleText(colors[forwarding.state], stateText(forwarding));
}

export function nextAttempt({ state, nextAttemptAt, nextTryAt }: Forwarding): string {
  return state === 'waiting' ? nextWords(nextTryAt ?? nextAttemptAt) : '';
}

function stateText({ state, status }: Forwarding): string {
  return state === 'failed' && status !== null ? `${state} ${status}` : state;
}
