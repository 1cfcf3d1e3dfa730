/** Runs scenarios: sends what each step says, and looks what came of it. */
import { setTimeout as wait } from 'node:timers/promises';
import { celValue } from '../common/cel-value.ts';
import type { CelValue } from '../common/cel-value.ts';
import { ExpressionError, ExpressionLanguage } from '../common/expressions.ts';
import { oneLine } from '../common/one-line.ts';
import { parseJson } from '../common/parse-json.ts';
import { judge } from '../relay/retry.ts';
import { exchange } from './exchange.ts';
import type { Answer } from './exchange.ts';
import { messagesOf } from './messages.ts';
import type { Message } from './messages.ts';
import { missingAfter, ProbeError, settled } from './probe.ts';
import type { KeptPage, Probe, Settling } from './probe.ts';
import type { Expected, RepeatStep, Scenario, SendStep, Step } from './scenario.ts';
import { SourceError, withRun } from './sources.ts';
import type { Run, Sources } from './sources.ts';
import type { Target } from './target.ts';
import { deliveryWith, NoKeyError, partSizeOf, withTroubles } from './trouble.ts';

/** One request with all its attempts, the last of which counts. */
export interface Sent {
  readonly message: Message;
  readonly attempts: readonly Answer[];
  /** Its place among the answers of its step, from 0. */
  readonly finished: number;
}

/** What was looked at, and whether it is as expected. */
export interface Finding {
  readonly verdict: 'met' | 'unmet' | 'undecided';
  /** What is looked at, such as `status`. */
  readonly what: string;
  readonly expected: string;
  readonly actual: string;
}

/** What a step came to. */
export interface StepResult {
  readonly title: string;
  readonly sent: number;
  /** Some of what was sent: the first, and the first that were not as expected. */
  readonly examples: readonly Sent[];
  /** How long answers took, in milliseconds; null where none came. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly findings: readonly Finding[];
}

export type Outcome = 'passed' | 'failed' | 'undecided' | 'skipped';

/** What a scenario came to. */
export interface ScenarioResult {
  readonly name: string;
  readonly outcome: Outcome;
  /** Why it is not passed, in one line; null where it is. */
  readonly reason: string | null;
  readonly steps: readonly StepResult[];
  readonly ms: number;
  /** Whether the callback could not be reached at all at the end. */
  readonly isUnreachable: boolean;
}

/** What scenarios are run with. */
export interface RunContext {
  readonly target: Target;
  readonly probe: Probe | null;
  readonly kept: KeptPage | null;
  readonly sources: Sources;
  readonly run: Run;
  readonly settling: Settling;
  /** Gives all of it up. */
  readonly signal: AbortSignal;
}

interface AnswerVariables {
  readonly answer: Readonly<Record<string, CelValue>>;
}

const answerLanguage = new ExpressionLanguage<AnswerVariables>({
  answer: {
    status: 'int',
    body: 'string',
    json: 'dyn',
    headers: 'map<string, dyn>',
    ms: 'double',
    attempts: 'int',
    error: 'string',
  },
});

interface ProbeVariables {
  readonly before: bigint;
  readonly after: bigint;
  readonly sent: bigint;
  readonly events: bigint;
}

const probeLanguage = new ExpressionLanguage<ProbeVariables>({
  before: 'int',
  after: 'int',
  sent: 'int',
  events: 'int',
});

/**
 * The expressions of a scenario, read before anything is sent.
 * @throws ExpressionError, whose message names the expression
 */
export function checkExpressions({ steps }: Scenario): void {
  const read = (expected: Expected | undefined): void => {
    for (const text of conditionsOf(expected)) named(text, () => answerLanguage.readCondition(text));
    const probe = expected?.probe;
    if (typeof probe === 'string') named(probe, () => probeLanguage.readCondition(probe));
  };
  const look = (step: Step): void => {
    if ('steps' in step) step.steps.forEach(look);
    if ('expect' in step) read(step.expect);
  };
  steps.forEach(look);
}

function named(text: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    throw new ExpressionError(`"${text}": ${error.message}`, error.start, error.end);
  }
}

function conditionsOf(expected: Expected | undefined): readonly string[] {
  const { answer = [] } = expected ?? {};
  return typeof answer === 'string' ? [answer] : answer;
}

