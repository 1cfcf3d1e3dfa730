/** Colors JSON and XML with the CSS Custom Highlight API, so that a body of any length stays one text node. */
import type { ColumnName, ShownBody } from '../../extension/event-editor/messages.ts';

const kinds = ['name', 'string', 'number', 'literal', 'mapped'] as const;
type Kind = (typeof kinds)[number];

const json = /("(?:[^"\\\n]|\\.)*")(\s*:)?|(-?\d[\d.eE+-]*)|\b(true|false|null)\b/g;
const xml = /(<\/?[^\s<>/]+|\/?>)|("[^"<]*"|'[^'<]*')/g;

const drawn = new Map<
  ColumnName,
  { readonly body: ShownBody; readonly ranges: Readonly<Record<Kind, StaticRange[]>> }
>();

export function highlight(name: ColumnName, body: ShownBody | null, element: HTMLElement | null): void {
  const before = drawn.get(name);
  if (body === null || element === null) drawn.delete(name);
  else if (before?.body === body && isDrawn(before.ranges, element)) return;
  else drawn.set(name, { body, ranges: rangesOf(body, element) });
  if (before === undefined && !drawn.has(name)) return;
  for (const kind of kinds)
    CSS.highlights.set(`body-${kind}`, new Highlight(...[...drawn.values()].flatMap(({ ranges }) => ranges[kind])));
}

/** The element's content may have been drawn again since. */
function isDrawn(ranges: Readonly<Record<Kind, readonly StaticRange[]>>, element: HTMLElement): boolean {
  const first = kinds.map((kind) => ranges[kind][0]).find((each) => each !== undefined);
  return first === undefined || element.contains(first.startContainer);
}

function rangesOf(body: ShownBody, element: HTMLElement): Record<Kind, StaticRange[]> {
  const ranges: Record<Kind, StaticRange[]> = { name: [], string: [], number: [], literal: [], mapped: [] };
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  let offset = 0;
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const text = node.nodeValue ?? '';
    const add = (kind: Kind, start: number, end: number): void => {
      ranges[kind].push(
        new StaticRange({ startContainer: node, startOffset: start, endContainer: node, endOffset: end }),
      );
    };
    if (body.language === 'json') {
      for (const { index, 0: all, 1: quoted, 2: colon, 3: number } of text.matchAll(json)) {
        const kind =
          quoted === undefined
            ? number === undefined
              ? 'literal'
              : 'number'
            : colon === undefined
              ? 'string'
              : 'name';
        add(kind, index, index + (quoted ?? all).length);
      }
    } else if (body.language === 'xml') {
      for (const { index, 0: all, 1: tag } of text.matchAll(xml))
        add(tag === undefined ? 'string' : 'name', index, index + all.length);
    }
    for (const { start, end } of body.mapped) {
      const own = { start: Math.max(start - offset, 0), end: Math.min(end - offset, text.length) };
      if (own.start >= own.end) continue;
      // Don't underline the line's indent and end.
      const line = text.slice(own.start, own.end);
      add(
        'mapped',
        own.start + (line.length - line.trimStart().length),
        own.start + line.trimEnd().replace(/,$/, '').length,
      );
    }
    offset += text.length;
  }
  return ranges;
}
