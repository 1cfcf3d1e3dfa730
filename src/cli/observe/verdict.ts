/** How an assumption stands after an observation, what corrects it, and what judgements have in common. */
import type { Mapping, Settings } from '../../protocol/settings.ts';
import { duration } from '../terminal/text.ts';
import type { Received } from './listener.ts';

/** What corrects an assumption: a setting of the relay, or one of the sandbox, which then behaves as the vendor does. */
export type Correction =
  | {
      readonly of: 'relay';
      readonly change: Partial<Pick<Settings, 'partSize' | 'retry' | 'timeZone'>> & {
        readonly mapping?: Partial<Mapping>;
      };
    }
  | {
      readonly of: 'sandbox';
      /** Below its controls. */
      readonly path: '/settings' | '/open-connectors/settings';
      readonly change: Readonly<Record<string, unknown>>;
    };

/** How an assumption stands after an observation. */
export interface Verdict {
  readonly state: 'confirmed' | 'refuted' | 'open';
  /** What was seen: no address, no URL, no value of anybody's. */
  readonly finding: string;
  readonly corrections: readonly Correction[];
}

/** Not to be told from what was seen. */
export const open = (finding: string): Verdict => ({ state: 'open', finding, corrections: [] });
/** As it is assumed. @param corrections that make the sandbox, or the relay, do the very same */
export const confirmed = (finding: string, ...corrections: readonly Correction[]): Verdict => ({
  state: 'confirmed',
  finding,
  corrections,
});
/** Otherwise than it is assumed. */
export const refuted = (finding: string, ...corrections: readonly Correction[]): Verdict => ({
  state: 'refuted',
  finding,
  corrections,
});

/** The pauses between POSTs, in milliseconds: from the end of one, which may be a sender's time-out, to the next. */
export function gapsOf(attempts: readonly Pick<Received, 'at' | 'waitedMs'>[]): number[] {
  return attempts.slice(1).map(({ at }, i) => {
    const before = attempts[i];
    return before === undefined ? 0 : Math.max(0, at - before.at - (before.waitedMs ?? 0));
  });
}

/** Pauses for a reader. */
export function gapWords(gaps: readonly number[]): string {
  const shown = gaps.slice(0, 10).map((gap) => duration(gap));
  return gaps.length > 10 ? `${shown.join(', ')}, and ${gaps.length - 10} more` : shown.join(', ');
}

/** When something is due at the latest, in milliseconds: a vendor's clock and network take some time. */
export function latest(pauseMs: number): number {
  return 1.25 * pauseMs + 1500;
}

/** Whether pauses are those of a schedule, as far as they go. */
export function fits(gaps: readonly number[], schedule: readonly number[]): boolean {
  return (
    gaps.length <= schedule.length &&
    gaps.every((gap, i) => gap >= 0.9 * (schedule[i] ?? 0) && gap <= latest(schedule[i] ?? 0))
  );
}

/** When the last attempt had failed, and for how long it was watched from then on; null where it was the last on purpose. */
export function watchedAfter(attempts: readonly Received[], watchedUntil: number | null): number | null {
  const last = attempts.at(-1);
  if (last === undefined || watchedUntil === null) return null;
  if (last.answer.kind === 'status' && last.answer.status < 300) return null;
  if (last.answer.kind === 'hang' && last.waitedMs === null) return null;
  return watchedUntil - last.at - (last.waitedMs ?? 0);
}

/**
 * Judges pauses by a schedule: only all of them confirm it, and one that is missing refutes it where it had its time.
 * @param silentMs see {@link watchedAfter}
 * @param toldGaps what was seen, in words
 */
export function judgeSchedule(
  gaps: readonly number[],
  schedule: readonly number[],
  silentMs: number | null,
  toldGaps: string,
  ...corrections: readonly Correction[]
): Verdict {
  if (!fits(gaps, schedule)) return refuted(toldGaps, ...corrections);
  const next = schedule[gaps.length];
  if (next === undefined) return confirmed(toldGaps);
  return silentMs !== null && silentMs > latest(next)
    ? refuted(`${toldGaps}, and then none within ${duration(silentMs)}`, ...corrections)
    : open(`so far ${toldGaps}`);
}

/** Pauses as the sandbox takes them: of longer ones, what the network adds is left out. */
export function scheduleOf(gaps: readonly number[]): number[] {
  return gaps.slice(0, 50).map((gap) => Math.min(86_400_000, gap < 1000 ? gap : Math.round(gap / 1000) * 1000));
}
