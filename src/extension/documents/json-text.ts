/** JSON as text: indented without a change to what it says, and where it is wrong. */

const whole = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]|[^\s{}[\],:"]+/gs;

/**
 * Indents JSON by two spaces. Tokens stay as they are, so that numbers, escapes, order and repeated keys still read as
 * they came.
 * @returns undefined where the text is not JSON
 */
export function indentJson(text: string): string | undefined {
  try {
    JSON.parse(text);
  } catch {
    return undefined;
  }
  const tokens = text.match(whole) ?? [];
  const pieces: string[] = [];
  let depth = 0;
  const newLine = (): string => `\n${'  '.repeat(depth)}`;
  for (const [i, token] of tokens.entries()) {
    switch (token) {
      case '{':
      case '[': {
        const next = tokens[i + 1];
        pieces.push(token);
        depth += 1;
        if (next !== '}' && next !== ']') pieces.push(newLine());
        break;
      }
      case '}':
      case ']': {
        const before = tokens[i - 1];
        depth -= 1;
        if (before !== '{' && before !== '[') pieces.push(newLine());
        pieces.push(token);
        break;
      }
      case ',':
        pieces.push(token, newLine());
        break;
      case ':':
        pieces.push(': ');
        break;
      default:
        pieces.push(token);
    }
  }
  return pieces.join('');
}

// eslint-disable-next-line no-control-regex -- JSON forbids control characters in strings
const text = /"[^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*)*"/;
const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.+-])/;
const literal = new RegExp(`${text.source}|${number.source}|(?:true|false|null)(?!\\w)`, 'y');

type Expected = 'value' | 'value or ]' | 'key' | 'key or }' | ':' | ', or close';

/**
 * Where a text stops being JSON.
 * @returns the offset of the first character that cannot stand there, the text's length where it ends too early, or
 *   undefined where it is JSON
 */
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

/**
 * The line of indented JSON on which an entry of a list begins that stands directly in the document's object.
 * @param indented as {@link indentJson} writes it
 * @param name the list's name, such as `Events`
 * @param index which entry
 * @returns from 0, or undefined where there is none
 */
export function lineOfEntry(indented: string, name: string, index: number): number | undefined {
  let inside = false;
  let seen = -1;
  for (const [line, content] of indented.split('\n').entries()) {
    if (!inside) inside = content === `  ${JSON.stringify(name)}: [`;
    else if (/^ {2}\]/.test(content)) return undefined;
    else if (/^ {4}[^\s}\]]/.test(content) && ++seen === index) return line;
  }
  return undefined;
}
