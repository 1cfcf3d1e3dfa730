/** Whole numbers are bigint; an object is a Map, since the sender chooses its keys, `__proto__` included. */
export type CelValue =
  | string
  | bigint
  | number
  | boolean
  | null
  | CutValue
  | readonly CelValue[]
  | ReadonlyMap<string, CelValue>;

/** Replaces a value that is nested too deeply. Reading it is an error: half of it would give another result. */
export class CutValue {
  readonly isCut = true;
  toString(): string {
    return '…';
  }
}

export const cutValue = new CutValue();

const mostDepth = 100;

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