/** Whether a scenario asks the probe, or the page that shows what the callback keeps. */
export function asks({ steps }: Scenario, what: 'probe' | 'kept'): boolean {
  const does = (step: Step): boolean =>
    ('expect' in step && step.expect?.[what] !== undefined) || ('steps' in step && step.steps.some(does));
  return steps.some(does);
}

/**
 * Runs a scenario. What is wrong with the callback, the probe or a file is its result.
 * @throws the context's signal's reason where that gives it up
 */
export async function runScenario(scenario: Scenario, context: RunContext): Promise<ScenarioResult> {
  const started = performance.now();
  const bound = AbortSignal.timeout(scenario.timeoutMs);
  const running = new Running(scenario, { ...context, signal: AbortSignal.any([context.signal, bound]) });
  let broken: string | null = null;
  try {
    await running.run();
  } catch (error) {
    context.signal.throwIfAborted();
    if (bound.aborted) broken = `it took longer than ${scenario.timeoutMs} ms`;
    else if (error instanceof NoKeyError || error instanceof SourceError) broken = error.message;
    else throw error;
  }
  const ms = performance.now() - started;
  const { steps, isUnreachable } = running;
  const { outcome, reason } = outcomeOf(steps, broken);
  return { name: scenario.name, outcome, reason, steps, ms, isUnreachable };
}

