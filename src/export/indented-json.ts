/**
 * JSON nested deeper than this is not indented: each level makes each line longer, so that 30 KB of brackets would
 * become 450 MB.
 */
export const deepestIndented = 100;

export const longestIndented = 2_000_000;

export type AsItCame = 'deep' | 'long';

export type Indented =
  | { readonly kind: 'indented'; readonly text: string }
  | { readonly kind: 'as it came'; readonly why: AsItCame }
  | { readonly kind: 'no JSON' };

const token = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]|[^\s{}[\],:"]+/gs;

/**
 * Tokens stay as they are: numbers, escapes, order and repeated keys. The result is at most four times the text and 64
 * Ki characters.
 * @param base spaces before each line but the first
 */
export function indentJson(text: string, base = 0): Indented {
  if (text.length > longestIndented) return { kind: 'as it came', why: 'long' };
  try {
    JSON.parse(text);
  } catch {
    return { kind: 'no JSON' };
  }
  const most = 4 * text.length + 65_536;
  const starts: string[] = [];
  let out = '';
  let depth = 0;
  let justOpened = false;
  for (const [piece] of text.matchAll(token)) {
    const closes = piece === '}' || piece === ']';
    if (closes) depth -= 1;
    if (closes !== justOpened) out += starts[depth] ??= `\n${' '.repeat(base + 2 * depth)}`;
    justOpened = piece === '{' || piece === '[';
    if (justOpened) depth += 1;
    if (depth > deepestIndented) return { kind: 'as it came', why: 'deep' };
    if (piece === ',') out += `,${(starts[depth] ??= `\n${' '.repeat(base + 2 * depth)}`)}`;
    else out += piece === ':' ? ': ' : piece;
    if (out.length > most) return { kind: 'as it came', why: 'long' };
  }
  return { kind: 'indented', text: out };
}
