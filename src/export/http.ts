import { requestsOf, textOf } from './item.ts';
import type { ExportedRequest, ExportItem, ExportOptions } from './item.ts';

/**
 * A `.http` file, as the REST clients of editors read it: the notifications to the developer's callback, or the
 * delivery to the street door where there is none.
 */
export async function* toHttp(
  items: AsyncIterable<ExportItem> | Iterable<ExportItem>,
  options: ExportOptions,
): AsyncGenerator<string> {
  for await (const item of items) {
    for (const request of requestsOf(item, options)) yield httpRequest(request);
  }
}

function httpRequest({ title, url, headers, body }: ExportedRequest): string {
  const text = textOf(body);
  const obstacle = obstacleIn(text);
  if (text === undefined || obstacle !== undefined) {
    return `### ${title}\n# Not written here: the body ${obstacle ?? 'is not text'}. Export it with --as curl.\n\n`;
  }
  const lines = [
    `### ${title}`,
    `POST ${url} HTTP/1.1`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
    '',
    text,
  ];
  return `${lines.join('\n')}\n\n`;
}

/** What in a body a REST client would take for its own syntax or change. */
function obstacleIn(text: string | undefined): string | undefined {
  if (text === undefined) return 'is not UTF-8';
  if (text.includes('{{')) return 'holds "{{", which is a variable in this format';
  if (/^\s*###/m.test(text)) return 'holds a line that begins with "###", which ends a request in this format';
  if (/^\s*<(?:@\w*)?\s/m.test(text)) return 'holds a line that begins with "< ", which names a file in this format';
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  return /[\x00-\x08\x0b-\x1f\x7f]/.test(text) ? 'holds control characters' : undefined;
}
