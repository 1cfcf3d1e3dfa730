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
  const head = [url, ...headers.flat()].find((part) => part.includes('{{') || hasControls(part));
  const obstacle = head === undefined ? obstacleIn(text) : 'the URL or a header holds "{{" or a control character';
  if (text === undefined || obstacle !== undefined) {
    return `### ${title}\n# Not written here: ${obstacle ?? 'the body is not text'}. Export it with --as curl.\n\n`;
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
  if (text === undefined) return 'the body is not UTF-8';
  if (hasControls(text.replaceAll('\n', ''))) return 'the body holds control characters';
  if (text.includes('{{')) return 'the body holds "{{", which is a variable in this format';
  for (const line of text.split(/[\n\u2028\u2029]/)) {
    const start = line.trimStart();
    if (start.startsWith('###')) return 'the body holds a line that begins with "###", which ends a request here';
    if (/^<(?:@\w*|>)?(?:\s|$)/.test(start)) return 'the body holds a line that begins with "< ", which names a file';
    // What a client runs on the answer, or the file that it writes it to.
    if (/^>{1,2}!?(?:\s|$)/.test(start)) return 'the body holds a line that begins with "> ", which names a script';
  }
  return undefined;
}

function hasControls(text: string): boolean {
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  return /[\x00-\x08\x0a-\x1f\x7f]/.test(text);
}
