/**
 * Expressions in CEL: read and checked when they are written, and bounded when they are asked, so that whatever they are
 * asked about, an answer comes soon. They are data of a workspace and may have come with it.
 *
 * The language has no loops but over lists that are there, and a pattern of `matches` is left out. What is made of lists
 * and texts can still double at each step: that is counted while it is evaluated (expression-meter.ts).
 */
import { Environment } from '@marcbachmann/cel-js';
import type { ASTNode, EvaluationError } from '@marcbachmann/cel-js';
import { Meter, metered } from './expression-meter.ts';

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

/** A macro goes over a list: one in another would take the product of both. */
const macros: ReadonlySet<string> = new Set(['all', 'exists', 'exists_one', 'filter', 'map']);

/** Of the language's functions those that take no longer than is counted, and make nothing larger than they are given. */
const functions: ReadonlySet<string> = new Set([
  ...macros,
  ...['has', 'size', 'startsWith', 'endsWith', 'contains', 'lowerAscii', 'upperAscii', 'trim', 'substring'],
  ...['indexOf', 'lastIndexOf', 'string', 'int', 'double', 'bool', 'dyn', 'type', 'timestamp', 'duration'],
  ...['getFullYear', 'getMonth', 'getDate', 'getDayOfMonth', 'getDayOfWeek', 'getHours', 'getMinutes', 'getSeconds'],
]);

/** Steps that one evaluation may take: about a tenth of a second at worst. */
const mostSteps = 1_000_000;

/** What an expression failed with quotes no more of what it was asked about, in characters. */
const mostSaid = 300;

const limits = { maxAstNodes: 200, maxDepth: 30, maxListElements: 50, maxMapEntries: 20, maxCallArguments: 4 };

/** An expression that was checked. */
export interface Expression<V> {
  /** The type of its value, as CEL names it. */
  readonly type: string;
  /** @throws ExpressionError where it cannot be answered, or takes more than it may. A field that is not there is null */
  evaluate(variables: V): unknown;
}

/** A variable's type as CEL names it, or the types of its fields. */
export type VariableType = string | Readonly<Record<string, string>>;

/** The expressions about some variables. */
export class ExpressionLanguage<V extends object> {
  readonly #variables: Readonly<Record<keyof V, VariableType>>;
  readonly #meter: Meter;
  #environment: Environment | undefined;

  /**
   * @param variables every variable: one that does not exist, or another type, is an error when one is written
   * @param most how many steps an evaluation may take: nodes of the expression, and what is read and made of values
   */
  constructor(variables: Readonly<Record<keyof V, VariableType>>, most = mostSteps) {
    this.#variables = variables;
    this.#meter = new Meter(most);
  }

  /**
   * Reads an expression.
   * @throws ExpressionError where it is none, or takes what is not there
   */
  readExpression(text: string): Expression<V> {
    try {
      const parsed = this.#prepared().parse(text);
      checkBounds(parsed.ast, 0);
      const checked = parsed.check();
      if (!checked.valid) throw checked.error ?? new Error('it cannot be read');
      const meter = this.#meter;
      metered(parsed.ast, meter);
      return {
        type: checked.type ?? 'dyn',
        evaluate(variables) {
          try {
            meter.begin();
            return meter.end(parsed(variables) as unknown);
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
  readCondition(text: string): (variables: V) => boolean {
    const expression = this.readExpression(text);
    const { type } = expression;
    if (type !== 'bool' && type !== 'dyn') {
      throw new ExpressionError(`a condition must be true or false, but this is of type ${type}`, 0, text.length);
    }
    return (variables) => {
      const value = expression.evaluate(variables);
      if (typeof value !== 'boolean') {
        throw new ExpressionError('a condition must be true or false, but this was neither', 0, text.length);
      }
      return value;
    };
  }

  #prepared(): Environment {
    if (this.#environment !== undefined) return this.#environment;
    const environment = new Environment({ limits });
    for (const [name, type] of Object.entries<VariableType>(this.#variables)) {
      if (typeof type === 'string') environment.registerVariable(name, type);
      else environment.registerVariable({ name, schema: type });
    }
    this.#environment = environment;
    return environment;
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
    throw new ExpressionError(`"${name}" cannot be inside another function that loops over a list`, start, end);
  }
  for (const each of op === 'call' ? node.args[1] : node.args[2]) checkBounds(each, within + (isMacro ? 1 : 0));
}

function whyNot(name: string): string {
  if (name === 'matches')
    return '"matches" is not available, because a pattern can take too long; use contains, startsWith, or endsWith';
  return `unknown function "${name}"`;
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
  const { summary, code, range, message } = error as Partial<EvaluationError> & Error;
  const start = Math.min(range?.start ?? 0, text.length);
  // The library knows every value that there is but a CutValue.
  const said = code === 'unsupported_type' ? 'it is larger than expressions can read' : firstLower(summary ?? message);
  return new ExpressionError(said.slice(0, mostSaid), start, Math.max(start, range?.end ?? text.length));
}

function firstLower(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
