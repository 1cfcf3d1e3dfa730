/** Values as CEL expressions see them, without the language, which is loaded on demand (expressions.ts). */

/**
 * Whole numbers are bigint; an object is a Map, since its sender names the fields, also like those that every
 * JavaScript object has.
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
 * Stands for a value that is nested too deeply. Reading it is an error: half of it would give another result, which the
 * sender could choose.
 */
export class CutValue {
  readonly isCut = true;
  toString(): string {
    return '…';
  }
}

export const cutValue = new CutValue();

/** Nesting of lists and objects; deeper values are cut. */
const mostDepth = 100;

/** @param value as JSON gives it, of bounded length */
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
