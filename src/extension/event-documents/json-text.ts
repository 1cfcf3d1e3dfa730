// eslint-disable-next-line no-control-regex -- JSON forbids control characters in strings
const text = /"[^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*)*"/;
const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.+-])/;
const literal = new RegExp(`${text.source}|${number.source}|(?:true|false|null)(?!\\w)`, 'y');

type Expected = 'value' | 'value or ]' | 'key' | 'key or }' | ':' | ', or close';

/** @returns the offset of the first invalid character, the length if the text ends too early, or undefined if valid */
export function jsonErrorAt(source: string): number | undefined {
  const open: ('{' | '[')[] = [];
  let expected: Expected = 'value';
  let at = 0;
  for (;;) {
    while (/[ \t\n\r]/.test(source[at] ?? '')) at += 1;
    const character = source[at];
    if (character === undefined) return open.length === 0 && expected === ', or close' ? undefined : at;
    if (expected === ', or close') {
      const container = open.at(-1);
      if (container === undefined) return at;
      if (character === ',') expected = container === '{' ? 'key' : 'value';
      else if (character === (container === '{' ? '}' : ']')) open.pop();
      else return at;
      at += 1;
    } else if (expected === ':') {
      if (character !== ':') return at;
      expected = 'value';
      at += 1;
    } else if ((expected === 'key or }' && character === '}') || (expected === 'value or ]' && character === ']')) {
      open.pop();
      expected = ', or close';
      at += 1;
    } else if (character === '{' || character === '[') {
      if (expected === 'key' || expected === 'key or }') return at;
      open.push(character);
      expected = character === '{' ? 'key or }' : 'value or ]';
      at += 1;
    } else {
      const isKey: boolean = expected === 'key' || expected === 'key or }';
      if (isKey && character !== '"') return at;
      literal.lastIndex = at;
      if (!literal.test(source)) return at;
      at = literal.lastIndex;
      expected = isKey ? ':' : ', or close';
    }
  }
}

/** Offsets in UTF-16 units; the end is exclusive. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
}

/** @returns whole lines, of the last key if repeated; undefined if there is no such value, or on the first line */
export function stretchOf(indented: string, path: readonly (string | number)[]): Stretch | undefined {
  let found: Stretch = { start: 0, end: indented.length };
  for (const [depth, step] of path.entries()) {
    const next = childOf(indented, found, 2 * (depth + 1), step);
    if (next === undefined) return undefined;
    found = next;
  }
  return path.length === 0 ? undefined : found;
}

function childOf(text: string, within: Stretch, indent: number, step: string | number): Stretch | undefined {
  const blanks = ' '.repeat(indent);
  const key = typeof step === 'string' ? `${JSON.stringify(step)}: ` : undefined;
  let seen = -1;
  let start: number | undefined;
  let found: Stretch | undefined;
  let line = nextLine(text, within.start);
  for (; line > 0 && line < within.end && text.startsWith(blanks, line); line = nextLine(text, line)) {
    const first = text[line + indent];
    if (first === ' ' || first === '}' || first === ']') continue;
    if (start !== undefined) {
      found = { start, end: line };
      start = undefined;
      if (key === undefined) return found;
    }
    seen += 1;
    if (key === undefined ? seen === step : text.startsWith(key, line + indent)) start = line;
  }
  return start === undefined ? found : { start, end: line > 0 && line < within.end ? line : within.end };
}

function nextLine(text: string, from: number): number {
  return text.indexOf('\n', from) + 1;
}
