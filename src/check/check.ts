import { say, translate } from '../common/say.ts';
import { vendorDate } from '../campaign-monitor/samples.ts';
import { Pace, quietBehind, removalMs, settled, type Settling } from './settling.ts';
import { ProbeError } from './probe.ts';
import { answerWords, asks, outcomeOf, reasonOf, runScenario } from './run.ts';
import type { Finding, Outcome, RunContext, ScenarioResult } from './run.ts';
import type { Scenario } from './scenario.ts';
import { newRun, withNote, withRun } from './sources.ts';
import { removalOf, neighborsOf, oneSubscription, type Check } from './suite.ts';
import { realWorld, type World } from './world.ts';

export interface CheckResult {
  readonly check: Check;
  readonly outcome: Outcome;
  readonly reason: string | null;
  readonly skipped?: 'no-key' | 'nothing-listens';
  /** Null if it was skipped. */
  readonly result: ScenarioResult | null;
}

export interface CheckOptions {
  /** For all checks, in milliseconds; ends the current check, and skips the others. */
  readonly timeoutMs: number;
  /** Called again for the same check if it turns out that the callback exited because of it. */
  readonly onResult?: (result: CheckResult) => void;
  /** Otherwise, the probe's time is measured with the first notifications. */
  readonly isSettlingGiven?: boolean;
  readonly onSlow?: (workMs: number, settling: Settling) => void;
}

/** Tools restart a callback that a check ended; wait for it, in milliseconds. */
const restartMs = 5000;
const betweenMs = 200;

const slowMs = 300;

export async function runChecks(
  checks: readonly Check[],
  context: RunContext,
  options: CheckOptions,
): Promise<CheckResult[]> {
  return new Checking(context, options).run(checks);
}

export interface Removal {
  readonly addresses: number;
  readonly refused: number;
}

export async function removeContacts(addresses: readonly string[], context: RunContext): Promise<Removal> {
  if (addresses.length === 0) return { addresses: 0, refused: 0 };
  // Newer than everything that was sent: dates are accurate to the minute.
  const date = vendorDate(new Date(Date.now() + 120_000));
  const scenario = removalOf(addresses, date, removalMs);
  const { steps } = await runScenario(scenario, { ...context, probe: null, kept: null });
  let taken = 0;
  for (const { findings, examples } of steps) {
    if (findings.every(({ verdict }) => verdict === 'met')) taken += examples[0]?.message.events ?? 0;
  }
  return { addresses: addresses.length, refused: addresses.length - taken };
}

class Checking {
  readonly #context: RunContext & { readonly world: World };
  readonly #options: CheckOptions;
  readonly #pace: Pace | null;
  readonly #addresses: ReadonlyMap<string, string>;
  readonly #results: CheckResult[] = [];
  #began = 0;
  /** The probe's number, if it is stable and nothing was sent since. */
  #standing: number | undefined;
  /** Whether a connection shows that the callback is running; not if there is a proxy. */
  #canTell = false;
  #wasHeard = false;
  #wasPaceTold = false;
  #gone: Skip | null = null;
  #isPagePartial = false;

