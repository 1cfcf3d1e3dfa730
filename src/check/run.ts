import { say } from '../common/say.ts';
import { ExpressionError } from '../common/expressions/expressions.ts';
import { judge } from '../common/retry-verdict.ts';
import { Budget, TooMuchError } from './budget.ts';
import type { Answer } from './exchange.ts';
import { StepFindings, mostExamples, type Finding, type Sent } from './step-findings.ts';
import { planOf, type Message, type Plan } from './messages.ts';
import { ProbeError, type KeptPage, type Probe } from './probe.ts';
import type { Expected, RepeatStep, Scenario, SendStep, Step } from './scenario.ts';
import { probeCondition } from './scenario-expressions.ts';
import { missingAfter, settled, type Settling } from './settling.ts';
import { SourceError, withRun, type Run, type Sources } from './sources.ts';
import type { Target } from './target.ts';
import { deliveriesWith, multipliedBy, NoKeyError, partSizeOf, withFaults } from './fault-injection.ts';
import type { CheckError } from './check-error.ts';
import { realWorld, withinTime, type World } from './world.ts';

export { answerWords } from './step-findings.ts';
export type { Finding, Sent } from './step-findings.ts';

export interface StepResult {
  readonly title: string;
  readonly sent: number;
  /** The first, and the first with another result than expected. */
  readonly examples: readonly Sent[];
  /** In milliseconds; null without any response. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly findings: readonly Finding[];
}

export type Outcome = 'passed' | 'failed' | 'undecided' | 'skipped';

export interface ScenarioResult {
  readonly name: string;
  readonly outcome: Outcome;
  readonly reason: string | null;
  readonly steps: readonly StepResult[];
  readonly ms: number;
  readonly isUnreachable: boolean;
  readonly isLate?: boolean;
  /** The probe's number at the end, if it is stable and nothing was sent since. */
  readonly standing?: number | undefined;
}

export interface RunContext {
  readonly target: Target;
  readonly probe: Probe | null;
  readonly kept: KeptPage | null;
  readonly sources: Sources;
  readonly run: Run;
  readonly settling: Settling;
  readonly signal: AbortSignal;
  /** The probe's number before, if known; else it is requested. */
  readonly standing?: number | undefined;
  readonly world?: World;
}

export function asks({ steps }: Scenario, what: 'probe' | 'kept'): boolean {
  const does = (step: Step): boolean =>
    ('expect' in step && step.expect?.[what] !== undefined) || ('steps' in step && step.steps.some(does));
  return steps.some(does);
}

/** A fault of the callback, the probe or a file is a result. @throws the reason of the context's signal */
export async function runScenario(scenario: Scenario, context: RunContext): Promise<ScenarioResult> {
  const { world = realWorld } = context;
  const started = world.now();
  return withinTime(world, scenario.timeoutMs, context.signal, async (signal, isTimeUp) => {
    const running = new Running(scenario, { ...context, world, signal });
    let broken: string | null = null;
    let isOver = false;
    try {
      await running.run();
    } catch (error) {
      context.signal.throwIfAborted();
      isOver = isTimeUp();
      if (isOver) broken = say('the time limit of {0} ms was exceeded', scenario.timeoutMs);
      else if (isAboutScenario(error)) broken = error.message;
      else throw error;
    }
    const ms = world.now() - started;
    const { steps, isUnreachable } = running;
    const standing = broken === null ? running.standing : undefined;
    const judged = outcomeOf(steps, broken);
    const isLate = isOver && judged.reason === broken;
    return { name: scenario.name, ...judged, steps, ms, isUnreachable, isLate, standing };
  });
}

function isAboutScenario(error: unknown): error is CheckError {
  return error instanceof NoKeyError || error instanceof SourceError || error instanceof TooMuchError;
}

export function outcomeOf(
  steps: readonly StepResult[],
  broken: string | null = null,
): Pick<ScenarioResult, 'outcome' | 'reason'> {
  const findings = steps.flatMap((step) => step.findings);
  const unmet = findings.find(({ verdict }) => verdict === 'unmet');
  if (unmet !== undefined) {
    const reason = reasonOf(unmet);
    return { outcome: 'failed', reason: broken === null ? reason : `${reason}; ${broken}` };
  }
  if (broken !== null) return { outcome: 'failed', reason: broken };
  const open = findings.find(({ verdict }) => verdict === 'undecided');
  return open === undefined ? { outcome: 'passed', reason: null } : { outcome: 'undecided', reason: reasonOf(open) };
}

export function reasonOf({ verdict, what, expected, actual }: Finding): string {
  return verdict === 'undecided' ? `${what}: ${actual}` : say('{0}: expected {1}, got {2}', what, expected, actual);
}

const mostExamplesInAll = 100;

const mostRetriedBytes = 4096;

