import { requestsOf, textOf } from './item.ts';
import type { ExportedRequest, ExportItem, ExportOptions } from './item.ts';

/** A body longer than this, in characters, goes through a pipe: systems limit the length of one argument (Linux: 128 KiB). */
const argumentLimit = 100_000;

/**
 * A shell script of curl commands (POSIX shell) that sends the same bytes: the notifications to the developer's
 * callback, or the delivery to the street door where there is none.
 */
export async function* toCurl(
  items: AsyncIterable<ExportItem> | Iterable<ExportItem>,
  options: ExportOptions,
): AsyncGenerator<string> {
  for await (const item of items) {
    for (const request of requestsOf(item, options)) yield `# ${request.title}\n${curlCommand(request)}\n\n`;
  }
}

/** One request as a curl command. Nothing in it is expanded by the shell or by curl. */
export function curlCommand({ url, headers, body }: ExportedRequest): string {
  const text = plainText(body);
  const inline = text !== undefined && text.length <= argumentLimit;
  const source = inline ? '' : text === undefined ? fromBase64(body) : `printf %s ${quote(text)} |\n  `;
  const lines = [`${source}curl -sS -i --globoff ${quote(url)}`];
  for (const [name, value] of headers) lines.push(`-H ${quote(value === '' ? `${name};` : `${name}: ${value}`)}`);
  // curl would name a form's type.
  if (!headers.some(([name]) => name.toLowerCase() === 'content-type')) lines.push(`-H 'Content-Type:'`);
  // --data-raw, since --data-binary takes a body that begins with @ for a file's name.
  lines.push(inline ? `--data-raw ${quote(text)}` : '--data-binary @-');
  return lines.join(' \\\n  ');
}

function fromBase64(body: Uint8Array): string {
  return `printf %s ${quote(Buffer.from(body).toString('base64'))} | base64 -d |\n  `;
}

/** The body where it can stand in a script: UTF-8 without control characters, which shells and editors change. */
function plainText(body: Uint8Array): string | undefined {
  const text = textOf(body);
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  return text === undefined || /[\x00-\x08\x0b-\x1f\x7f-\x9f\ufeff\u2028-\u202e\u2066-\u2069]/.test(text)
    ? undefined
    : text;
}

/** Single quotes keep everything; a single quote itself is put between two quoted parts. */
function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
