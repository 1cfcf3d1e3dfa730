/**
 * What REST Client (Huachao/vscode-restclient, as of its release 0.26) makes of a `.http` file, written down from its
 * sources since it is on no registry that tests can install from: `src/utils/selector.ts`, `httpRequestParser.ts`,
 * `requestParserUtil.ts`, `variableProcessor.ts` and `src/common/constants.ts`.
 */

/** A request that it would send. */
export interface ReadRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

/** What it would do with a file, request by request. */
export interface Reading {
  readonly requests: readonly ReadRequest[];
  /** Whatever is more than sending bytes: a variable, a definition, a question, a file that is not the export's. */
  readonly acts: readonly string[];
}

const delimiter = /^#{3,}/;
const comment = /^\s*(#|\/{2})/;
const metadata = /^\s*(?:#|\/{2})\s*@([\w-]+)(?:\s+(.*?))?\s*$/;
const fileVariable = /^\s*@([^\s=]+)\s*=\s*(.*?)\s*$/;
const requestVariable = /^\s*(?:#{1,}|\/{2,})\s+@name\s+(\w+)\s*$/m;
const reference = /\{{2}(.+?)\}{2}/;
const responseLine = /^\s*HTTP\/[\d.]+/;
const include = /^<(?:(?<variables>@)(?<encoding>\w+)?)?\s+(?<path>.+?)\s*$/;
const requestLine =
  /^(GET|POST|PUT|DELETE|PATCH|HEAD|OPTIONS|CONNECT|TRACE|LOCK|UNLOCK|PROPFIND|PROPPATCH|COPY|MOVE|MKCOL|MKCALENDAR|ACL|SEARCH)\s+/i;

/**
 * Reads a file.
 * @param text as VS Code gives it to REST Client
 * @param eol the system's line end, by which it joins lines
 * @param fileAt the file of a path that stands beside the `.http` file
 */
export function readAsRestClient(text: string, eol: string, fileAt: (path: string) => Buffer | undefined): Reading {
  const acts: string[] = [];
  const requests: ReadRequest[] = [];
  // VS Code's documents know these line ends and no others.
  const lines = text.replace(/\r\n?/g, '\n').split(/\r?\n/);
  for (const line of lines) if (fileVariable.test(line)) acts.push(`defines ${line}`);
  if (requestVariable.test(text)) acts.push('names a request');
  let region: string[] = [];
  const close = (): void => {
    const request = requestOf(region, eol, fileAt, acts);
    if (request !== undefined) requests.push(request);
    region = [];
  };
  for (const line of lines) {
    if (delimiter.test(line)) close();
    else region.push(line);
  }
  close();
  return { requests, acts };
}

function requestOf(
  region: readonly string[],
  eol: string,
  fileAt: (path: string) => Buffer | undefined,
  acts: string[],
): ReadRequest | undefined {
  for (const line of region) {
    if (line.trim() === '' || fileVariable.test(line)) continue;
    if (!comment.test(line)) break;
    if (metadata.test(line)) acts.push(`metadata ${line}`);
  }
  const lines = region.filter((line) => !comment.test(line));
  const blank = (line: string | undefined): boolean => line === undefined || line.trim() === '';
  while (lines.length > 0 && (blank(lines[0]) || fileVariable.test(lines[0] ?? ''))) lines.shift();
  if (lines.length === 0 || responseLine.test(lines[0] ?? '')) return undefined;
  while (blank(lines.at(-1))) lines.pop();
  const whole = lines.join(eol);
  if (reference.test(whole)) acts.push(`variable ${reference.exec(whole)?.[0] ?? ''}`);
  if (/^\s*curl/i.test(whole)) acts.push('reads curl');

  const rest = whole.split(eol);
  let first = rest.shift()?.trim() ?? '';
  while (/^\s*[&?]/.test(rest[0] ?? '')) first += rest.shift()?.trim() ?? '';
  const method = requestLine.exec(first);
  const url = first
    .slice(method?.[0].length ?? 0)
    .trim()
    .replace(/\s+HTTP\/.*$/i, '');
  const headers = new Map<string, string>();
  const names: Record<string, string> = {};
  while (rest.length > 0 && !blank(rest[0])) {
    const line = rest.shift()?.trim() ?? '';
    const colon = line.indexOf(':');
    const name = colon === -1 ? line : line.slice(0, colon).trim();
    const value = colon === -1 ? '' : line.slice(colon + 1).trim();
    const known = names[name.toLowerCase()];
    if (known === undefined) {
      names[name.toLowerCase()] = name;
      headers.set(name, value);
    } else headers.set(known, `${String(headers.get(known))},${value}`);
  }
  rest.shift();
  const header = (name: string): string => [...headers].find(([each]) => each.toLowerCase() === name)?.[1] ?? '';
  if (header('x-request-type') === 'graphql') acts.push('makes a GraphQL request');
  if (/^(?:basic|digest|aws|cognito)\s/i.test(header('authorization'))) acts.push('makes an authorization');
  return { method: method?.[1] ?? 'GET', url, headers, body: bodyOf(rest, eol, header('content-type'), fileAt, acts) };
}

function bodyOf(
  lines: readonly string[],
  eol: string,
  contentType: string,
  fileAt: (path: string) => Buffer | undefined,
  acts: string[],
): Buffer {
  const essence = contentType.split(';')[0]?.trim().toLowerCase() ?? '';
  if (essence === 'application/x-www-form-urlencoded') acts.push('encodes a form');
  const end = essence === 'multipart/form-data' ? '\r\n' : eol;
  if (lines.every((line) => !include.test(line))) {
    return Buffer.from(lines.join(end) + (essence === 'application/x-ndjson' ? end : ''));
  }
  const pieces: Buffer[] = [];
  for (const [i, line] of lines.entries()) {
    const groups = include.exec(line)?.groups;
    const file = groups === undefined ? undefined : fileAt(groups['path'] ?? '');
    if (groups !== undefined && (file === undefined || groups['variables'] !== undefined)) acts.push(`reads ${line}`);
    pieces.push(file ?? Buffer.from(line));
    if (i < lines.length - 1 || essence === 'multipart/form-data') pieces.push(Buffer.from(end));
  }
  return Buffer.concat(pieces);
}