function outcomeOf(steps: readonly StepResult[], broken: string | null): { outcome: Outcome; reason: string | null } {
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

function reasonOf({ verdict, what, expected, actual }: Finding): string {
  return verdict === 'undecided' ? `${what}: ${actual}` : `${what}: expected ${expected}, got ${actual}`;
}

/** Examples of one step. */
const mostExamples = 5;

class Running {
  readonly steps: StepResult[] = [];
  isUnreachable = false;
  readonly #scenario: Scenario;
  readonly #context: RunContext;
  readonly #byName = new Map<string, readonly Message[]>();
  /** What the probe told last, and what was sent since. */
  #before: number | ProbeError | null = null;
  #sinceProbe = { sent: 0, events: 0 };

  constructor(scenario: Scenario, context: RunContext) {
    this.#scenario = scenario;
    this.#context = context;
  }

  async run(): Promise<void> {
    if (asks(this.#scenario, 'probe')) this.#before = await this.#askBefore();
    for (const step of this.#scenario.steps) {
      if ('wait' in step) await wait(step.wait, undefined, { signal: this.#context.signal });
      else if ('repeat' in step) await this.#repeat(step);
      else await this.#single(step);
    }
  }

  async #single(step: SendStep): Promise<void> {
    const sent = await this.#send(step);
    await this.#conclude(titleOf(step), sent, step.expect ?? {});
  }

  async #repeat({ repeat, steps, expect }: RepeatStep): Promise<void> {
    const { times, perSecond, atMostMs = Infinity } = repeat;
    const begun = performance.now();
    const sent: Sent[] = [];
    const findings: Finding[] = [];
    const once = async (): Promise<void> => {
      for (const step of steps) {
        if ('wait' in step) {
          await wait(step.wait, undefined, { signal: this.#context.signal });
          continue;
        }
        const own = await this.#send(step);
        sent.push(...own);
        if (step.expect !== undefined) findings.push(...(await this.#look(own, step.expect)));
      }
    };
    const underWay: Promise<void>[] = [];
    for (let turn = 0; turn < times && performance.now() - begun < atMostMs; turn++) {
      if (perSecond === undefined) {
        await once();
        continue;
      }
      const due = begun + (turn * 1000) / perSecond - performance.now();
      if (due > 0) await wait(due, undefined, { signal: this.#context.signal });
      const one = once();
      // Awaited below: until then nothing is left unhandled.
      one.catch(() => undefined);
      underWay.push(one);
    }
    await Promise.all(underWay);
    const numbered = sent.map((each, finished) => ({ ...each, finished }));
    const unmet = findings.filter(({ verdict }) => verdict !== 'met').slice(0, mostExamples);
    await this.#conclude(`${times} times`, numbered, expect ?? {}, unmet);
  }

  async #conclude(
    title: string,
    sent: readonly Sent[],
    expected: Expected,
    before: readonly Finding[] = [],
  ): Promise<void> {
    const own = await this.#look(sent, expected).catch((error: unknown) => {
      this.#note(title, sent, before);
      throw error;
    });
    this.#note(title, sent, [...before, ...own]);
  }

  #note(title: string, sent: readonly Sent[], findings: readonly Finding[]): void {
    const times = timesOf(sent);
    const odd = sent.filter((each) => !isFine(each));
    const examples = [...new Set([...sent.slice(0, 2), ...odd])].slice(0, mostExamples);
    const [p50Ms, p99Ms] = [percentile(times, 0.5), percentile(times, 0.99)];
    this.steps.push({ title, sent: sent.length, examples, p50Ms, p99Ms, findings });
  }

  async #send(step: SendStep): Promise<Sent[]> {
    const { target } = this.#context;
    const messages = await this.#messages(step);
    const troubled = withTroubles(messages, step.trouble, target.signatureKey);
    const results: Sent[] = [];
    let next = 0;
    let finished = 0;
    const lane = async (): Promise<void> => {
      for (let at = next++; at < troubled.length; at = next++) {
        const message = troubled[at];
        if (message === undefined) return;
        const attempts = await this.#attempts(message, step);
        results[at] = { message, attempts, finished: finished++ };
      }
    };
    await Promise.all(Array.from({ length: Math.min(step.atOnce, troubled.length) }, lane));
    this.#sinceProbe.sent += troubled.length;
    this.#sinceProbe.events += troubled.reduce((sum, { events }) => sum + events, 0);
    const last = results.at(-1)?.attempts.at(-1);
    this.isUnreachable = last?.kind === 'unreachable';
    return results;
  }

  async #messages(step: SendStep): Promise<readonly Message[]> {
    const { send, as, trouble } = step;
    const { sources, run, target } = this.#context;
    if ('again' in send) return this.#byName.get(send.again) ?? [];
    const partSize = partSizeOf(trouble) ?? step.partSize;
    const options = { shape: as, partSize, signatureKey: target.signatureKey, now: Date.now() };
    const deliveries = await sources.deliveries(send, run);
    let messages: Message[];
    try {
      messages = deliveries.flatMap((delivery) => messagesOf(deliveryWith(delivery, trouble), options));
    } catch (error) {
      throw new SourceError((error as Error).message);
    }
    if (step.name !== undefined) this.#byName.set(step.name, messages);
    return messages;
  }

  async #attempts(message: Message, step: SendStep): Promise<Answer[]> {
    const { target, signal } = this.#context;
    if (message.afterMs > 0) await wait(message.afterMs, undefined, { signal });
    const attempts: Answer[] = [];
    for (;;) {
      const answer = await exchange(target, message, step.timeoutMs ?? target.timeoutMs, signal);
      attempts.push(answer);
      if (answer.kind === 'left') return attempts;
      const verdict = judge(answer, step.retry, attempts.length, Date.now());
      if (verdict.outcome !== 'retrying') return attempts;
      await wait(verdict.delayMs, undefined, { signal });
    }
  }

  async #look(sent: readonly Sent[], expected: Expected): Promise<Finding[]> {
    const answered = sent.filter((each) => lastOf(each)?.kind !== 'left');
    const findings: Finding[] = [];
    const statuses = expected.status === undefined ? ['2xx'] : [expected.status].flat();
    if (answered.length > 0 && !statuses.includes('any')) findings.push(statusFinding(answered, statuses));
    const { withinMs, p50Ms, p99Ms, attempts } = expected;
    if (withinMs !== undefined) findings.push(slowest(answered, withinMs));
    if (p50Ms !== undefined) findings.push(percentileFinding('p50', answered, 0.5, p50Ms));
    if (p99Ms !== undefined) findings.push(percentileFinding('p99', answered, 0.99, p99Ms));
    if (attempts !== undefined) findings.push(attemptsFinding(answered, attempts));
    if (expected.inOrder === true) findings.push(orderFinding(answered));
    for (const condition of conditionsOf(expected)) findings.push(conditionFinding(answered, condition));
    const kept = [expected.kept ?? []].flat();
    if (kept.length > 0) findings.push(await this.#askKept(kept));
    if (expected.probe !== undefined) findings.push(await this.#askProbe(expected.probe));
    return findings;
  }

  async #askBefore(): Promise<number | ProbeError | null> {
    const { probe, settling, signal } = this.#context;
    if (probe === null) return null;
    try {
      // What earlier scenarios sent may still be under way within the callback.
      return await settled(probe, () => true, settling, signal);
    } catch (error) {
      if (error instanceof ProbeError) return error;
      throw error;
    }
  }

  async #askKept(written: readonly string[]): Promise<Finding> {
    const { kept, run, settling, signal } = this.#context;
    const texts = written.map((text) => withRun(text, run));
    const say = (verdict: Finding['verdict'], actual: string): Finding => ({
      verdict,
      what: 'what it keeps',
      expected: texts.map((text) => `"${text}"`).join(' and '),
      actual,
    });
    if (kept === null) return say('undecided', 'no page was named that shows what the callback keeps');
    try {
      const { texts: missing, isBroken } = await missingAfter(kept, texts, settling, signal);
      if (missing.length === 0) return say('met', 'all of it');
      const lacks = missing.map((text) => `"${text}"`).join(' and ');
      const how = isBroken ? 'a page that says it is JSON, is cut off or broken, and is' : 'a page';
      return say('unmet', `${how} without ${lacks}`);
    } catch (error) {
      if (!(error instanceof ProbeError)) throw error;
      return say('undecided', error.message);
    }
  }

  async #askProbe(expected: number | string): Promise<Finding> {
    const { probe, settling, signal } = this.#context;
    const before = this.#before;
    const counts = this.#sinceProbe;
    this.#sinceProbe = { sent: 0, events: 0 };
    const undecided = (actual: string): Finding => ({
      verdict: 'undecided',
      what: 'the probe',
      expected: wanted(expected),
      actual,
    });
    if (probe === null || before === null)
      return undecided('no probe was given, which would tell what the callback made of it');
    if (before instanceof ProbeError) return undecided(before.message);
    try {
      const isMet = probeCondition(expected, before, counts);
      const after = await settled(probe, isMet, settling, signal);
      this.#before = after;
      const actual = `${growth(after - before)} (from ${before} to ${after})`;
      return { verdict: isMet(after) ? 'met' : 'unmet', what: 'the probe', expected: wanted(expected), actual };
    } catch (error) {
      if (error instanceof ProbeError || error instanceof ExpressionError) {
        this.#before = error instanceof ProbeError ? error : before;
        return undecided(error.message);
      }
      throw error;
    }
  }
}

