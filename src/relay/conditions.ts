/**
 * Expressions of breakpoints, in CEL: read, checked and bounded when they are written, so that whatever they are asked
 * about, an answer comes soon. They are data of a workspace and may have come with it.
 *
 * The language has no loops but over lists that are there; what is left out could still take its time: patterns of
 * `matches`, lists in lists, and what makes long texts of short ones.
 */
import { Environment } from '@marcbachmann/cel-js';
import type { ASTNode, EvaluationError } from '@marcbachmann/cel-js';
import type { BreakpointPlace } from '../protocol/debug.ts';

/** An expression cannot be used. `start` and `end` say where in it, in characters from its beginning. */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError';
  readonly start: number;
  readonly end: number;
  constructor(message: string, start: number, end: number) {
    super(message);
    this.start = start;
    this.end = end;
  }
}

/** A value as expressions see it: whole numbers are bigint. */
export type CelValue =
  string | bigint | number | boolean | null | readonly CelValue[] | { readonly [name: string]: CelValue };

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

/** A macro goes over a list: one in another would take the product of both. */
const macros: ReadonlySet<string> = new Set(['all', 'exists', 'exists_one', 'filter', 'map']);

/** Of the language's functions those that take no longer, and make nothing larger, than what they are given. */
const functions: ReadonlySet<string> = new Set([
  ...macros,
  ...['has', 'size', 'startsWith', 'endsWith', 'contains', 'lowerAscii', 'upperAscii', 'trim', 'substring'],
  ...['indexOf', 'lastIndexOf', 'string', 'int', 'double', 'bool', 'dyn', 'type', 'timestamp', 'duration'],
  ...['getFullYear', 'getMonth', 'getDate', 'getDayOfMonth', 'getDayOfWeek', 'getHours', 'getMinutes', 'getSeconds'],
]);

const limits = { maxAstNodes: 200, maxDepth: 30, maxListElements: 50, maxMapEntries: 20, maxCallArguments: 4 };

let environment: Environment | undefined;

function celEnvironment(): Environment {
  if (environment !== undefined) return environment;
  environment = new Environment({ limits });
  for (const [name, schema] of Object.entries(variableTypes)) environment.registerVariable({ name, schema });
  return environment;
}

/** An expression that was checked. */
export interface Expression {
  /** The type of its value, as CEL names it. */
  readonly type: string;
  /** @throws ExpressionError where it cannot be answered, such as a field that this event does not have */
  evaluate(variables: Variables): unknown;
}

/**
 * Reads an expression.
 * @throws ExpressionError where it is none, or takes what is not there
 */
export function readExpression(text: string): Expression {
  try {
    const parsed = celEnvironment().parse(text);
    checkBounds(parsed.ast, 0);
    const checked = parsed.check();
    if (!checked.valid) throw checked.error ?? new Error('it cannot be read');
    return {
      type: checked.type ?? 'dyn',
      evaluate(variables) {
        try {
          return parsed(variables) as unknown;
        } catch (error) {
          throw explained(error, text);
        }
      },
    };
  } catch (error) {
    throw explained(error, text);
  }
}

/**
 * Reads a condition.
 * @throws ExpressionError where it cannot be read, or is neither true nor false
 */
export function readCondition(text: string): (variables: Variables) => boolean {
  const expression = readExpression(text);
  const { type } = expression;
  if (type !== 'bool' && type !== 'dyn') {
    throw new ExpressionError(`a condition is true or false, and this is of the type ${type}`, 0, text.length);
  }
  return (variables) => {
    const value = expression.evaluate(variables);
    if (typeof value !== 'boolean') {
      throw new ExpressionError('a condition is true or false, and this was neither', 0, text.length);
    }
    return value;
  };
}

/** A log text longer than this is cut, in characters. */
const mostLogged = 2000;

/**
 * Reads a log text: `{…}` holds an expression, `\{` is a brace.
 * @throws ExpressionError where an expression in it cannot be read, or a brace is left open
 */
export function readLog(text: string): (variables: Variables) => string {
  const parts: (string | Expression)[] = [];
  let plain = '';
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === '\\' && '{}\\'.includes(text.charAt(at + 1)) && at + 1 < text.length) {
      plain += text.charAt(++at);
    } else if (character === '{') {
      const end = endOfExpression(text, at);
      if (end === undefined) throw new ExpressionError('this brace is not closed', at, at + 1);
      parts.push(plain, expressionWithin(text, at + 1, end));
      plain = '';
      at = end;
    } else plain += character;
  }
  parts.push(plain);
  return (variables) => {
    const said = parts.map((part) => (typeof part === 'string' ? part : asText(part.evaluate(variables)))).join('');
    return said.length > mostLogged ? `${said.slice(0, mostLogged - 1)}…` : said;
  };
}

function expressionWithin(text: string, start: number, end: number): Expression {
  try {
    return readExpression(text.slice(start, end));
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
  if (typeof value === 'string') return value;
  return JSON.stringify(value, (_, each: unknown) => {
    if (typeof each === 'bigint') return Number(each);
    return each instanceof Map ? (Object.fromEntries(each) as unknown) : each;
  });
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
    throw new ExpressionError('expected a number such as 3, == 3, >= 3 or % 3', 0, text.length);
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

/** @throws ExpressionError where it takes what is left out. @param within how many macros are around it */
function checkBounds(node: ASTNode, within: number): void {
  const { op, start, end } = node;
  if (op !== 'call' && op !== 'rcall') {
    for (const each of nodesOf(node.args)) checkBounds(each, within);
    return;
  }
  const name = node.args[0];
  if (!functions.has(name)) throw new ExpressionError(whyNot(name), start, end);
  if (op === 'rcall') checkBounds(node.args[1], within);
  const isMacro = op === 'rcall' && macros.has(name);
  if (isMacro && within > 0) {
    throw new ExpressionError(`"${name}" cannot stand within another one that goes over a list`, start, end);
  }
  for (const each of op === 'call' ? node.args[1] : node.args[2]) checkBounds(each, within + (isMacro ? 1 : 0));
}

function whyNot(name: string): string {
  if (name === 'matches')
    return '"matches" is not there: a pattern may take for ever. Use contains, startsWith or endsWith';
  return `there is no function "${name}"`;
}

function* nodesOf(args: unknown): Generator<ASTNode> {
  if (Array.isArray(args)) for (const each of args) yield* nodesOf(each);
  else if (isNode(args)) yield args;
}

function isNode(value: unknown): value is ASTNode {
  return typeof value === 'object' && value !== null && 'op' in value && 'args' in value;
}

/** The library's errors, and what else goes wrong in it, as ours. */
function explained(error: unknown, text: string): ExpressionError {
  if (error instanceof ExpressionError) return error;
  const { summary, range, message } = error as Partial<EvaluationError> & Error;
  const start = Math.min(range?.start ?? 0, text.length);
  return new ExpressionError(firstLower(summary ?? message), start, Math.max(start, range?.end ?? text.length));
}

function firstLower(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
