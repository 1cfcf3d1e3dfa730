/**
 * CEL expressions, limited when they are evaluated: they come with a workspace. There are no loops but over existing
 * lists, and `matches` is left out. Lists and texts can still double at each step, which the meter counts.
 */
import { Environment, type ASTNode, type EvaluationError } from '@marcbachmann/cel-js';
import { Meter, metered } from './expression-meter.ts';

/** `start` and `end` are offsets in the text, in characters. */
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

/** These loop over a list: one in another would take the product of both. */
const macros: ReadonlySet<string> = new Set(['all', 'exists', 'exists_one', 'filter', 'map']);

/** CEL functions that take no longer than the meter counts, and return nothing larger than their arguments. */
const functions: ReadonlySet<string> = new Set([
  ...macros,
  'has',
  'size',
  'startsWith',
  'endsWith',
  'contains',
  'lowerAscii',
  'upperAscii',
  'trim',
  'substring',
  'indexOf',
  'lastIndexOf',
  'string',
  'int',
  'double',
  'bool',
  'dyn',
  'type',
  'timestamp',
  'duration',
  'getFullYear',
  'getMonth',
  'getDate',
  'getDayOfMonth',
  'getDayOfWeek',
  'getHours',
  'getMinutes',
  'getSeconds',
]);

/** About a tenth of a second at worst. */
const mostSteps = 1_000_000;

const mostSaid = 300;

const limits = { maxAstNodes: 200, maxDepth: 30, maxListElements: 50, maxMapEntries: 20, maxCallArguments: 4 };

export interface Expression<V> {
  readonly type: string;
  /** A missing field is null. @throws ExpressionError if it fails, or takes too many steps */
  evaluate(variables: V): unknown;
}

export type VariableType = string | Readonly<Record<string, string>>;

export class ExpressionLanguage<V extends object> {
  readonly #variables: Readonly<Record<keyof V, VariableType>>;
  readonly #meter: Meter;
  #environment: Environment | undefined;

  /** @param most steps of an evaluation */
  constructor(variables: Readonly<Record<keyof V, VariableType>>, most = mostSteps) {
    this.#variables = variables;
    this.#meter = new Meter(most);
  }

  /** @throws ExpressionError if it is invalid, or uses a function that is not available */
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

  /** @throws ExpressionError if it cannot be read, or is neither true nor false */
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

/** @throws ExpressionError if it uses what is left out. @param within number of enclosing macros */
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

function explained(error: unknown, text: string): ExpressionError {
  if (error instanceof ExpressionError) return error;
  const { summary, code, range, message } = error as Partial<EvaluationError> & Error;
  const start = Math.min(range?.start ?? 0, text.length);
  // A CutValue is the only value whose type the library doesn't know.
  const said = code === 'unsupported_type' ? 'it is larger than expressions can read' : firstLower(summary ?? message);
  return new ExpressionError(said.slice(0, mostSaid), start, Math.max(start, range?.end ?? text.length));
}

function firstLower(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