function probeCondition(
  expected: number | string,
  before: number,
  { sent, events }: { sent: number; events: number },
): (after: number) => boolean {
  if (typeof expected === 'number') return (after) => after - before === expected;
  const condition = probeLanguage.readCondition(expected);
  const [was, many, all] = [before, sent, events].map(BigInt) as [bigint, bigint, bigint];
  return (after) => condition({ before: was, after: BigInt(after), sent: many, events: all });
}

function wanted(expected: number | string): string {
  return typeof expected === 'number' ? growth(expected) : expected;
}

function growth(by: number): string {
  return by === 0 ? 'no change' : by > 0 ? `${by} more` : `${-by} fewer`;
}

/** What a step does, in words. */
function titleOf({ name, send, as, trouble }: SendStep): string {
  if (name !== undefined) return name;
  const what =
    'sample' in send
      ? `${send.events === 1 ? 'a sample' : `${send.events} samples`}, ${send.sample}`
      : 'fixture' in send
        ? send.fixture
        : 'recording' in send
          ? send.recording
          : 'event' in send
            ? send.event
            : 'again' in send
              ? `${send.again} again`
              : 'a delivery';
  const troubles = trouble.map((each) => (typeof each === 'string' ? each : (Object.keys(each)[0] ?? '')));
  return [what, ...(as === 'notification' ? [] : [`as ${as}`]), ...troubles].join(', ');
}

function lastOf({ attempts }: Sent): Answer | undefined {
  return attempts.at(-1);
}

function isFine(sent: Sent): boolean {
  const last = lastOf(sent);
  return last?.kind === 'left' || (last?.kind === 'answer' && last.status >= 200 && last.status < 300);
}

