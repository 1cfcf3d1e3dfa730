/** Values as expressions in CEL see them (expressions.ts), without the language, which is loaded when it is needed. */

/**
 * A value as expressions see it. Whole numbers are bigint; an object is a Map, since whoever sent it has named its fields,
 * also those that every object of JavaScript has.
 */
export type CelValue =
  | string
  | bigint
  | number
  | boolean
  | null
  | CutValue
  | readonly CelValue[]
  | ReadonlyMap<string, CelValue>;

/**
 * Stands for a value that is deeper than what is seen. Whoever asks for it is told so: half of it would be another
 * answer, which whoever sent it could choose.
 */
export class CutValue {
  readonly isCut = true;
  toString(): string {
    return '…';
  }
}

export const cutValue = new CutValue();

/** How deep lists and objects stand in each other that are seen; what is deeper is cut. */
const mostDepth = 100;

/**
 * A value from outside, as expressions are asked about it.
 * @param value as JSON gives it, of bounded length
 */
export function celValue(value: unknown): CelValue {
  return seenValue(value, 0);
}

function seenValue(value: unknown, depth: number): CelValue {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return Number.isSafeInteger(value) ? BigInt(value) : value;
    case 'object':
      break;
    default:
      return null;
  }
  if (value === null) return null;
  const entries = Array.isArray(value) ? (value as readonly unknown[]) : Object.entries(value);
  if (depth >= mostDepth && entries.length > 0) return cutValue;
  if (Array.isArray(value)) return value.map((each) => seenValue(each, depth + 1));
  return new Map(Object.entries(value).map(([name, each]) => [name, seenValue(each, depth + 1)]));
}
