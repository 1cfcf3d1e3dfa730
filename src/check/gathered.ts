/** What came of requests, as far as it is looked at when all of them are answered: of most their answers go at once. */
import { celValue } from '../common/expressions/cel-value.ts';
import type { CelValue } from '../common/expressions/cel-value.ts';
import { ExpressionError, ExpressionLanguage } from '../common/expressions/expressions.ts';
import { oneLine } from '../common/one-line.ts';
import { parseJson } from '../common/parse-json.ts';
import type { Answer } from './exchange.ts';
import type { Message } from './messages.ts';
import type { Expected } from './scenario.ts';

/** One request with all its attempts, the last of which counts. */
export interface Sent {
  readonly message: SentMessage;
  readonly attempts: readonly Answer[];
}

/** A request as it is kept: its body may only begin here. */
export interface SentMessage extends Pick<Message, 'label' | 'eventId' | 'events' | 'headers' | 'body'> {
  /** The length of the whole body. */
  readonly bytes: number;
}

/** What was looked at, and whether it is as expected. */
export interface Finding {
  readonly verdict: 'met' | 'unmet' | 'undecided';
  /** What is looked at, such as `status`. */
  readonly what: string;
  readonly expected: string;
  readonly actual: string;
}

/** What is kept of each request. */
interface Brief {
  readonly label: string;
  /** Its place among what was sent, from 0. */
  readonly at: number;
  /** Null where it is no answer. */
  readonly status: number | null;
  readonly words: string;
  readonly ms: number;
  readonly attempts: number;
}

/** Examples of one step. */
export const mostExamples = 5;
/** Of the body of an example, in bytes. */
const mostExampleBytes = 65_536;
/** Different answers that a finding names. */
const mostWords = 10;

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

/** Reads a condition on an answer. @throws ExpressionError */
export function readAnswerCondition(text: string): (variables: AnswerVariables) => boolean {
  return answerLanguage.readCondition(text);
}

/** The conditions on each answer. */
export function conditionsOf(expected: Expected | undefined): readonly string[] {
  const { answer = [] } = expected ?? {};
  return typeof answer === 'string' ? [answer] : answer;
}

/** What came of the requests of one step. */
export class Gathered {
  readonly #expected: Expected;
  readonly #briefs: Brief[] = [];
  /** How many were ended by the sender: there is no answer to look at. */
  #left = 0;
  readonly #first: { readonly at: number; readonly sent: Sent }[] = [];
  readonly #odd: Sent[] = [];
  readonly #conditions: Condition[];

  constructor(expected: Expected = {}) {
    this.#expected = expected;
    this.#conditions = conditionsOf(expected).map((text) => new Condition(text));
  }

  /** How many were sent. */
  get count(): number {
    return this.#briefs.length + this.#left;
  }

  /**
   * Takes note of what came of a request, as it comes.
   * @param at its place among what was sent; without it the next
   */
  add(message: Message, attempts: readonly Answer[], at = this.count): void {
    const last = attempts.at(-1);
    const isFine = last?.kind === 'left' || (last?.kind === 'answer' && last.status >= 200 && last.status < 300);
    if (at < 2) this.#first.push({ at, sent: kept(message, attempts) });
    else if (!isFine && this.#odd.length < mostExamples) this.#odd.push(kept(message, attempts));
    if (last?.kind === 'left') {
      this.#left += 1;
      return;
    }
    for (const condition of this.#conditions) condition.ask(attempts);
    this.#briefs.push({
      label: message.label,
      at,
      status: last?.kind === 'answer' ? last.status : null,
      words: answerWords(last),
      ms: last?.ms ?? 0,
      attempts: attempts.length,
    });
  }

  /** Some of what was sent: the first, and the first that were not as expected. */
  get examples(): readonly Sent[] {
    const first = this.#first.toSorted((a, b) => a.at - b.at).map(({ sent }) => sent);
    return [...first, ...this.#odd].slice(0, mostExamples);
  }

  /** How long answers took, in milliseconds; null where none came. */
  percentile(share: number): number | null {
    return percentileOf(this.#times(), share);
  }

  /** What is expected of the answers, and what they are. */
  findings(): Finding[] {
    const { status, withinMs, p50Ms, p99Ms, attempts, inOrder } = this.#expected;
    const findings: Finding[] = [];
    const statuses = status === undefined ? ['2xx'] : [status].flat();
    if (this.#briefs.length > 0 && !statuses.includes('any')) findings.push(this.#status(statuses));
    if (withinMs !== undefined) findings.push(this.#took('the slowest answer', 1, withinMs));
    if (p50Ms !== undefined) findings.push(this.#took('p50', 0.5, p50Ms));
    if (p99Ms !== undefined) findings.push(this.#took('p99', 0.99, p99Ms));
    if (attempts !== undefined) findings.push(this.#attempts(attempts));
    if (inOrder === true) findings.push(this.#order());
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
      what: this.#briefs.length === 1 ? 'the answer' : 'the answers',
      expected: statuses.join(' or '),
      actual: tally(this.#briefs.map(({ words }) => words)),
    };
  }

  #took(what: string, share: number, most: number): Finding {
    const took = this.percentile(share);
    return {
      verdict: took !== null && took <= most ? 'met' : 'unmet',
      what,
      expected: `at most ${most} ms`,
      actual: took === null ? 'no answer' : `${Math.ceil(took)} ms`,
    };
  }

  #attempts(expected: number): Finding {
    return {
      verdict: this.#briefs.every(({ attempts }) => attempts === expected) ? 'met' : 'unmet',
      what: 'attempts',
      expected: String(expected),
      actual: tally(this.#briefs.map(({ attempts }) => String(attempts))),
    };
  }

  #order(): Finding {
    // They were noted as they came.
    const finished = this.#briefs.map(({ at, label }, place) => ({ at, label, place })).toSorted((a, b) => a.at - b.at);
    const late = finished.find(({ place }, index) => index > 0 && place < (finished[index - 1]?.place ?? 0));
    return {
      verdict: late === undefined ? 'met' : 'unmet',
      what: 'the order of the answers',
      expected: 'the order of what was sent',
      actual: late === undefined ? 'the same' : `${late.label} was answered before one that was sent earlier`,
    };
  }
}

/** A condition in CEL, asked about each answer as it comes. */
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
      const body = last?.kind === 'answer' ? `, ${oneLine(last.body.toString(), 120) || 'an empty body'}` : '';
      this.#unmet = `${answerWords(last)}${body}`;
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      this.#unmet = error.message;
    }
  }

  get finding(): Finding {
    const said = { what: 'a condition', expected: this.#text } as const;
    if (this.#unmet !== null) return { verdict: 'unmet', ...said, actual: this.#unmet };
    return this.#asked
      ? { verdict: 'met', ...said, actual: 'true' }
      : { verdict: 'undecided', ...said, actual: 'no answer was awaited' };
  }
}

function kept({ label, eventId, events, headers, body }: Message, attempts: readonly Answer[]): Sent {
  const bytes = body.byteLength;
  // A copy, since a part would hold the whole.
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
  const named = [...counts]
    .slice(0, mostWords)
    .map(([word, count]) => (counts.size === 1 && count === 1 ? word : `${word} (${times(count)})`));
  return [...named, ...(counts.size > mostWords ? [`${counts.size - mostWords} others`] : [])].join(', ');
}

function times(count: number): string {
  return count === 1 ? 'once' : count === 2 ? 'twice' : `${count} times`;
}

function percentileOf(sorted: readonly number[], share: number): number | null {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? null;
}