/** What came of a request, in a few words: `200`, or why there is no answer. */
export function answerWords(answer: Answer | undefined): string {
  switch (answer?.kind) {
    case 'answer':
      return String(answer.status);
    case 'left':
      return 'not awaited';
    case 'unreachable':
    case 'broken':
      return oneLine(answer.error, 200);
    case undefined:
      return 'nothing';
  }
}

/** How often each thing came: `200 (48 times), 503 (twice)`. */
function tally(words: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts]
    .map(([word, count]) => (counts.size === 1 && count === 1 ? word : `${word} (${times(count)})`))
    .join(', ');
}

function times(count: number): string {
  return count === 1 ? 'once' : count === 2 ? 'twice' : `${count} times`;
}

function statusFinding(sent: readonly Sent[], statuses: readonly (number | string)[]): Finding {
  const fits = (each: Sent): boolean => {
    const last = lastOf(each);
    if (last?.kind !== 'answer') return false;
    return statuses.some((status) =>
      typeof status === 'number' ? last.status === status : String(last.status).startsWith(status.charAt(0)),
    );
  };
  return {
    verdict: sent.every(fits) ? 'met' : 'unmet',
    what: sent.length === 1 ? 'the answer' : 'the answers',
    expected: statuses.join(' or '),
    actual: tally(sent.map((each) => answerWords(lastOf(each)))),
  };
}

/** How long the answers took, the shortest first. */
function timesOf(sent: readonly Sent[]): number[] {
  return sent
    .map(lastOf)
    .filter((last) => last?.kind === 'answer')
    .map((last) => last.ms)
    .toSorted((a, b) => a - b);
}

function percentile(sorted: readonly number[], share: number): number | null {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? null;
}

function slowest(sent: readonly Sent[], withinMs: number): Finding {
  return percentileFinding('the slowest answer', sent, 1, withinMs);
}

function percentileFinding(what: string, sent: readonly Sent[], share: number, most: number): Finding {
  const took = percentile(timesOf(sent), share);
  return {
    verdict: took !== null && took <= most ? 'met' : 'unmet',
    what,
    expected: `at most ${most} ms`,
    actual: took === null ? 'no answer' : `${Math.ceil(took)} ms`,
  };
}

function attemptsFinding(sent: readonly Sent[], expected: number): Finding {
  const counts = sent.map(({ attempts }) => attempts.length);
  return {
    verdict: counts.every((count) => count === expected) ? 'met' : 'unmet',
    what: 'attempts',
    expected: String(expected),
    actual: tally(counts.map(String)),
  };
}

function orderFinding(sent: readonly Sent[]): Finding {
  const late = sent.find(({ finished }, index) => index > 0 && finished < (sent[index - 1]?.finished ?? 0));
  return {
    verdict: late === undefined ? 'met' : 'unmet',
    what: 'the order of the answers',
    expected: 'the order of what was sent',
    actual: late === undefined ? 'the same' : `${late.message.label} was answered before one that was sent earlier`,
  };
}

function conditionFinding(sent: readonly Sent[], condition: string): Finding {
  const holds = answerLanguage.readCondition(condition);
  const say = (verdict: Finding['verdict'], actual: string): Finding => ({
    verdict,
    what: 'a condition',
    expected: condition,
    actual,
  });
  for (const each of sent) {
    try {
      if (!holds({ answer: answerVariables(each) })) {
        const last = lastOf(each);
        const body = last?.kind === 'answer' ? `, ${oneLine(last.body.toString(), 120) || 'an empty body'}` : '';
        return say('unmet', `${answerWords(last)}${body}`);
      }
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      return say('unmet', error.message);
    }
  }
  return sent.length === 0 ? say('undecided', 'no answer was awaited') : say('met', 'true');
}

function answerVariables(sent: Sent): Readonly<Record<string, CelValue>> {
  const last = lastOf(sent);
  const isAnswer = last?.kind === 'answer';
  const body = isAnswer ? last.body.toString() : '';
  const headers = isAnswer ? last.headers.map(([name, value]) => [name.toLowerCase(), value] as const) : [];
  return {
    status: BigInt(isAnswer ? last.status : 0),
    body,
    json: celValue(parseJson(body) ?? null),
    headers: new Map(headers),
    ms: last?.ms ?? 0,
    attempts: BigInt(sent.attempts.length),
    error: last?.kind === 'broken' || last?.kind === 'unreachable' ? last.error : '',
  };
}
