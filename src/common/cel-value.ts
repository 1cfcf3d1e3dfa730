/** Values as expressions in CEL see them (expressions.ts), without the language, which is loaded when it is needed. */

/** A value as expressions see it: whole numbers are bigint. */
export type CelValue =
  string | bigint | number | boolean | null | readonly CelValue[] | { readonly [name: string]: CelValue };

/** How much of a value is seen. */
export interface ValueBounds {
  /** Lists and objects are cut to so many elements. */
  readonly elements: number;
  /** Of one value so many values within at all. */
  readonly values: number;
}

const bounds: ValueBounds = { elements: 200, values: 2000 };

/** What is deeper is left out. */
const mostDepth = 6;

/**
 * A value from outside, cut to what an expression can be asked about.
 * @param value as JSON gives it
 * @param text what becomes of each text in it, which is cut there, too
 * @param most how much of it is seen
 */
export function celValue(value: unknown, text: (value: string) => string, most = bounds): CelValue {
  return seenValue(value, text, 0, { values: most.values, elements: most.elements });
}

function seenValue(
  value: unknown,
  text: (value: string) => string,
  depth: number,
  budget: { values: number; readonly elements: number },
): CelValue {
  budget.values -= 1;
  switch (typeof value) {
    case 'string':
      return text(value);
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
  const within = (each: unknown): CelValue => seenValue(each, text, depth + 1, budget);
  const isLeftOut = depth >= mostDepth;
  if (Array.isArray(value)) {
    const elements: CelValue[] = [];
    for (const each of isLeftOut ? [] : value.slice(0, budget.elements)) {
      if (budget.values <= 0) break;
      elements.push(within(each));
    }
    return elements;
  }
  const entries: [string, CelValue][] = [];
  for (const [name, each] of isLeftOut ? [] : Object.entries(value).slice(0, budget.elements)) {
    if (budget.values <= 0) break;
    entries.push([text(name), within(each)]);
  }
  return Object.fromEntries(entries);
}
