/** Evaluates results as they arrive, so that most responses need not be kept. */
import { say } from '../common/say.ts';
import { celValue, type CelValue } from './cel-value.ts';
import { ExpressionError, ExpressionLanguage } from '../common/expressions/expressions.ts';
import { oneLine } from '../common/unprintable.ts';
import { parseJson } from '../common/parse-json.ts';
import type { Answer } from './exchange.ts';
import type { Message } from './messages.ts';
import type { Expected } from './scenario.ts';

export interface Sent {
  readonly message: SentMessage;
  readonly attempts: readonly Answer[];
}

export interface SentMessage extends Pick<Message, 'label' | 'eventId' | 'events' | 'headers' | 'body'> {
  readonly bytes: number;
}

export interface Finding {
  readonly verdict: 'met' | 'unmet' | 'undecided';
  readonly what: string;
  readonly expected: string;
  readonly actual: string;
  /** A possible reason outside the callback, to fix first. */
  readonly cause?: string | undefined;
  readonly page?: 'whole' | 'broken' | undefined;
}

interface Brief {
  readonly label: string;
  readonly at: number;
  readonly status: number | null;
  readonly came: string;
  readonly ms: number;
  readonly attempts: number;
}

export const mostExamples = 5;
const mostExampleBytes = 65_536;
const mostTallied = 10;

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

export function readAnswerCondition(text: string): (variables: AnswerVariables) => boolean {
  return answerLanguage.readCondition(text);
}

export function conditionsOf(expected: Expected | undefined): readonly string[] {
  const { answer = [] } = expected ?? {};
  return typeof answer === 'string' ? [answer] : answer;
}

export class StepFindings {
  readonly #expected: Expected;
  readonly #briefs: Brief[] = [];
  /** Requests that the sender ended: they have no response. */
  #left = 0;
  #withoutAnswer = 0;
  readonly #first: { readonly at: number; readonly sent: Sent }[] = [];
  readonly #odd: Sent[] = [];
  readonly #conditions: Condition[];

  constructor(expected: Expected = {}) {
    this.#expected = expected;
    this.#conditions = conditionsOf(expected).map((text) => new Condition(text));
  }

  get count(): number {
    return this.#briefs.length + this.#left;
  }

  add(message: Message, attempts: readonly Answer[], at = this.count): void {
    const last = attempts.at(-1);
    const isFine = last?.kind === 'left' || (last?.kind === 'answer' && last.status >= 200 && last.status < 300);
    if (at < 2) this.#first.push({ at, sent: kept(message, attempts) });
    else if (!isFine && this.#odd.length < mostExamples) this.#odd.push(kept(message, attempts));
    if (last?.kind === 'left') {
      this.#left += 1;
      return;
    }
    if (last?.kind === 'unreachable') this.#withoutAnswer += 1;
    for (const condition of this.#conditions) condition.ask(attempts);
    this.#briefs.push({
      label: message.label,
      at,
      status: last?.kind === 'answer' ? last.status : null,
      came: answerWords(last),
      ms: last?.ms ?? 0,
      attempts: attempts.length,
    });
  }

  get isWithoutAnswer(): boolean {
    return this.#withoutAnswer > 0 && this.#withoutAnswer === this.count;
  }

