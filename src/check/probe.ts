import { say } from '../common/say.ts';
import { readText } from '../common/bounded-body.ts';
import { celValue, type CelValue } from './cel-value.ts';
import { maskOfCredentials, type SecretMask } from '../common/masking.ts';
import { ExpressionError, ExpressionLanguage } from '../common/expressions/expressions.ts';
import { hasMoreValues, maxValues, parseJson } from '../common/parse-json.ts';
import { ProcessGroup } from '../common/process-group.ts';
import { secretsIn } from '../protocol/credential-headers.ts';
import { CheckError } from './check-error.ts';

const mostMs = 10_000;
const mostBytes = 8_388_608;

export class ProbeError extends CheckError {
  override readonly name = 'ProbeError';
}

export interface Probe {
  read(signal: AbortSignal): Promise<number>;
}

/** The response may be a long list, which an expression may read once or twice. */
const mostSteps = 10_000_000;

const language = new ExpressionLanguage<{ answer: Readonly<Record<string, CelValue>> }>(
  { answer: { status: 'int', body: 'string', json: 'dyn' } },
  mostSteps,
);

export function readProbeValue(text: string): ReturnType<typeof language.readExpression> {
  return language.readExpression(text);
}

export interface UrlProbe {
  readonly url: string;
  /** A CEL expression on the response that returns the number; without it the response is the number. */
  readonly value?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly mask: SecretMask;
}

export function urlProbe({ url, value, headers = {}, mask }: UrlProbe): Probe {
  const expression = value === undefined ? undefined : readProbeValue(value);
  const { origin, pathname } = new URL(url);
  const who = say('the contact count {0}', `${origin}${pathname}`);
  return {
    async read(signal) {
      const { status, body } = await ask({ url, headers, mask }, who, signal);
      if (expression === undefined) {
        if (status !== 200) throw new ProbeError(say('{0} answered {1}', who, status));
        return plainNumber(body, who);
      }
      const json = celValue(jsonOf(body, who) ?? null);
      try {
        return wholeNumber(expression.evaluate({ answer: { status: BigInt(status), body, json } }), who);
      } catch (error) {
        if (!(error instanceof ExpressionError)) throw error;
        throw new ProbeError(
          say('{0} answered {1}, but {2} can’t be evaluated: {3}', who, status, value ?? '', error.message),
        );
      }
    },
  };
}

async function ask(
  { url, headers, mask }: Omit<UrlProbe, 'value'>,
  who: string,
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
    throw new ProbeError(say('{0} didn’t answer: {1}', who, masked(causeOf(error))));
  }
}

/** @returns undefined if it is not JSON @throws ProbeError if it is too large */
function jsonOf(body: string, who: string): unknown {
  if (/^\s*[[{]/.test(body) && hasMoreValues(body, maxValues)) {
    throw new ProbeError(say('{0} returned more than {1} values', who, maxValues));
  }
  return parseJson(body);
}

export interface Missing {
  readonly texts: readonly string[];
  /** The type is JSON, but the content is not: probably it was cut off. */
  readonly isBroken: boolean;
}

export interface KeptPage {
  readonly who: string;
  /** Ignores letter case. @throws ProbeError */
  missing(texts: readonly string[], signal: AbortSignal): Promise<Missing>;
}

export function keptPage({ url, headers = {}, mask }: Omit<UrlProbe, 'value'>): KeptPage {
  const { origin, pathname } = new URL(url);
  const who = say('the page {0}', `${origin}${pathname}`);
  return {
    who,
    async missing(texts, signal) {
      const { status, body, type } = await ask({ url, headers, mask }, who, signal);
      if (status !== 200) throw new ProbeError(say('{0} answered {1}', who, status));
      const json = jsonOf(body, who);
      // If JSON is cut off, search what there is.
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
      // One by one: a page may have more entries than a call may have arguments.
      for (const [key, inner] of Object.entries(each as Record<string, unknown>)) waiting.push(key, inner);
    }
  }
  return texts;
}

function causeOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error && cause.message !== '' ? cause.message : message;
}

/** Everything that the program starts ends with it. @param command a string is for the user's shell */
export function commandProbe(
  command: readonly string[] | string,
  folder: string,
  mask: SecretMask,
  limitMs = mostMs,
): Probe {
  const who = say('the contact count {0}', `"${typeof command === 'string' ? command : command.join(' ')}"`);
  return {
    read: async (signal) => plainNumber(await outputOf({ command, who, folder, mask, limitMs }, signal), who),
  };
}

async function outputOf(
  {
    command,
    who,
    folder,
    mask,
    limitMs,
  }: {
    command: readonly string[] | string;
    who: string;
    folder: string;
    mask: SecretMask;
    limitMs: number;
  },
  signal: AbortSignal,
): Promise<string> {
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
      throw new ProbeError(say('can’t run {0}: {1}', who, (error as Error).message));
    })
    .finally(() => limit.removeEventListener('abort', end));
  signal.throwIfAborted();
  if (limit.aborted) throw new ProbeError(say('{0} took longer than {1} s', who, limitMs / 1000));
  if (code === 0) return mask.in(out);
  const how =
    code === null ? say('{0} was ended by {1}', who, by ?? say('a signal')) : say('{0} exited with {1}', who, code);
  const said = mask.in(problem.trim().split('\n').at(-1) ?? '', { cut: true });
  throw new ProbeError(said === '' ? how : `${how}: ${said.slice(0, 200)}`);
}

function plainNumber(text: string, who: string): number {
  const trimmed = text.trim();
  if (/^-?\d{1,15}$/.test(trimmed)) return Number(trimmed);
  const value = parseJson(trimmed);
  const isObject = typeof value === 'object' && value !== null;
  const field = isObject ? Object.entries(value).find(([, each]) => Number.isSafeInteger(each))?.[0] : undefined;
  const example = Array.isArray(value) ? 'size(answer.json)' : `answer.json.${field ?? 'count'}`;
  const came: string = trimmed === '' ? say('nothing') : trimmed.slice(0, 80);
  throw new ProbeError(
    `${say('{0} didn’t return a whole number', who)}: ${came}`,
    isObject
      ? say(
          'Specify where the number is: use --probe-value \'{0}\', "value" in a scenario file, or the button "Set Up Contact Count" in VS Code.',
          example,
        )
      : undefined,
  );
}

function wholeNumber(value: unknown, who: string): number {
  const number = typeof value === 'bigint' ? Number(value) : value;
  if (typeof number === 'number' && Number.isSafeInteger(number)) return number;
  throw new ProbeError(say('{0} didn’t return a whole number', who));
}
