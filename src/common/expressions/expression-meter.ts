/**
 * Counts the cost of a CEL evaluation: a step for each node, and for reading and making texts, lists and objects. The
 * library has no such count, so this replaces the evaluation of each node of a checked expression. A value counts as
 * the tree that it is when written out.
 */

const charactersAStep = 16;
/** Searching a text in another takes this many steps for each pair of their characters, at worst. */
const stepsAPair = 1 / 256;
/** A date in a time zone takes far longer than anything else. */
const timeZoneSteps = 500;
/** The library's pattern takes time cubic in the length if it finds no unit; in characters. */
const mostDurationText = 50;

export class TooMuchError extends Error {
  override readonly name = 'TooMuchError';
}

export class Meter {
  readonly #most: number;
  #left = 0;
  readonly #tooMuch: TooMuchError;

  constructor(most: number) {
    this.#most = most;
    // One for all: the library goes on after an error in the elements of a list, and each would cost a stack.
    this.#tooMuch = new TooMuchError(`it takes more than ${most.toLocaleString('en')} steps`);
  }

  begin(): void {
    this.#left = this.#most;
  }

  /** @returns the value of an evaluation that has ended @throws TooMuchError if the library ignored the error before */
  end<T>(value: T): T {
    this.spend(0);
    return value;
  }

  spend(steps: number): void {
    this.#left -= steps;
    if (this.#left < 0) throw this.#tooMuch;
  }

  /** Counts a value with everything in it. @throws TooMuchError */
  weigh(value: unknown): void {
    if (typeof value === 'string' || value instanceof Uint8Array) {
      this.spend(1 + value.length / charactersAStep);
      return;
    }
    this.spend(1);
    if (typeof value !== 'object' || value === null) return;
    if (Array.isArray(value)) for (const each of value) this.weigh(each);
    else if (value instanceof Map) {
      for (const [key, each] of value) {
        this.weigh(key);
        this.weigh(each);
      }
    } else if (isPlain(value)) for (const [key, each] of Object.entries(value)) this.weigh([key, each]);
  }
}

interface Node {
  readonly op: string;
  readonly args: unknown;
  readonly meta: Readonly<Record<string, unknown>>;
  setMeta(key: string, value: unknown): unknown;
  handle?: (...given: unknown[]) => unknown;
}

type Evaluate = (evaluator: unknown, node: unknown, context: Context) => unknown;

interface Context {
  readonly accuValue: unknown;
}

const comparisons: ReadonlySet<string> = new Set(['==', '!=', '<', '<=', '>', '>=']);

/** Makes a meter count the evaluation of a checked expression, and makes a missing field null. */
export function metered(ast: unknown, meter: Meter): void {
  for (const node of nodesIn(ast, new Set())) {
    const evaluate = node.meta['evaluate'] as Evaluate;
    node.setMeta('evaluate', (evaluator: unknown, each: unknown, context: Context) => {
      meter.spend(1);
      const value = evaluate(evaluator, each, context);
      if (node.op === 'list' || node.op === 'map') meter.weigh(value);
      else if (node.op === 'accuPush') meter.weigh((context.accuValue as readonly unknown[]).at(-1));
      return value;
    });
    const macro = node.meta['macro'] as { evaluate: Evaluate } | undefined;
    if (macro !== undefined) macro.evaluate = meteredHas(macro.evaluate, meter);
    if (node.handle !== undefined) node.handle = meteredHandle(node, node.handle, meter);
  }
}

/** The only macro that the library does not expand to other nodes. */
function meteredHas(evaluate: Evaluate, meter: Meter): Evaluate {
  return function (this: unknown, ...given) {
    meter.spend(1);
    try {
      return evaluate.apply(this, given);
    } catch (error) {
      if (!isMissingKey(error)) throw error;
      return false;
    }
  };
}

function meteredHandle(
  { op, args }: Node,
  handle: NonNullable<Node['handle']>,
  meter: Meter,
): NonNullable<Node['handle']> {
  if (op === '.' || op === '[]') {
    return (...given) => {
      try {
        return handle(...given);
      } catch (error) {
        if (!isMissingKey(error) || !hasFields(given[0])) throw error;
        return null;
      }
    };
  }
  if (comparisons.has(op)) {
    return (...given) => {
      const [left, right] = given;
      // Comparing ends with the shorter of both.
      meter.weigh(typeof left === 'object' ? (typeof right === 'object' ? left : right) : left);
      return handle(...given);
    };
  }
  if (op === 'in') {
    return (...given) => {
      const [left, right] = given;
      meter.weigh(right instanceof Map ? left : right);
      return handle(...given);
    };
  }
  if (op === '+') {
    return (...given) => {
      const value = handle(...given);
      meter.weigh(value);
      return value;
    };
  }
  if (op !== 'call' && op !== 'rcall') return handle;
  const [name] = args as readonly [string];
  return (...given) => {
    spendOnCall(name, given[0] as readonly unknown[], meter);
    const value = handle(...given);
    if (typeof value === 'string') meter.weigh(value);
    return value;
  };
}

const seeking: ReadonlySet<string> = new Set(['contains', 'indexOf', 'lastIndexOf']);

function spendOnCall(name: string, given: readonly unknown[], meter: Meter): void {
  const texts = given.filter((each) => typeof each === 'string');
  for (const text of texts) meter.weigh(text);
  const [text = '', second = ''] = texts;
  if (seeking.has(name)) meter.spend(text.length * second.length * stepsAPair);
  if (name.startsWith('get') && texts.length > 0) meter.spend(timeZoneSteps);
  if (name === 'duration' && text.length > mostDurationText)
    throw new RangeError(`a duration can have at most ${mostDurationText} characters`);
}

function isMissingKey(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === 'no_such_key';
}

function hasFields(value: unknown): boolean {
  return value === null || value instanceof Map || isPlain(value);
}

function isPlain(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

function* nodesIn(value: unknown, seen: Set<unknown>): Generator<Node> {
  if (typeof value !== 'object' || value === null || seen.has(value)) return;
  seen.add(value);
  if (isNode(value)) {
    yield* nodesIn(value.args, seen);
    yield* nodesIn(value.meta['alternate'], seen);
    yield* nodesIn(value.meta['macro'], seen);
    yield value;
  } else if (Array.isArray(value)) for (const each of value) yield* nodesIn(each, seen);
  else if (isPlain(value)) for (const each of Object.values(value)) yield* nodesIn(each, seen);
}

function isNode(value: object): value is Node {
  return 'op' in value && 'meta' in value && 'setMeta' in value;
}
