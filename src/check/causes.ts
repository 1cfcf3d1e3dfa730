import type { CheckResult } from './check.ts';

export interface Cause {
  readonly text: string;
  readonly ids: readonly string[];
}

function whyOpen({ outcome, reason, result }: CheckResult): readonly string[] {
  if (outcome === 'skipped') return [reason ?? ''];
  const findings = result?.steps.flatMap((step) => step.findings) ?? [];
  return findings.filter(({ verdict }) => verdict === 'undecided').map(({ actual }) => actual);
}

function whyFailed({ result }: CheckResult): readonly string[] {
  return result?.steps.flatMap((step) => step.findings).flatMap(({ cause }) => cause ?? []) ?? [];
}

export function isSaidBy(causes: readonly Cause[], result: CheckResult): boolean {
  const texts = new Set(causes.map(({ text }) => text));
  const own = whyOpen(result);
  return result.outcome !== 'failed' && own.length > 0 && own.every((each) => texts.has(each));
}

/** @returns whether a result has a reason that no earlier one had, and the new causes of failures */
export function noveltyTracker(): (result: CheckResult) => {
  readonly isNews: boolean;
  readonly causes: readonly string[];
} {
  const told = new Set<string>();
  const isNew = (text: string): boolean => {
    if (told.has(text)) return false;
    told.add(text);
    return true;
  };
  return (result) => {
    const open = whyOpen(result).filter(isNew);
    return { isNews: result.outcome === 'failed' || open.length > 0, causes: whyFailed(result).filter(isNew) };
  };
}

export function sharedCauses(results: readonly CheckResult[]): Cause[] {
  const all = new Map<string, { readonly ids: Set<string>; isOfFailure: boolean }>();
  const note = (text: string, id: string, isOfFailure: boolean): void => {
    const known = all.get(text) ?? { ids: new Set(), isOfFailure };
    known.ids.add(id);
    known.isOfFailure ||= isOfFailure;
    all.set(text, known);
  };
  for (const result of results) {
    for (const text of whyFailed(result)) note(text, result.check.id, true);
    for (const text of whyOpen(result)) note(text, result.check.id, false);
  }
  return [...all]
    .filter(([, { ids, isOfFailure }]) => isOfFailure || ids.size > 1)
    .map(([text, { ids }]) => ({ text, ids: [...ids] }));
}
