import { shellQuoted } from '../common/programs/shell-quote.ts';
import { plainText, requestsOf, type ExportedRequest, type ExportItem, type ExportOptions } from './item.ts';

/** Systems limit the length of one argument (Linux: 128 KiB). */
const argumentLimit = 100_000;

/**
 * A POSIX shell script of curl commands that send the same bytes: the notifications to the developer's callback, or,
 * without any, the delivery to the webhook endpoint.
 */
export async function* toCurl(
  items: AsyncIterable<ExportItem> | Iterable<ExportItem>,
  options: ExportOptions,
): AsyncGenerator<string> {
  for await (const item of items) {
    for (const request of requestsOf(item, options)) yield `# ${request.title}\n${curlCommand(request)}\n\n`;
  }
}

export function curlCommand({ url, headers, body }: ExportedRequest): string {
  const text = plainText(body);
  const inline = text !== undefined && text.length <= argumentLimit;
  const source = inline ? '' : text === undefined ? fromBase64(body) : `printf %s ${shellQuoted(text)} |\n  `;
  const lines = [`${source}curl -sS -i --globoff ${shellQuoted(url)}`];
  for (const [name, value] of headers) lines.push(`-H ${shellQuoted(value === '' ? `${name};` : `${name}: ${value}`)}`);
  // Otherwise curl would send a form's type.
  if (!headers.some(([name]) => name.toLowerCase() === 'content-type')) lines.push(`-H 'Content-Type:'`);
  // --data-raw, since --data-binary reads a body that begins with @ as a file's name.
  lines.push(inline ? `--data-raw ${shellQuoted(text)}` : '--data-binary @-');
  return lines.join(' \\\n  ');
}

function fromBase64(body: Uint8Array): string {
  return `printf %s ${shellQuoted(Buffer.from(body).toString('base64'))} | base64 -d |\n  `;
}
