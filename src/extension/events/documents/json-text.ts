/** JSON as text: where it is wrong, and where an entry of it stands. */

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
 * @param indented as `indentJson` of export/indented-json.ts writes it
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
