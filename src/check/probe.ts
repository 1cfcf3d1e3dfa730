/** The user's own probe: what tells, from within, how much a callback has made of what was sent. */
import { readText } from '../common/bounded-body.ts';
import { celValue } from '../common/expressions/cel-value.ts';
import type { CelValue } from '../common/expressions/cel-value.ts';
import { maskOfCredentials } from '../common/credential-parts.ts';
import { ExpressionError, ExpressionLanguage } from '../common/expressions/expressions.ts';
import type { SecretMask } from '../common/masking.ts';
import { hasMoreValues, maxValues, parseJson } from '../common/parse-json.ts';
import { ProcessGroup } from '../common/process-group.ts';
import type { Said, Words } from '../common/words.ts';
import { secretsIn } from '../protocol/credential-headers.ts';
import { SaidError, words } from './words.ts';

/** One question to a probe takes no longer than this, in milliseconds. */
const mostMs = 10_000;
/** What it answers with is no longer than this, in bytes. */
const mostBytes = 8_388_608;

/** The probe gave no number. */
export class ProbeError extends SaidError {
  override readonly name = 'ProbeError';
}

/** Counts what a callback has made. */
export interface Probe {
  /** @throws ProbeError */
  read(signal: AbortSignal): Promise<number>;
}

/** Its answer may be a long list, which is gone through once, or twice. */
const mostSteps = 10_000_000;

const language = new ExpressionLanguage<{ answer: Readonly<Record<string, CelValue>> }>(
  { answer: { status: 'int', body: 'string', json: 'dyn' } },
  mostSteps,
);

/** Reads the expression that gives the number. @throws ExpressionError */
export function readProbeValue(text: string): ReturnType<typeof language.readExpression> {
  return language.readExpression(text);
}

export interface UrlProbe {
  readonly url: string;
  /** An expression in CEL on the answer that gives the number; without it the answer is the number. */
  readonly value?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Masks the run's secrets in what it answers. */
  readonly mask: SecretMask;
}

/**
 * A probe that is asked by GET.
 * @throws ExpressionError where `value` cannot be read
 */
export function urlProbe({ url, value, headers = {}, mask }: UrlProbe): Probe {
  const expression = value === undefined ? undefined : readProbeValue(value);
  const { origin, pathname } = new URL(url);
  const who = words('the-probe', `${origin}${pathname}`);
  return {
    async read(signal) {
      const { status, body } = await ask({ url, headers, mask }, who, signal);
      if (expression === undefined) {
        if (status !== 200) throw new ProbeError(words('answered', who, status));
        return plainNumber(body, who);
      }
      const json = celValue(jsonOf(body, who) ?? null);
      try {
        return wholeNumber(expression.evaluate({ answer: { status: BigInt(status), body, json } }), who);
      } catch (error) {
        if (!(error instanceof ExpressionError)) throw error;
        throw new ProbeError(words('of-which-no-number', who, status, value ?? '', error.message));
      }
    },
  };
}

/** @throws ProbeError where there is no answer */
async function ask(
  { url, headers, mask }: Omit<UrlProbe, 'value'>,
  who: Words,
  signal: AbortSignal,
): Promise<{ status: number; body: string; type: string }> {
  const own = maskOfCredentials([], secretsIn(new URL(url)));
  const masked = (text: string): string => own.in(mask.in(text));
  try {
    const answer = await fetch(url, {
      headers: { accept: 'application/json', ...headers },
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(mostMs)]),
    });
    const type = answer.headers.get('content-type') ?? '';
    return { status: answer.status, body: masked(await readText(answer.body, mostBytes)), type };
  } catch (error) {
    signal.throwIfAborted();
    throw new ProbeError(words('gives-no-answer', who, masked(causeOf(error))));
  }
}