  get examples(): readonly Sent[] {
    const first = this.#first.toSorted((a, b) => a.at - b.at).map(({ sent }) => sent);
    return [...first, ...this.#odd].slice(0, mostExamples);
  }

  /** In milliseconds; null without any responses. */
  percentile(share: number): number | null {
    return percentileOf(this.#times(), share);
  }

  findings(): Finding[] {
    const { status, withinMs, p50Ms, p99Ms, attempts, inOrder } = this.#expected;
    const findings: Finding[] = [];
    const statuses = status === undefined ? ['2xx'] : [status].flat();
    // If no request arrived, `any` is not met, unless a condition asks for that.
    const isAny = statuses.includes('any') && (!this.isWithoutAnswer || this.#conditions.length > 0);
    if (this.#briefs.length > 0 && !isAny) findings.push(this.#status(statuses));
    if (withinMs !== undefined) findings.push(this.#took(say('the slowest answer'), 1, withinMs));
    if (p50Ms !== undefined) findings.push(this.#took(say('median answer time (p50)'), 0.5, p50Ms));
    if (p99Ms !== undefined) findings.push(this.#took(say('99th-percentile answer time (p99)'), 0.99, p99Ms));
    if (attempts !== undefined) findings.push(this.#attempts(attempts));
    if (inOrder === true && !this.isWithoutAnswer) findings.push(this.#order());
    findings.push(...this.#conditions.map((condition) => condition.finding));
    return findings;
  }

  #times(): number[] {
    return this.#briefs
      .filter(({ status }) => status !== null)
      .map(({ ms }) => ms)
      .toSorted((a, b) => a - b);
  }

  #status(statuses: readonly (number | string)[]): Finding {
    const fits = ({ status }: Brief): boolean =>
      status !== null &&
      statuses.some((each) => (typeof each === 'number' ? status === each : String(status).startsWith(each.charAt(0))));
    return {
      verdict: this.#briefs.every(fits) ? 'met' : 'unmet',
      what: this.#briefs.length === 1 ? say('the answer') : say('the answers'),
      expected: statuses.map(String).reduce((before, status) => say('{0} or {1}', before, status)),
      actual: tally(this.#briefs.map(({ came }) => came)),
    };
  }

  #took(what: string, share: number, most: number): Finding {
    const took = this.percentile(share);
    return {
      verdict: took !== null && took <= most ? 'met' : 'unmet',
      what,
      expected: say('at most {0} ms', most),
      actual: took === null ? say('no answer') : say('{0} ms', Math.ceil(took)),
    };
  }

  #attempts(expected: number): Finding {
    return {
      verdict: this.#briefs.every(({ attempts }) => attempts === expected) ? 'met' : 'unmet',
      what: say('attempts'),
      expected: String(expected),
      actual: tally(this.#briefs.map(({ attempts }) => String(attempts))),
    };
  }

  #order(): Finding {
    // Briefs are in the order in which responses arrived.
    const finished = this.#briefs.map(({ at, label }, place) => ({ at, label, place })).toSorted((a, b) => a.at - b.at);
    const late = finished.find(({ place }, index) => index > 0 && place < (finished[index - 1]?.place ?? 0));
    return {
      verdict: late === undefined ? 'met' : 'unmet',
      what: say('the order of answers'),
      expected: say('the sending order'),
      actual: late === undefined ? say('as sent') : say('{0} answered before an earlier request', late.label),
    };
  }
}

class Condition {
  readonly #text: string;
  readonly #holds: (variables: AnswerVariables) => boolean;
  #asked = false;
  #unmet: string | null = null;

  constructor(text: string) {
    this.#text = text;
    this.#holds = readAnswerCondition(text);
  }

  ask(attempts: readonly Answer[]): void {
    if (this.#unmet !== null) return;
    this.#asked = true;
    try {
      if (this.#holds({ answer: answerVariables(attempts) })) return;
      const last = attempts.at(-1);
      const came = answerWords(last);
      this.#unmet =
        last?.kind === 'answer' ? `${came}, ${oneLine(last.body.toString(), 120) || say('an empty body')}` : came;
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      this.#unmet = error.message;
    }
  }

  get finding(): Finding {
    const said = { what: say('a condition'), expected: this.#text };
    if (this.#unmet !== null) return { verdict: 'unmet', ...said, actual: this.#unmet };
    return this.#asked
      ? { verdict: 'met', ...said, actual: 'true' }
      : { verdict: 'undecided', ...said, actual: say('no answer was expected') };
  }
}

function kept({ label, eventId, events, headers, body }: Message, attempts: readonly Answer[]): Sent {
  const bytes = body.byteLength;
  // A copy, since a part would keep the whole in memory.
  const beginning = bytes <= mostExampleBytes ? body : Buffer.from(body.subarray(0, mostExampleBytes));
  return { message: { label, eventId, events, headers, body: beginning, bytes }, attempts };
}

function answerVariables(attempts: readonly Answer[]): Readonly<Record<string, CelValue>> {
  const last = attempts.at(-1);
  const isAnswer = last?.kind === 'answer';
  const body = isAnswer ? last.body.toString() : '';
  const headers = isAnswer ? last.headers.map(([name, value]) => [name.toLowerCase(), value] as const) : [];
  return {
    status: BigInt(isAnswer ? last.status : 0),
    body,
    json: celValue(parseJson(body) ?? null),
    headers: new Map(headers),
    ms: last?.ms ?? 0,
    attempts: BigInt(attempts.length),
    error: last?.kind === 'broken' || last?.kind === 'unreachable' ? last.error : '',
  };
}

export function answerWords(answer: Answer | undefined): string {
  switch (answer?.kind) {
    case 'answer':
      return String(answer.status);
    case 'left':
      return say('not expected');
    case 'unreachable':
    case 'broken':
      return oneLine(answer.text ?? answer.error, 200);
    case undefined:
      return say('nothing');
  }
}

function tally(all: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const text of all) counts.set(text, (counts.get(text) ?? 0) + 1);
  const named = [...counts]
    .slice(0, mostTallied)
    .map(([text, count]) => (counts.size === 1 && count === 1 ? text : times(text, count)));
  return [...named, ...(counts.size > mostTallied ? [say('{0} more', counts.size - mostTallied)] : [])].join(', ');
}

function times(text: string, count: number): string {
  return count === 1
    ? say('{0} (once)', text)
    : count === 2
      ? say('{0} (twice)', text)
      : say('{0} ({1} times)', text, count);
}

function percentileOf(sorted: readonly number[], share: number): number | null {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? null;
}
