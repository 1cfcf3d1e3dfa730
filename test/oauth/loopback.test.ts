import assert from 'node:assert/strict';
import { createServer, get, request, type IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { freePort } from '../free-port.ts';
import { CallbackPortError, listenOnLoopback } from '../../src/oauth/loopback.ts';
import type { Loopback, PageKind } from '../../src/oauth/loopback.ts';
import { afterward } from '../relay/afterward.ts';
import { until } from '../relay/until.ts';

const texts = {
  language: 'en',
  received: { title: 'Granted', text: 'Go back.' },
  refused: { title: 'Refused & <b>over</b>', text: 'Try again.' },
  stray: { title: 'Stray', text: 'Not this one.' },
};

interface Page {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

interface Asked {
  readonly host?: string;
  readonly address?: string;
  readonly method?: string;
}

/** Whether this machine has the loopback address of IPv6. */
async function hasIpv6(): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(0, '::1', () => server.close(() => resolve(true)));
  });
}

describe('the loopback page', () => {
  let port: number;
  let loopback: Loopback;
  let kind: PageKind;
  let queries: string[];

  beforeEach(async () => {
    [port, kind, queries] = [await freePort(), 'received', []];
    loopback = await listenOnLoopback({
      url: new URL(`http://localhost:${port}/oauth/callback`),
      answered: (query) => {
        queries.push(query.toString());
        return kind;
      },
      texts,
    });
  });
  afterEach(() => loopback.close());

  function ask(path: string, { host, address = '127.0.0.1', method = 'GET' }: Asked = {}): Promise<Page> {
    return new Promise((resolve, reject) => {
      const headers = { host: host ?? `localhost:${port}` };
      request({ host: address, port, path, method, headers }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, text }));
      })
        .once('error', reject)
        .end();
    });
  }

  it('hands over the query and says what to do next', async () => {
    const page = await ask('/oauth/callback?code=c%2B1&state=s');
    assert.deepEqual(queries, ['code=c%2B1&state=s']);
    assert.equal(page.status, 200);
    assert.match(page.text, /<html lang="en">[^]*<h1>Granted<\/h1>\s*<p>Go back\.<\/p>/);
  });

  it('listens on both loopback families', async function () {
    if (!(await hasIpv6())) this.skip();
    assert.equal((await ask('/oauth/callback?code=1', { address: '::1' })).status, 200);
    assert.equal((await ask('/oauth/callback?code=2', { address: '127.0.0.1' })).status, 200);
    assert.equal(queries.length, 2);
  });

  it('repeats nothing of the request, escapes its texts and forbids everything', async () => {
    for (kind of ['received', 'refused', 'stray'] as const) {
      const page = await ask('/oauth/callback?code=planted-code&state=planted-state&error=%3Cscript%3E');
      assert.doesNotMatch(page.text, /planted|<script/);
      assert.equal(page.headers['cache-control'], 'no-store');
      assert.equal(page.headers['x-content-type-options'], 'nosniff');
      assert.equal(page.headers['referrer-policy'], 'no-referrer');
      assert.match(page.headers['content-security-policy'] as string, /^default-src 'none'; style-src 'sha256-/);
      if (kind === 'refused') assert.match(page.text, /Refused &#38; &#60;b&#62;over/);
      assert.equal(page.status, kind === 'stray' ? 400 : 200);
    }
  });

  it('refuses a name that is not its own', async () => {
    for (const host of ['evil.example', `evil.example:${port}`, 'localhost', `localhost.evil.example:${port}`])
      assert.deepEqual([host, (await ask('/oauth/callback?code=c', { host })).status], [host, 403]);
    assert.deepEqual(queries, []);
    for (const host of [`127.0.0.1:${port}`, `[::1]:${port}`])
      assert.equal((await ask('/oauth/callback?code=c', { host })).status, 200);
  });

  it('survives rubbish, and ends although a connection is open', async () => {
    const silent = connect(port, '127.0.0.1');
    const rude = connect(port, '127.0.0.1');
    rude.on('error', () => undefined);
    silent.on('error', () => undefined);
    rude.resume().write('\0\0rubbish\r\n\r\n');
    await new Promise((resolve) => rude.once('close', resolve));
    assert.equal((await ask('/oauth/callback?code=c')).status, 200);
    await loopback.close();
    silent.destroy();
    await assert.rejects(ask('/oauth/callback?code=c'), /ECONNREFUSED/);
  });

  it('answers the browser though a thousand silent connections are open, of which it keeps the latest', async () => {
    let open = 0;
    const silent = Array.from({ length: 1000 }, () => connect(port, '127.0.0.1', () => (open += 1)).resume());
    let closed = 0;
    for (const socket of silent) socket.on('error', () => undefined).once('close', () => (closed += 1));
    await until(() => open === 1000);
    assert.equal((await ask('/oauth/callback?code=c')).status, 200);
    await until(() => closed >= 400);
    assert.ok(closed < 1000);
    for (const socket of silent) socket.destroy();
  });

  it('says which port is taken, on either family, and leaves none open', async () => {
    const url = new URL(`http://localhost:${port}/cb`);
    await assert.rejects(listenOnLoopback({ url, answered: () => kind, texts }), (error: unknown) => {
      assert.ok(error instanceof CallbackPortError);
      assert.equal(error.port, port);
      assert.match(error.message, /EADDRINUSE/);
      return true;
    });
    if (!(await hasIpv6())) return;
    const other = await freePort();
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(other, '::1', resolve));
    afterward(() => void server.close());
    const half = new URL(`http://localhost:${other}/cb`);
    await assert.rejects(listenOnLoopback({ url: half, answered: () => kind, texts }), CallbackPortError);
    await assert.rejects(
      new Promise((_resolve, reject) => get({ host: '127.0.0.1', port: other }).once('error', reject)),
      /ECONNREFUSED/,
    );
  });
});