interface Batch {
  readonly messages: readonly Message[];
  readonly release: () => void;
}

interface Named {
  readonly messages: readonly Message[];
  readonly bytes: number;
}

class Running {
  readonly steps: StepResult[] = [];
  isUnreachable = false;
  readonly #scenario: Scenario;
  readonly #context: RunContext & { readonly world: World };
  readonly #budget = new Budget();
  readonly #again: ReadonlySet<string>;
  readonly #byName = new Map<string, Named>();
  /** Steps are prepared one after another, even if they are sent concurrently: each needs memory for its delivery. */
  #making: Promise<unknown> = Promise.resolve();
  #examplesLeft = mostExamplesInAll;
  #before: number | ProbeError | null = null;
  #sinceProbe = { sent: 0, events: 0 };
  /** A page that was broken before anything was sent is not this scenario's fault. */
  #wasPageBroken = false;

  constructor(scenario: Scenario, context: RunContext & { readonly world: World }) {
    this.#scenario = scenario;
    this.#context = context;
    this.#again = new Set(namesAgain(scenario.steps));
  }

  async run(): Promise<void> {
    if (asks(this.#scenario, 'probe')) this.#before = await this.#askBefore();
    if (asks(this.#scenario, 'kept')) this.#wasPageBroken = await this.#isPageBroken();
    for (const step of this.#scenario.steps) {
      if ('wait' in step) await this.#wait(step.wait);
      else if ('repeat' in step) await this.#repeat(step);
      else await this.#single(step);
    }
  }

  get standing(): number | undefined {
    return typeof this.#before === 'number' && this.#sinceProbe.sent === 0 ? this.#before : undefined;
  }

  #wait(ms: number): Promise<void> {
    const { world, signal } = this.#context;
    return world.wait(ms, signal);
  }

  async #single(step: SendStep): Promise<void> {
    const gathered = new StepFindings(step.expect);
    const all = async (): Promise<Finding[]> => {
      await this.#send(step, gathered);
      return this.#ask(step.expect ?? {}, gathered);
    };
    await this.#conclude(titleOf(step), gathered, [], all);
  }

  async #repeat({ repeat, steps, expect }: RepeatStep): Promise<void> {
    const { times, perSecond, atMostMs = Infinity } = repeat;
    const { world } = this.#context;
    const begun = world.now();
    const all = new StepFindings(expect);
    const unmet: Finding[] = [];
    const once = async (): Promise<void> => {
      for (const step of steps) {
        if ('wait' in step) {
          await this.#wait(step.wait);
          continue;
        }
        const own = new StepFindings(step.expect);
        await this.#send(step, own, all);
        if (step.expect === undefined) continue;
        const findings = [...own.findings(), ...(await this.#ask(step.expect, own))];
        unmet.push(...findings.filter(({ verdict }) => verdict !== 'met').slice(0, mostExamples - unmet.length));
      }
    };
    const turns = async (): Promise<Finding[]> => {
      const underWay: Promise<void>[] = [];
      for (let turn = 0; turn < times && world.now() - begun < atMostMs; turn++) {
        if (perSecond === undefined) {
          await once();
          continue;
        }
        const due = begun + (turn * 1000) / perSecond - world.now();
        if (due > 0) await this.#wait(due);
        const one = once();
        // Awaited below; avoids an unhandled rejection until then.
        one.catch(() => undefined);
        underWay.push(one);
      }
      await Promise.all(underWay);
      return this.#ask(expect ?? {}, all);
    };
    await this.#conclude(say('{0} times', times), all, unmet, turns);
  }

  async #conclude(
    title: string,
    gathered: StepFindings,
    before: readonly Finding[],
    work: () => Promise<Finding[]>,
  ): Promise<void> {
    let asked: readonly Finding[] = [];
    try {
      asked = await work();
    } finally {
      if (gathered.count > 0) this.#note(title, gathered, [...before, ...gathered.findings(), ...asked]);
    }
  }

  #note(title: string, gathered: StepFindings, findings: readonly Finding[]): void {
    const examples: readonly Sent[] = gathered.examples.slice(0, this.#examplesLeft);
    this.#examplesLeft -= examples.length;
    const [p50Ms, p99Ms] = [gathered.percentile(0.5), gathered.percentile(0.99)];
    this.steps.push({ title, sent: gathered.count, examples, p50Ms, p99Ms, findings });
  }

  async #send(step: SendStep, own: StepFindings, all?: StepFindings): Promise<void> {
    const { messages, release } = await this.#made(step);
    try {
      let next = 0;
      const lane = async (): Promise<void> => {
        for (let at = next++; at < messages.length; at = next++) {
          const message = messages[at];
          if (message === undefined) return;
          const attempts = await this.#budget.underWay(() => this.#attempts(message, step));
          own.add(message, attempts, at);
          all?.add(message, attempts);
          if (at === messages.length - 1) this.isUnreachable = attempts.at(-1)?.kind === 'unreachable';
        }
      };
      await Promise.all(Array.from({ length: Math.min(step.atOnce, messages.length) }, lane));
    } finally {
      release();
    }
    this.#sinceProbe.sent += messages.length;
    this.#sinceProbe.events += messages.reduce((sum, { events }) => sum + events, 0);
  }

  #made(step: SendStep): Promise<Batch> {
    const made = this.#making.then(() => this.#make(step));
    this.#making = made.catch(() => undefined);
    return made;
  }