/** @returns undefined where it is no JSON. @throws ProbeError where it is too much */
function jsonOf(body: string, who: Words): unknown {
  if (/^\s*[[{]/.test(body) && hasMoreValues(body, maxValues)) {
    throw new ProbeError(words('too-many-values-of', who, maxValues));
  }
  return parseJson(body);
}

/** What a page has not. */
export interface Missing {
  readonly texts: readonly string[];
  /** Whether it says that it is JSON, and is not: cut off, most likely. */
  readonly isBroken: boolean;
}

/** Shows what a callback keeps. */
export interface KeptPage {
  /** What it is called: by its URL, without the query. */
  readonly who: Words;
  /** Which of some texts are not in it, in any letter case. @throws ProbeError */
  missing(texts: readonly string[], signal: AbortSignal): Promise<Missing>;
}

/** A page that is asked by GET: of JSON its texts are looked at, of anything else the page as it is. */
export function keptPage({ url, headers = {}, mask }: Omit<UrlProbe, 'value'>): KeptPage {
  const { origin, pathname } = new URL(url);
  const who = words('the-page', `${origin}${pathname}`);
  return {
    who,
    async missing(texts, signal) {
      const { status, body, type } = await ask({ url, headers, mask }, who, signal);
      if (status !== 200) throw new ProbeError(words('answered', who, status));
      const json = jsonOf(body, who);
      // Of JSON that is cut off, what is there.
      const found = (json === undefined ? body : textsIn(json).join('\n')).toLowerCase();
      return {
        texts: texts.filter((text) => !found.includes(text.toLowerCase())),
        isBroken: json === undefined && /json/i.test(type),
      };
    },
  };
}

function textsIn(value: unknown): string[] {
  const texts: string[] = [];
  const waiting: unknown[] = [value];
  for (let each = waiting.pop(); each !== undefined; each = waiting.pop()) {
    if (typeof each === 'string') texts.push(each);
    else if (typeof each === 'object' && each !== null) {
      // One by one: a call takes so many arguments, and a page may hold more.
      for (const [key, inner] of Object.entries(each as Record<string, unknown>)) waiting.push(key, inner);
    }
  }
  return texts;
}

function causeOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error && cause.message !== '' ? cause.message : message;
}

/**
 * A probe that is a program, which prints a number. What it has started ends with it.
 * @param command the program and its arguments; a text is a command line of the user's shell
 * @param folder where it runs
 * @param mask masks the run's secrets in what it prints
 * @param limitMs how long it may take, in milliseconds
 */
export function commandProbe(
  command: readonly string[] | string,
  folder: string,
  mask: SecretMask,
  limitMs = mostMs,
): Probe {
  const who = words('the-probe', `"${typeof command === 'string' ? command : command.join(' ')}"`);
  return {
    read: async (signal) => plainNumber(await outputOf({ command, who, folder, mask, limitMs }, signal), who),
  };
}

interface CommandRun {
  readonly command: readonly string[] | string;
  readonly who: Words;
  readonly folder: string;
  readonly mask: SecretMask;
  readonly limitMs: number;
}

/** What a program prints. @throws ProbeError where it fails; the signal's reason where that gives it up */
async function outputOf({ command, who, folder, mask, limitMs }: CommandRun, signal: AbortSignal): Promise<string> {
  signal.throwIfAborted();
  const program = new ProcessGroup(command, { cwd: folder });
  let out = '';
  let problem = '';
  program.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (out.length < mostBytes) out += text;
  });
  program.stderr.setEncoding('utf8').on('data', (text: string) => {
    if (problem.length < 500) problem += text;
  });
  const limit = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
  const end = (): void => void program.end();
  limit.addEventListener('abort', end);
  const { code, signal: by } = await program.ended
    .catch((error: unknown) => {
      throw new ProbeError(words('cannot-run', who, (error as Error).message));
    })
    .finally(() => limit.removeEventListener('abort', end));
  signal.throwIfAborted();
  if (limit.aborted) throw new ProbeError(words('took-longer', who, limitMs / 1000));
  if (code === 0) return mask.in(out);
  const how = code === null ? words('ended-by', who, by ?? words('a-signal')) : words('ended-with', who, code);
  const said = mask.in(problem.trim().split('\n').at(-1) ?? '', { cut: true });
  throw new ProbeError(said === '' ? how : words('because', how, said.slice(0, 200)));
}

function plainNumber(text: string, who: Words): number {
  const trimmed = text.trim();
  if (/^-?\d{1,15}$/.test(trimmed)) return Number(trimmed);
  const value = parseJson(trimmed);
  const isObject = typeof value === 'object' && value !== null;
  const field = isObject ? Object.entries(value).find(([, each]) => Number.isSafeInteger(each))?.[0] : undefined;
  const example = Array.isArray(value) ? 'size(answer.json)' : `answer.json.${field ?? 'count'}`;
  const came: Said = trimmed === '' ? words('nothing') : trimmed.slice(0, 80);
  throw new ProbeError(
    words('because', words('no-whole-number', who), came),
    isObject ? words('take-of-answer', example) : undefined,
  );
}

function wholeNumber(value: unknown, who: Words): number {
  const number = typeof value === 'bigint' ? Number(value) : value;
  if (typeof number === 'number' && Number.isSafeInteger(number)) return number;
  throw new ProbeError(words('no-whole-number', who));
}
