import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { curlCommand, toCurl } from '../../src/export/curl.ts';
import { inClear, item, options, secret, vendorBody, whole } from './sample.ts';

interface Received {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

describe('an export as curl', () => {
  let server: Server | undefined;
  let base: string;
  let received: Received[] = [];

  before(async function () {
    // What is tested is what curl and a shell make of the script.
    if (spawnSync('curl', ['--version']).status !== 0) this.skip();
    const listening = createServer((request, response) => {
      void request.toArray().then((chunks: Buffer[]) => {
        received.push({ url: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks) });
        response.end('ok');
      });
    });
    server = listening;
    await once(listening.listen(0, '127.0.0.1'), 'listening');
    base = `http://127.0.0.1:${(listening.address() as AddressInfo).port}`;
  });

  beforeEach(() => {
    received = [];
  });

  after(() => {
    server?.closeAllConnections();
    server?.close();
  });

  async function run(script: string): Promise<Received[]> {
    const shell = spawn('sh', ['-eu'], { stdio: ['pipe', 'ignore', 'pipe'] });
    const errors = shell.stderr.toArray();
    shell.stdin.end(script);
    const [code] = (await once(shell, 'close')) as [number];
    assert.equal(code, 0, Buffer.concat((await errors) as Buffer[]).toString());
    return received;
  }

  it('sends the notification to the callback, to the byte', async () => {
    const script = await whole(toCurl([item({}, `${base}/callback?a=[1]&b={2}`)], options));
    assert.match(script, /^# n9 of d7, part 1 of 2\n/);
    const [request, ...others] = await run(script);
    assert.ok(request);
    assert.equal(others.length, 0);
    assert.equal(request.url, '/callback?a=[1]&b={2}');
    assert.equal(request.body.toString(), '{"id":"1"}');
    assert.equal(request.headers['elements-webhook-id'], 'abc');
    assert.equal(request.headers['content-type'], 'application/json; charset=utf-8');
  });

  it('sends the delivery to the street door where there is no callback', async () => {
    const script = await whole(toCurl([item({ streetDoor: `${base}/hooks/${secret}/campaign-monitor` })], inClear));
    const [request] = await run(script);
    assert.equal(request?.url, `/hooks/${secret}/campaign-monitor`);
    assert.equal(request.body.toString(), vendorBody);
    assert.equal(request.headers['content-encoding'], undefined, 'the body is kept decoded');
  });

  it('masks the secret of the street door, unless it is asked for', async () => {
    const masked = await whole(toCurl([item()], options));
    assert.ok(!masked.includes(secret));
    assert.match(masked, /hooks\/\*{8}\/campaign-monitor/);
    assert.ok((await whole(toCurl([item()], inClear))).includes(secret));
  });

  it('carries any body through the shell unchanged', async () => {
    const tricky = [
      Buffer.alloc(0),
      Buffer.from('@/etc/passwd'),
      Buffer.from(`it's "$HOME" \`id\` $(id) \\ ! %s\n\n`),
      Buffer.from([0, 255, 10, 13, 27]),
      Buffer.from('line\r\nline\r\n'),
      Buffer.from('ü\u2028📚'),
      Buffer.from(`{"a":"${"'".repeat(300_000)}"}`),
    ];
    const script = tricky.map((body) => curlCommand({ title: '', url: base, headers: [], body })).join('\n');
    const requests = await run(script);
    assert.deepEqual(
      requests.map(({ body }) => body.toString('base64')),
      tricky.map((body) => body.toString('base64')),
    );
    assert.equal(requests[1]?.headers['content-type'], undefined, 'curl adds no type of its own');
  });

  it('carries generated bodies and headers through the shell unchanged', async () => {
    const text = fc.string({ unit: 'grapheme' }).map((each) => Buffer.from(each));
    const bytes = fc.uint8Array({ maxLength: 50 }).map((each) => Buffer.from(each));
    const header = fc.stringMatching(/^[!-~](?:[ -~]{0,20}[!-~])?$/);
    const requests = fc.sample(fc.record({ body: fc.oneof(text, bytes), header }), { numRuns: 40, seed: 7 });
    const script = requests.map(({ body, header: value }) =>
      curlCommand({ title: '', url: base, headers: [['X-Any', value]], body }),
    );
    const answered = await run(script.join('\n'));
    assert.deepEqual(
      answered.map(({ body, headers }) => [body.toString('base64'), headers['x-any']]),
      requests.map(({ body, header: value }) => [body.toString('base64'), value]),
    );
  });

  it('sends an empty header as one', async () => {
    const [request] = await run(
      curlCommand({ title: '', url: base, headers: [['X-Empty', '']], body: Buffer.from('x') }),
    );
    assert.equal(request?.headers['x-empty'], '');
  });
});
