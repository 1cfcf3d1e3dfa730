/** Expressions of breakpoints: what they may ask, and the texts that hold some. */
import type { CelValue } from '../../common/expressions/cel-value.ts';
import { ExpressionError, ExpressionLanguage } from '../../common/expressions/expressions.ts';
import type { Expression } from '../../common/expressions/expressions.ts';
import type { BreakpointPlace } from '../../protocol/debug.ts';
import { FilterError } from '../../protocol/event-filter.ts';
import { conditionOfFilter, isFilter } from './filter-condition.ts';

/** What expressions are asked about: {@link variableTypes}. */
export type Variables = Readonly<Record<keyof typeof variableTypes, Readonly<Record<string, CelValue>>>>;

/**
 * Every variable with its fields and their types: a field that does not exist, or is compared with something of another
 * type, is an error when the expression is written. A text that is not there is empty, a number 0.
 */
export const variableTypes = {
  event: {
    id: 'string',
    kind: 'string',
    type: 'string',
    address: 'string',
    date: 'string',
    list: 'string',
    duplicate: 'bool',
    warning: 'string',
    fields: 'map<string, dyn>',
  },
  delivery: {
    id: 'string',
    source: 'string',
    status: 'string',
    httpStatus: 'int',
    reason: 'string',
    list: 'string',
    signature: 'string',
    contentType: 'string',
    receivedAt: 'string',
    bytes: 'int',
    events: 'int',
    injected: 'bool',
    onPurpose: 'bool',
  },
  notification: { id: 'string', kind: 'string', part: 'int', parts: 'int', events: 'int', eventId: 'string' },
  destination: { id: 'string', url: 'string', mode: 'string' },
  attempt: {
    number: 'int',
    status: 'int',
    outcome: 'string',
    error: 'string',
    durationMs: 'double',
    answer: 'string',
  },
} as const;

/** What there is at each place beside `event` and `delivery`; the rest is empty there. */
export const variablesAt: Readonly<Record<BreakpointPlace, readonly (keyof typeof variableTypes)[]>> = {
  event: ['event', 'delivery', 'notification', 'destination', 'attempt'],
  'failed-attempt': ['event', 'delivery', 'notification', 'destination', 'attempt'],
  'wrong-signature': ['event', 'delivery', 'notification'],
  rejected: ['event', 'delivery'],
};

const language = new ExpressionLanguage<Variables>(variableTypes);

/**
 * Reads an expression.
 * @throws ExpressionError where it is none, or takes what is not there
 */
export function readExpression(text: string): Expression<Variables> {
  return language.readExpression(text);
}

/**
 * Reads a condition: an expression, or a filter of the history.
 * @throws ExpressionError where it cannot be read, or is neither true nor false
 */
export function readCondition(text: string): (variables: Variables) => boolean {
  if (!isFilter(text)) return language.readCondition(text);
  try {
    return language.readCondition(conditionOfFilter(text, Date.now()));
  } catch (error) {
    if (!(error instanceof FilterError || error instanceof ExpressionError)) throw error;
    throw new ExpressionError(error.message, 0, text.length);
  }
}

/** A log text longer than this is cut, in characters. */
const mostLogged = 2000;

/**
 * Reads a log text: `{…}` holds an expression, `\{` is a brace.
 * @throws ExpressionError where an expression in it cannot be read, or a brace is left open
 */
export function readLog(text: string): (variables: Variables) => string {
  const parts: (string | Expression<Variables>)[] = [];
  let plain = '';
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === '\\' && '{}\\'.includes(text.charAt(at + 1)) && at + 1 < text.length) {
      plain += text.charAt(++at);
    } else if (character === '{') {
      const end = endOfExpression(text, at);
      if (end === undefined) throw new ExpressionError('this brace has no closing brace', at, at + 1);
      parts.push(plain, expressionWithin(text, at + 1, end));
      plain = '';
      at = end;
    } else plain += character;
  }
  parts.push(plain);
  return (variables) => {
    let said = '';
    for (const part of parts) {
      said += typeof part === 'string' ? part : asText(part.evaluate(variables));
      if (said.length > mostLogged) break;
    }
    return said.length > mostLogged ? `${said.slice(0, mostLogged - 1)}…` : said;
  };
}

function expressionWithin(text: string, start: number, end: number): Expression<Variables> {
  try {
    return language.readExpression(text.slice(start, end));
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    throw new ExpressionError(error.message, start + error.start, start + error.end);
  }
}

/** Where the brace at a place is closed, braces and texts within passed over. */
function endOfExpression(text: string, start: number): number | undefined {
  let depth = 0;
  let quote = '';
  for (let at = start; at < text.length; at++) {
    const character = text.charAt(at);
    if (quote !== '') {
      if (character === '\\') at += 1;
      else if (character === quote) quote = '';
    } else if (character === '"' || character === "'") quote = character;
    else if (character === '{') depth += 1;
    else if (character === '}') {
      depth -= 1;
      if (depth === 0) return at;
    }
  }
  return undefined;
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : jsonOf(value);
}

/** A value of the language as JSON. */
export function jsonOf(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) => {
    if (typeof each === 'bigint') return Number(each);
    if (each instanceof Map) return Object.fromEntries(each) as unknown;
    // Types and durations of the language, which have no form in JSON.
    return isPlain(each) ? each : String(each);
  });
}

function isPlain(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

const hitCountForm = /^\s*(>=|<=|==|=|>|<|%)?\s*([1-9]\d{0,8})\s*$/;

/**
 * Reads how often a breakpoint is to be met before it stops.
 * @returns whether it stops when it has been met so many times
 * @throws ExpressionError
 */
export function readHitCount(text: string): (met: number) => boolean {
  const [, operator = '==', digits] = hitCountForm.exec(text) ?? [];
  if (digits === undefined) {
    throw new ExpressionError('expected a number such as 3, == 3, >= 3, or % 3', 0, text.length);
  }
  const count = Number(digits);
  switch (operator) {
    case '>=':
      return (met) => met >= count;
    case '<=':
      return (met) => met <= count;
    case '>':
      return (met) => met > count;
    case '<':
      return (met) => met < count;
    case '%':
      return (met) => met % count === 0;
    default:
      return (met) => met === count;
  }
}
