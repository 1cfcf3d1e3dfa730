import { say } from '../../common/say.ts';
import type { EventRow, Forwarding, TracedEvent } from '../../protocol/history.ts';
import { durationOf, listOf, placeOf, type ListNaming } from '../ui/phrases.ts';
import { printable } from '../ui/printable.ts';
import { aboutOf, flagsOf, heldAtGate, isHeldAtGate, marksOf, stateWord, typeOf } from '../../protocol/event-row.ts';
import type { Span, TableRow } from './messages.ts';

export function tableRow(traced: TracedEvent, names: ListNaming & { readonly language: string }): TableRow {
  const { row, state, status, durationMs } = traced;
  const receivedAt = Date.parse(row.receivedAt);
  const destinations = [...new Set(row.forwardings.map(({ destination }) => placeOf(destination)))];
  const spans = spansOf(traced, receivedAt);
  const nextAt = nextOf(traced, receivedAt);
  const words = state === 'held' ? heldWord(row) : stateWord(state);
  const made = spans.length + traced.omittedAttempts;
  return {
    id: row.id,
    receivedAt,
    state,
    cells: {
      type: typeOf(row),
      address: aboutOf(row),
      list: row.list === null ? '' : printable(names.nameOfList(row.list) ?? row.list),
      state: [words, ...marksOf(row)].join(', '),
      status: status === null ? '' : String(status),
      duration: durationMs === null ? '' : numberOf(durationMs, names.language),
      attempts: row.forwardings.length === 0 ? '' : String(made),
      // Without the scheme: the full URL is in the tooltip.
      destination: destinations.map((each) => each.replace(/^https?:\/\//, '')).join(', '),
      id: [row.id, row.deliveryId, row.notificationId].filter((each) => each !== null).join(' '),
    },
    details: [
      ...(row.list === null ? [] : [printable(listOf(row.list, names))]),
      ...destinations,
      ...row.forwardings.flatMap((each) => whyOf(each)),
      ...[row.warning, row.reason].filter((each) => each !== null).map((each) => printable(each)),
    ].join('\n'),
    flags: flagsOf(row),
    spans,
    nextAt,
    waterfallWords: waterfallWords(traced, { spans, nextAt, made }),
  };
}

function heldWord({ forwardings }: EventRow): string {
  const stopped = forwardings.find((each) => isHeldAtGate(each) && each.breakpointId != null);
  return stopped?.breakpointId == null ? stateWord('held') : say('Held at {0}', printable(stopped.breakpointId));
}

function whyOf(forwarding: Forwarding): string[] {
  if (isHeldAtGate(forwarding)) return [heldAtGate(forwarding)];
  return forwarding.detail === null ? [] : [printable(forwarding.detail)];
}

function numberOf(ms: number, language: string): string {
  return ms.toLocaleString(language, { maximumFractionDigits: ms < 10 ? 1 : 0 });
}

function spansOf({ attempts }: TracedEvent, receivedAt: number): Span[] {
  const settled = new Set<string>();
  return attempts.map(({ destinationId, number, at, durationMs, status, outcome }) => {
    const answer = status === null ? say('no answer') : String(status);
    const again = settled.has(destinationId);
    if (outcome !== 'retrying') settled.add(destinationId);
    return {
      from: Math.max(0, Date.parse(at) - receivedAt),
      ms: durationMs,
      outcome,
      again,
      words: say('attempt {0}: {1} in {2}', number, answer, durationOf(durationMs)),
    };
  });
}

function nextOf({ row }: TracedEvent, receivedAt: number): number | null {
  const due = row.forwardings.flatMap(({ nextAttemptAt }) => (nextAttemptAt === null ? [] : [nextAttemptAt]));
  return due.length === 0 ? null : Math.max(0, Date.parse(due.sort()[0] ?? '') - receivedAt);
}

function waterfallWords(
  { row, omittedAttempts }: TracedEvent,
  { spans, nextAt, made }: { readonly spans: readonly Span[]; readonly nextAt: number | null; readonly made: number },
): string {
  const latest = spans.slice(-3).map(({ from, words }) => say('{1} (started after {0})', durationOf(from), words));
  return [
    row.signature === 'fetched' ? say('fetched') : say('relay answered {0}', row.httpStatus),
    ...(made > latest.length && omittedAttempts + spans.length > 0 ? [say('{0} attempts', made)] : []),
    ...latest,
    ...(nextAt === null ? [] : [say('next attempt {0} after receipt', durationOf(nextAt))]),
  ].join(', ');
}
