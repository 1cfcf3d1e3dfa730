import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import fc from 'fast-check';
import { countRuns } from '../long.ts';
import { curlCommand, toCurl } from '../../src/export/curl.ts';
import { temporaryFolder } from '../relay/afterward.ts';
import { hostileBodies, hostileHeaders, hostilePaths } from './hostile.ts';
import { inClear, item, notification, options, secret, whole } from './sample.ts';

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

  async function run(script: string, program = 'sh', cwd = process.cwd()): Promise<Received[]> {
    const shell = spawn(program, ['-eu'], { stdio: ['pipe', 'ignore', 'pipe'], cwd });
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

  it('masks the secret of the webhook endpoint, unless it is asked for', async () => {
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

  for (const program of ['bash', 'dash', 'zsh']) {
    it(`runs nothing and reads no file in ${program}, whatever stands in a body, header or URL`, async function () {
      if (spawnSync(program, ['-c', ':']).status !== 0) this.skip();
      const folder = temporaryFolder();
      const canaries = { written: join(folder, 'written'), secretFile: join(folder, 'secret'), secondServer: base };
      writeFileSync(canaries.secretFile, 'the secret of the file');
      const forShells = fc
        .constantFrom(
          `$(touch ${canaries.written})`,
          `\`touch ${canaries.written}\``,
          `'; touch ${canaries.written}; '`,
          `'\\''; touch ${canaries.written}; :'`,
          `@${canaries.secretFile}`,
          `<(touch ${canaries.written})`,
          '!!',
          '=ls',
          '~',
          '%s%n',
          '\\',
          `\n touch ${canaries.written}\n`,
        )
        .map((each) => Buffer.from(each));
      const made = fc.sample(
        fc.record({
          body: fc.oneof(forShells, hostileBodies(canaries)),
          headers: fc.oneof(
            hostileHeaders(canaries),
            forShells.map((each): [string, string][] => [['X-Any', each.toString()]]),
          ),
          path: fc.oneof(
            hostilePaths,
            forShells.map((each) => `/?${encodeURI(each.toString())}`),
          ),
        }),
        { numRuns: countRuns(60), seed: 5 },
      );
      const items = made
        // A URL of a destination is one; curl refuses the others.
        .filter(({ path }) => /^[!-~]+$/.test(path))
        .map(({ body, headers, path }, i) => ({
          body,
          text: item({ notifications: [notification(`${base}/${i}${path}`, body, headers)] }),
        }));
      const requests = await run(
        await whole(
          toCurl(
            items.map(({ text }) => text),
            options,
          ),
        ),
        program,
        folder,
      );
      assert.deepEqual(
        requests.map(({ url, body }) => [/^\/\d+/.exec(url)?.[0], body.toString('latin1')]),
        items.map(({ body }, i) => [`/${i}`, body.toString('latin1')]),
      );
      assert.deepEqual(readdirSync(folder), ['secret']);
      for (const { headers } of requests) {
        assert.equal(headers['x-injected'], undefined);
        assert.ok(!JSON.stringify(headers).includes('the secret of the file'));
      }
    });
  }
});
