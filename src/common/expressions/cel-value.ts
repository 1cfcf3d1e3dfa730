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
 * Stands for a value that is larger than what is seen. Whoever asks for it is told so: half of it would be another
 * answer, which whoever sent it could choose.
 */
export class CutValue {
  readonly isCut = true;
  toString(): string {
    return '…';
  }
}

export const cutValue = new CutValue();

/** How much of a value is seen; what is larger is cut. */
export interface ValueBounds {
  /** Of a list or an object, in elements. */
  readonly elements: number;
  /** Of one value, in values within at all. */
  readonly values: number;
  /** Of a text, in characters. */
  readonly text: number;
  /** How deep lists and objects stand in each other. */
  readonly depth: number;
}

/** Whoever has read a value has bounded its length. */
const whole: ValueBounds = { elements: Infinity, values: Infinity, text: Infinity, depth: 100 };

/**
 * A value from outside, as expressions are asked about it.
 * @param value as JSON gives it
 * @param bounds how much of it is seen; all, unless it is deeper than 100, where they are not given
 * @param text what becomes of each text in it, the names of fields included
 */
export function celValue(value: unknown, bounds = whole, text: (value: string) => string = String): CelValue {
  return seenValue(value, { bounds, text, left: bounds.values }, 0);
}

interface Seeing {
  readonly bounds: ValueBounds;
  readonly text: (value: string) => string;
  left: number;
}

function seenValue(value: unknown, seeing: Seeing, depth: number): CelValue {
  const { bounds, text } = seeing;
  seeing.left -= 1;
  if (seeing.left < 0) return cutValue;
  switch (typeof value) {
    case 'string':
      return value.length > bounds.text ? cutValue : text(value);
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
  if (entries.length > bounds.elements || (depth >= bounds.depth && entries.length > 0)) return cutValue;
  if (Array.isArray(value)) return value.map((each) => seenValue(each, seeing, depth + 1));
  return new Map(
    Object.entries(value).map(([name, each]) => [text(name.slice(0, bounds.text)), seenValue(each, seeing, depth + 1)]),
  );
}