  async #make(step: SendStep): Promise<Batch> {
    const { target, signal } = this.#context;
    signal.throwIfAborted();
    const known = 'again' in step.send ? (this.#byName.get(step.send.again) ?? { messages: [], bytes: 0 }) : null;
    const plans = known === null ? await this.#plans(step) : [];
    const sumOf = (what: 'requests' | 'bytes'): number => plans.reduce((sum, plan) => sum + plan[what], 0);
    const [requests, bytes] =
      known === null ? [sumOf('requests'), sumOf('bytes')] : [known.messages.length, known.bytes];
    const each = multipliedBy(step.trouble);
    let held = (known === null ? bytes : 0) + each.changed * bytes;
    await this.#budget.take(each.requests * requests, each.requests * bytes, held);
    const release = (): void => this.#budget.release(held);
    try {
      const messages = known?.messages ?? plans.flatMap((plan) => [...plan.make()]);
      const faulty = withFaults(messages, step.trouble, target.signatureKey);
      if (known === null && step.name !== undefined && this.#again.has(step.name)) {
        const replaced = this.#byName.get(step.name)?.bytes ?? 0;
        this.#byName.set(step.name, { messages, bytes });
        this.#budget.keep(bytes - replaced);
        held += replaced - bytes;
      }
      return { messages: faulty, release };
    } catch (error) {
      release();
      throw error;
    }
  }

