/** Runs the suite on a callback: one check after another, within a time for all of them. */
import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { loopbackLookup } from '../common/loopback.ts';
import type { Said, Words } from '../common/words.ts';
import { runScenario } from './run.ts';
import type { Outcome, RunContext, ScenarioResult } from './run.ts';
import type { Check } from './suite.ts';
import type { Target } from './target.ts';
import { ownText, words } from './words.ts';

/** What a check came to. */
export interface CheckResult {
  readonly check: Check;
  readonly outcome: Outcome;
  /** Why it is not passed; null where it is. */
  readonly reason: Said | null;
  /** Null where it was skipped. */
  readonly result: ScenarioResult | null;
}

export interface CheckOptions {
  /** How long all of them may take, in milliseconds: the one that runs then is ended, and those that are left are skipped. */
  readonly timeoutMs: number;
  /** Called with each result as it is there. */
  readonly onResult?: (result: CheckResult) => void;
}

/** A callback that was ended by a check is waited for, since tools start it again, in milliseconds. */
const restartMs = 5000;

/**
 * Runs checks, one after another.
 * @throws the context's signal's reason where that gives them up
 */
export async function runChecks(
  checks: readonly Check[],
  context: RunContext,
  { timeoutMs, onResult }: CheckOptions,
): Promise<CheckResult[]> {
  const started = performance.now();
  const results: CheckResult[] = [];
  let gone: Words | null = null;
  for (const check of checks) {
    const leftMs = timeoutMs - (performance.now() - started);
    const skipped = whySkipped(check, context.target, gone, leftMs <= 0);
    let result: CheckResult;
    if (skipped === null) {
      const { scenario } = check;
      const bounded = { ...scenario, timeoutMs: Math.ceil(Math.min(scenario.timeoutMs, leftMs)) };
      const run = await runScenario(bounded, context);
      // The names of its steps are texts of ours.
      const steps = run.steps.map((step) => ({ ...step, title: owned(step.title) }));
      result = { check, outcome: run.outcome, reason: run.reason, result: { ...run, steps } };
      if (run.isUnreachable && !(await answersAgain(context))) {
        const { origin, pathname } = context.target.url;
        const neverAnswered = results.length === 0;
        gone = neverAnswered
          ? words('nothing-listens', `${origin}${pathname}`)
          : words('nothing-answers', ownText(check.title));
      }
    } else {
      result = { check, outcome: 'skipped', reason: skipped, result: null };
    }
    results.push(result);
    onResult?.(result);
  }
  return results;
}

function owned(title: Said): Words {
  return typeof title === 'string' ? ownText(title) : title;
}

function whySkipped({ needsKey }: Check, target: Target, gone: Words | null, isLate: boolean): Words | null {
  if (gone !== null) return gone;
  if (isLate) return words('time-is-up');
  return needsKey && target.signatureKey === undefined ? words('no-key') : null;
}

/** Whether something listens where the callback was, at once or before long. */
async function answersAgain({ target, signal }: RunContext): Promise<boolean> {
  const until = performance.now() + restartMs;
  while (!(await isListening(target.url))) {
    if (performance.now() >= until) return false;
    signal.throwIfAborted();
    await wait(200);
  }
  return true;
}

function isListening({ hostname, port, protocol }: URL): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({
      host: hostname.replace(/^\[(.*)\]$/, '$1'),
      port: Number(port) || (protocol === 'https:' ? 443 : 80),
      lookup: loopbackLookup,
      timeout: 2000,
    });
    const end = (is: boolean): void => {
      socket.destroy();
      resolve(is);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
    socket.once('timeout', () => end(false));
  });
}
