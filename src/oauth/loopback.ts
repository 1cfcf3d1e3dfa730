/** The page `http://localhost:<port>/oauth/callback` is served only while a sign-in waits for it. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { escapeHtml } from '../common/escape-html.ts';
import { loopbackHosts, loopbackNames } from '../common/loopback.ts';

export type PageKind = 'received' | 'refused' | 'stray';

export interface PageText {
  readonly title: string;
  readonly text: string;
}

export interface PageTexts extends Readonly<Record<PageKind, PageText>> {
  readonly language: string;
}

/** The registered port is in use: the code would reach another program. */
export class CallbackPortError extends Error {
  override readonly name = 'CallbackPortError';
  readonly port: number;
  readonly next = 'Stop the program that uses the port, or register another port with the app.';
  constructor(port: number, cause: Error) {
    super(`cannot listen on port ${port} of this machine: ${cause.message}`, { cause });
    this.port = port;
  }
}

export interface LoopbackOptions {
  /** http, a loopback name, a port and a path. */
  readonly url: URL;
  /** Called for each GET of exactly that path. @returns which page to show */
  readonly answered: (query: URLSearchParams) => PageKind;
  readonly texts: PageTexts;
}

export interface Loopback {
  close(): Promise<void>;
}

export function isLoopbackCallback(url: URL): boolean {
  return url.protocol === 'http:' && Object.hasOwn(loopbackNames, url.hostname);
}

/**
 * A name with addresses of both families listens on both, since a browser may take either.
 * @throws CallbackPortError if the port is taken on either
 */
export async function listenOnLoopback({ url, answered, texts }: LoopbackOptions): Promise<Loopback> {
  const port = url.port === '' ? 80 : Number(url.port);
  const hosts = new Set(loopbackHosts(port));
  const sending = new Set<Promise<void>>();
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    const sent = new Promise<void>((resolve) => response.once('close', resolve)).then(() => void sending.delete(sent));
    sending.add(sent);
    request.resume();
    // A page that rebinds its own host name to this machine must not read the answer.
    const asked = `http://localhost${request.url ?? ''}`;
    const target = URL.canParse(asked) ? new URL(asked) : null;
    if (!hosts.has(request.headers.host ?? '')) end(response, 403);
    else if (target?.pathname !== url.pathname) end(response, 404);
    else if (request.method !== 'GET') end(response, 405, { allow: 'GET' });
    else sendPage(response, answered(target.searchParams), texts);
  };
  const servers: Server[] = [];
  const close = async (): Promise<void> => {
    const closed = servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
    await Promise.all(sending);
    for (const server of servers) server.closeAllConnections();
    await Promise.all(closed);
  };
  for (const host of loopbackNames[url.hostname] ?? []) {
    const server = createServer(limits, handle);
    boundConnections(server);
    try {
      await listen(server, port, host);
      servers.push(server);
    } catch (error) {
      const absent = ['EADDRNOTAVAIL', 'EAFNOSUPPORT'].includes((error as NodeJS.ErrnoException).code ?? '');
      if (absent && host === '::1' && servers.length > 0) continue;
      await close();
      throw new CallbackPortError(port, error as Error);
    }
  }
  return { close };
}

const limits = {
  headersTimeout: 10_000,
  requestTimeout: 10_000,
  // Node's default is 30 s.
  connectionsCheckingInterval: 1000,
  maxHeaderSize: 16_384,
};
const mostConnections = 500;

/** Each connection carries one request, so close the oldest: else idle ones would keep the browser out. */
function boundConnections(server: Server): void {
  const open = new Set<Socket>();
  server.on('connection', (socket) => {
    const [oldest] = open;
    if (oldest !== undefined && open.size >= mostConnections) {
      open.delete(oldest);
      oldest.destroy();
    }
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host, ipv6Only: true }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** Nothing is cached, framed, guessed or loaded, and the URL with the code is sent nowhere. */
const headers = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  connection: 'close',
};

function end(response: ServerResponse, status: number, more: Readonly<Record<string, string>> = {}): void {
  response.writeHead(status, { ...headers, 'content-security-policy': "default-src 'none'", ...more }).end();
}

const style = `
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
body { margin: 0; padding: 1.5rem; }
main { max-width: 34rem; margin: 2rem auto; }
h1 { font-size: 1.5rem; line-height: 1.25; }
`;
const styleHash = `'sha256-${createHash('sha256').update(style).digest('base64')}'`;

const statuses: Readonly<Record<PageKind, number>> = { received: 200, refused: 200, stray: 400 };

function sendPage(response: ServerResponse, kind: PageKind, texts: PageTexts): void {
  const { title, text } = texts[kind];
  response.writeHead(statuses[kind], {
    ...headers,
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': `default-src 'none'; style-src ${styleHash}; frame-ancestors 'none'; base-uri 'none'; form-action 'none'`,
  });
  response.end(`<!doctype html>
<html lang="${escapeHtml(texts.language)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)} – Campaign Monitor Relay</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>${escapeHtml(title)}</h1>
<p>${escapeHtml(text)}</p>
</main>
</body>
</html>
`);
}
