/** Why checks could not be decided or run, or what may be why they failed: said once, and not at each of them. */
import type { Said } from '../common/words.ts';
import type { CheckResult } from './check.ts';
import { textOf } from './words.ts';

/** A reason that lies beside the callback: in the probe, in its page, in what was not given, in the time. */
export interface Cause {
  readonly said: Said;
  /** The checks that it holds up, in their order. */
  readonly ids: readonly string[];
}

/** Why a check could not be decided, or not run. */
function whyOpen({ outcome, reason, result }: CheckResult): readonly Said[] {
  if (outcome === 'skipped') return [reason ?? ''];
  const findings = result?.steps.flatMap((step) => step.findings) ?? [];
  return findings.filter(({ verdict }) => verdict === 'undecided').map(({ actual }) => actual);
}

/** What of the callback's environment may be why a check failed. */
function whyFailed({ result }: CheckResult): readonly Said[] {
  return result?.steps.flatMap((step) => step.findings).flatMap(({ cause }) => cause ?? []) ?? [];
}

/** Whether all that a result says of why it is not decided is among some causes. */
export function isSaidBy(causes: readonly Cause[], result: CheckResult): boolean {
  const texts = new Set(causes.map(({ said }) => textOf(said)));
  const own = whyOpen(result);
  return result.outcome !== 'failed' && own.length > 0 && own.every((each) => texts.has(textOf(each)));
}

/**
 * Tells of one result after another what is new about it.
 * @returns whether it says something that none before it has said: one that only repeats why it could not be decided does
 *   not; and the causes of failures that were not told before
 */
export function noveltyTracker(): (result: CheckResult) => {
  readonly isNews: boolean;
  readonly causes: readonly Said[];
} {
  const told = new Set<string>();
  const isNew = (said: Said): boolean => {
    const text = textOf(said);
    if (told.has(text)) return false;
    told.add(text);
    return true;
  };
  return (result) => {
    const open = whyOpen(result).filter(isNew);
    return { isNews: result.outcome === 'failed' || open.length > 0, causes: whyFailed(result).filter(isNew) };
  };
}

/** What is said above all: the causes of failures, and what two checks or more could not be decided or run for. */
export function sharedCauses(results: readonly CheckResult[]): Cause[] {
  const all = new Map<string, { readonly said: Said; readonly ids: Set<string>; isOfFailure: boolean }>();
  const note = (said: Said, id: string, isOfFailure: boolean): void => {
    const text = textOf(said);
    const known = all.get(text) ?? { said, ids: new Set(), isOfFailure };
    known.ids.add(id);
    known.isOfFailure ||= isOfFailure;
    all.set(text, known);
  };
  for (const result of results) {
    for (const said of whyFailed(result)) note(said, result.check.id, true);
    for (const said of whyOpen(result)) note(said, result.check.id, false);
  }
  return [...all.values()]
    .filter(({ ids, isOfFailure }) => isOfFailure || ids.size > 1)
    .map(({ said, ids }) => ({ said, ids: [...ids] }));
}