  async #plans({ send, as, trouble, ...step }: SendStep): Promise<Plan[]> {
    if ('again' in send) return [];
    const { sources, run, target } = this.#context;
    const partSize = partSizeOf(trouble) ?? step.partSize;
    const options = { shape: as, partSize, signatureKey: target.signatureKey, now: Date.now() };
    const deliveries = await sources.deliveries(send, run);
    try {
      return deliveriesWith(deliveries, trouble).map((delivery) => planOf(delivery, options));
    } catch (error) {
      const name = 'fixture' in send ? send.fixture : 'recording' in send ? send.recording : undefined;
      throw new SourceError(name === undefined ? (error as Error).message : `${name}: ${(error as Error).message}`);
    }
  }

  async #attempts(message: Message, step: SendStep): Promise<Answer[]> {
    const { target, settling, world, signal } = this.#context;
    if (message.afterMs > 0) await this.#wait(message.afterMs);
    const attempts: Answer[] = [];
    for (;;) {
      const timeoutMs = step.timeoutMs ?? target.timeoutMs;
      const answer = await world.exchange(target, message, timeoutMs, signal);
      if (answer.kind === 'answer' && message.manner.kind === 'whole') settling.answered?.(answer.ms);
      if (answer.kind === 'left') return [...attempts, answer];
      const came = answer.kind === 'answer' ? answer : { ...answer, error: answer.error };
      const verdict = judge(came, step.retry, attempts.length + 1, Date.now());
      if (verdict.outcome !== 'retrying') return [...attempts, answer];
      attempts.push(shortened(answer));
      await this.#wait(verdict.delayMs);
    }
  }

  /** Checks the page last: the callback may change it until then. If no request arrived, nothing is checked. */
  async #ask(expected: Expected, gathered: StepFindings): Promise<Finding[]> {
    if (gathered.isWithoutAnswer) return [];
    const isRefused = isUnmet(gathered.findings());
    const { probe, kept: page, settling } = this.#context;
    const kept = [expected.kept ?? []].flat();
    const hasty = (): Settling => ({ mostMs: settling.quietMs, quietMs: settling.quietMs });
    const probed =
      expected.probe === undefined ? [] : [await this.#askProbe(expected.probe, isRefused ? hasty() : settling)];
    if (kept.length === 0) return probed;
    if ((probed.length === 0 || probe === null) && page !== null) await this.#wait(settling.quietMs);
    return [await this.#askKept(kept, isRefused || isUnmet(probed) ? hasty() : settling), ...probed];
  }

  async #askBefore(): Promise<number | ProbeError | null> {
    const { probe, standing, settling, world, signal } = this.#context;
    if (probe === null || standing !== undefined) return standing ?? null;
    try {
      // The callback may still be working on requests of earlier scenarios.
      const { count, isStill } = await settled(probe, () => true, settling, world, signal);
      return isStill ? count : new ProbeError(say('the contact count was still changing (last: {0})', count));
    } catch (error) {
      if (error instanceof ProbeError) return error;
      throw error;
    }
  }

  async #isPageBroken(): Promise<boolean> {
    const { kept, signal } = this.#context;
    try {
      return (await kept?.missing([], signal))?.isBroken === true;
    } catch (error) {
      if (error instanceof ProbeError) return false;
      throw error;
    }
  }

  async #askKept(written: readonly string[], settling: Settling): Promise<Finding> {
    const { kept, run, world, signal } = this.#context;
    const texts = written.map((text) => withRun(text, run));
    const found = (verdict: Finding['verdict'], actual: string, isBroken = false): Finding => ({
      ...{ verdict, what: say('stored data'), expected: quoted(texts), actual, page: isBroken ? 'broken' : 'whole' },
    });
    if (kept === null) return found('undecided', say('no page with your stored contacts was provided'));
    try {
      const { texts: missing, isBroken } = await missingAfter(kept, texts, settling, world, signal);
      if (missing.length === 0) return found('met', say('everything'));
      // A page that was broken before is reported separately, once for all scenarios.
      return isBroken && this.#wasPageBroken
        ? {
            ...found('unmet', say('a page without {0}', quoted(missing)), true),
            cause: say('{0} is marked as JSON but is truncated or invalid', kept.who),
          }
        : found(
            'unmet',
            isBroken
              ? say('a page of truncated or invalid JSON, without {0}', quoted(missing))
              : say('a page without {0}', quoted(missing)),
            isBroken,
          );
    } catch (error) {
      if (!(error instanceof ProbeError)) throw error;
      return found('undecided', error.message);
    }
  }

  async #askProbe(expected: number | string, settling: Settling): Promise<Finding> {
    const { probe, world, signal } = this.#context;
    const before = this.#before;
    const counts = this.#sinceProbe;
    this.#sinceProbe = { sent: 0, events: 0 };
    const undecided = (actual: string): Finding => ({
      verdict: 'undecided',
      what: say('contacts'),
      expected: wanted(expected),
      actual,
    });
    if (probe === null || before === null) return undecided(say('no contact count was set up'));
    if (before instanceof ProbeError) return undecided(before.message);
    try {
      const isMet = probeCondition(expected, before, counts);
      const { count: after, isStill } = await settled(probe, isMet, settling, world, signal);
      if (!isStill) throw new ProbeError(say('the contact count was still changing (last: {0})', after));
      this.#before = after;
      const actual = say('{0} (from {1} to {2})', growth(after - before), before, after);
      return { verdict: isMet(after) ? 'met' : 'unmet', what: say('contacts'), expected: wanted(expected), actual };
    } catch (error) {
      if (error instanceof ProbeError || error instanceof ExpressionError) {
        this.#before = error instanceof ProbeError ? error : before;
        return undecided((error as Error).message);
      }
      throw error;
    }
  }
}

function isUnmet(findings: readonly Finding[]): boolean {
  return findings.some(({ verdict }) => verdict === 'unmet');
}

function* namesAgain(steps: readonly Step[]): Generator<string> {
  for (const step of steps) {
    if ('steps' in step) yield* namesAgain(step.steps);
    else if ('send' in step && 'again' in step.send) yield step.send.again;
  }
}

function quoted(texts: readonly string[]): string {
  return texts.map((text) => `"${text}"`).reduce((before, text) => say('{0} and {1}', before, text));
}

function wanted(expected: number | string): string {
  return typeof expected === 'number' ? growth(expected) : expected;
}

function growth(by: number): string {
  return by === 0 ? say('no change') : by > 0 ? `+${by}` : String(by);
}

function shortened(answer: Answer): Answer {
  if (answer.kind !== 'answer' || answer.body.byteLength <= mostRetriedBytes) return answer;
  return { ...answer, body: Buffer.from(answer.body.subarray(0, mostRetriedBytes)), truncated: true };
}

function titleOf({ name, send, as, trouble }: SendStep): string {
  if (name !== undefined) return name;
  const what =
    'sample' in send
      ? send.events === 1
        ? say('{0} sample', send.sample)
        : say('{0} {1} samples', send.events, send.sample)
      : 'fixture' in send
        ? send.fixture
        : 'recording' in send
          ? send.recording
          : 'event' in send
            ? send.event
            : 'again' in send
              ? say('{0} again', send.again)
              : say('a delivery');
  const faults = trouble.map((each) => (typeof each === 'string' ? each : (Object.keys(each)[0] ?? '')));
  return [what, ...(as === 'notification' ? [] : [say('as {0}', as)]), ...faults].join(', ');
}