  constructor(context: RunContext, options: CheckOptions) {
    const { sources, addresses } = withNote(context.sources);
    this.#pace = options.isSettlingGiven === true ? null : new Pace(context.settling);
    this.#context = {
      ...context,
      sources,
      world: context.world ?? realWorld,
      settling: this.#pace ?? context.settling,
    };
    this.#addresses = addresses;
    this.#options = options;
  }

  async run(checks: readonly Check[]): Promise<CheckResult[]> {
    const { world, target } = this.#context;
    this.#began = world.now();
    this.#canTell = await world.isListening(target.url);
    await this.#findPace(checks.filter((check) => this.#whySkipped(check) === null));
    for (const check of checks) {
      const skipped = this.#whySkipped(check);
      this.#tell(skipped === null ? await this.#one(check) : { ...skippedFor(skipped), check });
      this.#tellPace();
    }
    return this.#results;
  }

  #tell(result: CheckResult): void {
    this.#results.push(result);
    this.#options.onResult?.(result);
  }

  get #leftMs(): number {
    return this.#options.timeoutMs - (this.#context.world.now() - this.#began);
  }

  #whySkipped({ needsKey }: Check): Skip | null {
    if (this.#gone !== null) return this.#gone;
    if (this.#leftMs <= 0) return { reason: timeIsUp() };
    const hasKey = this.#context.target.signatureKey !== undefined;
    return needsKey && !hasKey ? { reason: say('no signature key was provided'), skipped: 'no-key' } : null;
  }

  async #findPace(checks: readonly Check[]): Promise<void> {
    const { probe, kept } = this.#context;
    const first = paceFinder(checks, { probe: probe !== null, kept: kept !== null });
    if (this.#pace === null || first === null) return;
    const found = await this.#scenario(first);
    if (!this.#wasHeard) this.#gone = this.#nothingListens(found);
    this.#standing = found.standing;
    this.#tellPace();
  }

  #tellPace(): void {
    if (this.#pace === null || !this.#wasHeard || this.#wasPaceTold) return;
    this.#wasPaceTold = true;
    this.#pace.found();
    if (this.#pace.workMs >= slowMs) this.#options.onSlow?.(this.#pace.workMs, this.#pace);
  }

  async #one(check: Check): Promise<CheckResult> {
    let run = await this.#scenario(check.scenario);
    if (!this.#wasHeard) {
      this.#gone = this.#nothingListens(run);
      return { ...skippedFor(this.#gone), check };
    }
    if (await this.#isCutOff(run)) {
      const earlier = this.#results.findLastIndex(({ result }) => result !== null);
      const before = this.#results[earlier]?.check;
      const wasWithoutAnswer = before !== undefined && isWithoutAnswer(run);
      if (wasWithoutAnswer) this.#blame(earlier);
      if (!(await this.#answersAgain(wasWithoutAnswer ? before : check)))
        return wasWithoutAnswer && this.#gone !== null ? { ...skippedFor(this.#gone), check } : resultOf(check, run);
      // Sending it again shows whether this check ends the callback, or an earlier one.
      run = await this.#scenario(check.scenario, newRun(`${this.#context.run.token}r`));
      if (!wasWithoutAnswer && before !== undefined && !(await this.#isCutOff(run))) this.#blame(earlier);
    }
    const believed = await this.#believed(check, run);
    return this.#afterward(this.#judged(resultOf(check, believed)));
  }

  async #isCutOff({ steps }: ScenarioResult): Promise<boolean> {
    const { world, target } = this.#context;
    const came = steps.flatMap(({ examples }) => examples.map(({ attempts }) => attempts.at(-1)?.kind));
    if (came.includes('unreachable')) return true;
    return came.includes('broken') && this.#canTell && !(await world.isListening(target.url));
  }

  async #scenario(scenario: Scenario, run = this.#context.run): Promise<ScenarioResult> {
    const timeoutMs = Math.ceil(Math.max(1, Math.min(scenario.timeoutMs, this.#leftMs)));
    const bounded = { ...scenario, timeoutMs };
    const result = await runScenario(bounded, { ...this.#context, run, standing: this.#standing });
    this.#standing = result.standing;
    if (!isWithoutAnswer(result)) this.#wasHeard = true;
    const steps = result.steps.map((step) => ({ ...step, title: translate(step.title) }));
    return { ...result, steps };
  }

  /** A check that ran out of time, and in which nothing had failed, has not failed. */
  #judged(result: CheckResult): CheckResult {
    const { scenario } = result.check;
    if (result.result?.isLate !== true) return result;
    const isOwn = this.#leftMs > 0 || result.result.ms >= scenario.timeoutMs;
    if (isOwn) return { ...result, outcome: 'undecided' };
    return { ...result, outcome: 'skipped', reason: timeIsUp() };
  }

  /** A page that lacks a contact may show only some: then it also lacks contacts that sort next to that one. */
  async #believed(check: Check, run: ScenarioResult): Promise<ScenarioResult> {
    const unmet = run.steps.flatMap(({ findings }) => findings.filter(({ verdict }) => verdict === 'unmet'));
    const isDoubtful = ({ verdict, page, cause }: Finding): boolean =>
      verdict === 'unmet' && page === 'whole' && cause === undefined;
    if (unmet.length === 0 || !unmet.every(isDoubtful)) return run;
    this.#isPagePartial ||= !(await this.#showsNeighbors(check));
    if (!this.#isPagePartial) return run;
    const open = (finding: Finding): Finding =>
      isDoubtful(finding)
        ? {
            ...finding,
            verdict: 'undecided',
            actual: say(
              'the page doesn’t show {0} or two contacts sent later, so it may show only some contacts',
              finding.expected,
            ),
          }
        : finding;
    const steps = run.steps.map((step) => ({ ...step, findings: step.findings.map(open) }));
    return { ...run, ...outcomeOf(steps), steps };
  }

  async #showsNeighbors({ scenario }: Check): Promise<boolean> {
    const texts = scenario.steps
      .flatMap((step) => ('expect' in step ? [step.expect?.kept ?? []].flat() : []))
      .map((text) => withRun(text, this.#context.run).toLowerCase());
    const address = [...this.#addresses].find(([key]) =>
      texts.some((text) => text.includes('@') && key.includes(text)),
    );
    if (address === undefined) return true;
    const { steps } = await this.#scenario(neighborsOf(address[1]));
    const shown = steps.flatMap(({ findings }) => findings.filter(({ page }) => page !== undefined));
    return shown.length > 1 && shown.every(({ verdict }) => verdict === 'met');
  }

  async #afterward(result: CheckResult): Promise<CheckResult> {
    const { probe, settling, world, target, signal } = this.#context;
    if (probe === null) await world.wait(quietBehind(settling, false, 0), signal);
    else if (this.#standing === undefined && this.#leftMs > 0) await this.#untilStandstill(sentBy(result));
    if (!this.#canTell || (await world.isListening(target.url))) return result;
    const ended = this.#ended(result);
    await this.#answersAgain(result.check);
    return ended;
  }

  async #untilStandstill(sent: number): Promise<void> {
    const { probe, settling, world, signal } = this.#context;
    if (probe === null) return;
    const quietMs = quietBehind(settling, true, sent);
    const tolerant: Settling = { mostMs: settling.mostMs, quietMs, saw: (ms) => settling.saw?.(ms) };
    try {
      const { count, isStill } = await settled(probe, () => true, tolerant, world, signal);
      this.#standing = isStill ? count : undefined;
    } catch (error) {
      if (!(error instanceof ProbeError)) throw error;
    }
  }

  #ended(before: CheckResult): CheckResult {
    if (before.result === null || before.result.isUnreachable) return before;
    const { target } = this.#context;
    const finding: Finding = {
      verdict: 'unmet',
      what: say('your callback'),
      expected: say('still running'),
      actual: say(
        'nothing is listening at {0} anymore: the server exited during or after this check',
        target.url.origin,
      ),
    };
    const last = before.result.steps.at(-1);
    if (last === undefined) return before;
    const steps = [...before.result.steps.slice(0, -1), { ...last, findings: [...last.findings, finding] }];
    const reason = before.outcome === 'failed' ? before.reason : reasonOf(finding);
    return { ...before, outcome: 'failed', reason, result: { ...before.result, outcome: 'failed', reason, steps } };
  }

  #blame(index: number): void {
    const before = this.#results[index];
    if (before === undefined) return;
    const after = this.#ended(before);
    if (after === before) return;
    this.#results[index] = after;
    this.#options.onResult?.(after);
  }

  async #answersAgain({ title }: Check): Promise<boolean> {
    const { target, world, signal } = this.#context;
    const until = world.now() + restartMs;
    this.#standing = undefined;
    while (!(await world.isListening(target.url))) {
      if (world.now() >= until) {
        this.#gone = { reason: say('the destination hasn’t answered since the check "{0}"', translate(title)) };
        return false;
      }
      await world.wait(betweenMs, signal);
    }
    return true;
  }

  #nothingListens({ steps }: ScenarioResult): Skip {
    const cause = answerWords(steps[0]?.examples[0]?.attempts.at(-1));
    const reason = say('nothing is listening at {0}: {1}', this.#context.target.url.origin, cause);
    return { reason, skipped: 'nothing-listens' };
  }
}

type Skip = Pick<CheckResult, 'reason' | 'skipped'>;

function timeIsUp(): string {
  return say('the time limit for all checks was reached');
}

function skippedFor(why: Skip): Omit<CheckResult, 'check'> {
  return { outcome: 'skipped', ...why, result: null };
}

function sentBy({ result }: CheckResult): number {
  return (result?.steps ?? []).reduce((sum, { sent }) => sum + sent, 0);
}

function resultOf(check: Check, result: ScenarioResult): CheckResult {
  const { outcome, reason } = result;
  return { check, outcome, reason, result };
}

/** The first request did not reach the callback, so it had exited before. */
function isWithoutAnswer({ steps }: ScenarioResult): boolean {
  return steps[0]?.examples[0]?.attempts.at(-1)?.kind === 'unreachable';
}

/** Null if the first check shows how long the callback works, or if no probe or page is requested. */
function paceFinder(checks: readonly Check[], has: Readonly<Record<'probe' | 'kept', boolean>>): Scenario | null {
  const [first] = checks;
  const isAsked = (what: 'probe' | 'kept'): boolean => has[what] && checks.some((each) => asks(each.scenario, what));
  if (first === undefined || showsWork(first) || !(isAsked('probe') || isAsked('kept'))) return null;
  return oneSubscription;
}

function showsWork({ scenario: { steps } }: Check): boolean {
  const [first] = steps;
  const expected = first !== undefined && 'expect' in first ? first.expect?.probe : undefined;
  return typeof expected === 'number' && expected > 0;
}
