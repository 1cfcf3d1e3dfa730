import { plainText, requestsOf, type ExportedRequest, type ExportItem, type ExportOptions } from './item.ts';

/**
 * A `.http` file for the REST clients of editors: the notifications to the developer's callback, or, without any, the
 * delivery to the webhook endpoint.
 *
 * Such a file is a program: its lines name files to read and to write, scripts, variables and further requests. Text
 * from outside is written only in a form that both REST Client and httpYac read as bytes alone. A body without such a
 * form is kept in a separate file (`options.keepBody`), which both send to the byte, or is left out with a comment that
 * says why.
 */
export async function* toHttp(
  items: AsyncIterable<ExportItem> | Iterable<ExportItem>,
  options: ExportOptions,
): AsyncGenerator<string> {
  for await (const item of items) {
    for (const request of requestsOf(item, options)) yield await httpRequest(request, options);
  }
}

async function httpRequest({ title, url, headers, body }: ExportedRequest, options: ExportOptions): Promise<string> {
  const fields = combined(headers);
  const leftOut = (reason: string, advice: string): string =>
    `### ${oneLine(title)}\n# Not written here: ${reason}. ${advice}\n\n`;
  const obstacle = isInertUrl(url)
    ? obstacleInHeaders(fields)
    : 'the URL contains text that a REST client would act on';
  if (obstacle !== undefined) return leftOut(obstacle, 'Export it as curl.');
  let text = inertBody(body);
  if (text === undefined) {
    if (options.keepBody === undefined) {
      return leftOut(
        'the body contains text that a REST client would act on or change',
        'Export it to a file (the body then goes into a separate file beside it), or as curl.',
      );
    }
    text = `< ./${await options.keepBody(body)}`;
  }
  const lines = [
    `### ${oneLine(title)}`,
    `POST ${url} HTTP/1.1`,
    ...fields.map(([name, value]) => `${name}: ${value}`),
    '',
    ...(text === '' ? [] : [text]),
  ];
  return `${lines.join('\n')}\n\n`;
}

function oneLine(text: string): string {
  return text.replace(/[^ -~]+/g, ' ');
}

/** A variable or a script of either client, or an escaped one (httpYac turns `\{\{` into `{{`). */
const variable = /\{\{|\\\{/;

function isInertUrl(url: string): boolean {
  return /^https?:\/\/[!-[\]-~]+$/i.test(url) && URL.canParse(url) && !variable.test(url);
}

/** One line per name: both clients join or lose values of a repeated name. */
function combined(headers: ExportedRequest['headers']): [name: string, value: string][] {
  const fields = new Map<string, [string, string]>();
  for (const [name, value] of headers) {
    const known = fields.get(name.toLowerCase());
    if (known === undefined) fields.set(name.toLowerCase(), [name, value]);
    else known[1] = `${known[1]}, ${value}`;
  }
  return [...fields.values()];
}

/**
 * Content types with which both clients send a body unchanged. With others they join lines, leave a file out, add line
 * ends or look for parts (forms, multipart, newline-delimited JSON, Markdown, GraphQL).
 */
const plainType =
  /^(?:(?:application|text)\/(?:[\w.-]+\+)?(?:json|xml)|text\/plain|application\/octet-stream)?(?: *;|$)/i;

/**
 * Headers that a client acts on: REST Client makes a GraphQL request of `X-Request-Type`; httpYac reads the files that
 * `…clientcert` names, keeps cookies for later requests, and takes headers with these names for a URL, a body or a
 * path.
 */
const actedOn = /^(?:x-request-type|cookie|url|body|filepath|variable|.*clientcert)$/i;

/** Why the headers cannot be in the file, if so. */
function obstacleInHeaders(fields: readonly (readonly [string, string])[]): string | undefined {
  for (const [name, value] of fields) {
    const lower = name.toLowerCase();
    // A letter first: `#` and `###` begin a comment and end a request. Both clients keep headers in plain objects,
    // which have names such as `constructor`.
    if (!/^[a-z][\w-]*$/i.test(name) || name in {} || lower in {}) {
      return 'a header has a name that a REST client would not recognize';
    }
    if (actedOn.test(name)) return `REST clients act on a header named "${name}"`;
    // Visible ASCII without spaces around it; httpYac cuts a comma off the end.
    if (!/^(?:[!-~](?:[ -~]*[!-+\--~])?)?$/.test(value) || value === ',' || variable.test(value)) {
      return `the header "${name}" contains text that a REST client would act on or change`;
    }
    if (lower === 'authorization' && !/^\*+$/.test(value)) return 'REST clients act on a header named "Authorization"';
    if (lower === 'content-type' && !plainType.test(value)) return 'REST clients change a body with its content type';
  }
  return undefined;
}

/** Maximum length of a body in the file, in characters; editors and clients look for their syntax all through it. */
const longestInline = 1_000_000;

/**
 * A body as it can be in the file, to the byte: nothing, or one line of JSON or XML. Further lines may begin with
 * anything, and clients on Windows change their ends.
 */
function inertBody(body: Uint8Array): string | undefined {
  if (body.length > longestInline * 4) return undefined;
  const text = plainText(body);
  if (text === undefined || text.length > longestInline) return undefined;
  if (text === '') return text;
  // httpYac drops a last line with <--->, and scans a row of blanks from each of them to its end.
  if (/[\n\t]/.test(text) || variable.test(text) || text.includes('<--->') || / {100}/.test(text)) return undefined;
  if (/^<[a-z?][^]*>$/i.test(text)) return text;
  return isJson(text) && /^(?:\{[^]*\}|\[[^]*\])$/.test(text) ? text : undefined;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
