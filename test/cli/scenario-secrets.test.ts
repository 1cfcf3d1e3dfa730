import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Callback } from '../check/callback.ts';
import { run, type Ended } from './harness.ts';

const steps = [{ send: { sample: 'Subscribe' } }];
const environment = {
  ...{ AUTH: 'Bearer planted-token-1', KEY: 'planted-key-2', PROBE: 'Basic dXNlcjpwbGFudGVkLTM=' },
  KEPT: 'Basic a2VwdDphbm90aGVyLW9uZQ==',
};
/** The values, what is within them, and how base64 writes it. */
const planted = /planted|cGxhbnRlZ|BsYW50ZW|wbGFudGVk/;

describe('The secrets that scenarios and checks send', function () {
  this.timeout(60_000);
  let callback: Callback;
  let folder: string;
  /** What reads `/count` and `/contacts`, and with which headers. */
  let asked: [string, string | undefined][];
  let page: () => { type: string; body: string };

  beforeEach(async () => {
    callback = await Callback.open();
    folder = mkdtempSync(join(tmpdir(), 'cm-relay-secrets-'));
    asked = [];
    page = () => ({ type: 'text/plain', body: '1' });
  });

  afterEach(async () => {
    await callback.close();
    rmSync(folder, { recursive: true });
  });

  function file(name: string, content: object): string {
    const path = join(folder, name);
    writeFileSync(path, JSON.stringify(content));
    return path;
  }

  /** Runs with both reports, and gives all that was written. */
  async function reported(args: readonly string[], more: NodeJS.ProcessEnv = {}): Promise<Ended & { all: string }> {
    const [junit, json] = [join(folder, 'r.xml'), join(folder, 'r.json')];
    const reports = ['--report', `junit=${junit}`, '--report', `json=${json}`];
    const ended = await run([...args, ...reports], { ...environment, ...more });
    const written = [junit, json].map((path) => readFileSync(path, 'utf8'));
    return { ...ended, all: [ended.out, ended.err, ...written].join('\n') };
  }

  describe('that are said back', () => {
    beforeEach(() => {
      callback.answering = ({ headers }) => ({
        status: 403,
        body: `${headers.authorization} ${environment.KEY} ${Buffer.from(environment.KEY).toString('base64')}`,
        headers: { 'x-echo': headers.authorization ?? '' },
      });
      page = () => ({
        type: 'text/plain',
        body: `no number, but planted-token-1 and ${environment.PROBE}`,
      });
      for (const path of ['/count', '/contacts']) callback.pages.set(path, () => page());
    });

    const conditions = ['answer.status == 200', 'answer.headers["x-echo"] == ""', 'int(answer.body) == 1'];
    const expect = { status: 'any', answer: conditions, probe: 1 };

    it('stand in nothing that scenario writes', async () => {
      // Numbers at first, so that it is asked again behind what was sent.
      let times = 0;
      const said = page;
      page = () => ((times += 1) < 3 ? { type: 'text/plain', body: '1' } : said());
      const path = file('echo.cm-scenario.json', {
        destination: {
          url: `${callback.origin}/callback`,
          credentials: { Authorization: { env: 'AUTH' } },
          signatureKey: { env: 'KEY' },
        },
        probe: { url: `${callback.origin}/count`, headers: { Authorization: { env: 'PROBE' } } },
        scenarios: [
          { name: 'echo', steps: [{ ...steps[0], expect: { ...expect, kept: 'x' } }] },
          { name: 'status', steps: [{ ...steps[0], expect: { probe: 1 } }] },
        ],
        kept: { url: `${callback.origin}/contacts`, headers: { Authorization: { env: 'KEPT' } } },
      });
      for (const json of [[], ['--json']]) {
        times = 0;
        const { all, code, err } = await reported(['scenario', path, '--allow-env', ...json]);
        assert.equal(code, 1, err);
        assert.match(all, /403, .*\*{8}/);
        assert.match(all, /didn’t return a whole number: .*\*{8}/);
        assert.doesNotMatch(all, planted);
      }
      assert.equal(callback.taken[0]?.headers.authorization, environment.AUTH);
    });

    it('stand in nothing that check writes, nor in what stops it', async () => {
      const config = file('config.json', {
        destinations: [{ url: `${callback.origin}/callback`, signatureKeyName: 'k', credentialsName: 'c' }],
        signatureKeys: { k: { env: 'KEY' } },
        credentials: { c: { Authorization: { env: 'AUTH' } } },
      });
      const check = [
        'check',
        '--config',
        config,
        '--allow-env',
        '--only',
        'same-event-twice',
        '--probe',
        `${callback.origin}/count`,
      ];
      const stopped = await run(check, environment);
      assert.equal(stopped.code, 1);
      assert.match(stopped.err, /didn’t return a whole number: no number, but \*{8} and/);
      assert.doesNotMatch(stopped.err, /planted-token/);
      const said = page;
      page = () => ({ type: 'text/plain', body: '1' });
      callback.answering = () => {
        page = said;
        return {};
      };
      const { all } = await reported(check);
      assert.match(all, /didn’t return a whole number: no number, but \*{8}/);
      assert.doesNotMatch(all, /planted-token/);
    });
  });

  describe('from the environment', () => {
    /** Another place, which a file names: what it is asked and sent. */
    let elsewhere: { origin: string; close(): Promise<void> };

    beforeEach(async () => {
      const server = createServer((request, response) => {
        asked.push([request.url ?? '', request.headers.authorization]);
        request.resume();
        response.end(request.url === '/count' ? '1' : 'kept 1');
      });
      await once(server.listen(0, '127.0.0.1'), 'listening');
      elsewhere = {
        origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        close: () => new Promise((done) => server.close(() => done())),
      };
    });
    afterEach(() => elsewhere.close());

    const asking = [{ name: 'it', steps: [{ ...steps[0], expect: { probe: 0, kept: '1' } }] }];
    const quiet = [{ name: 'it', steps }];

    function probing(name: string, scenarios: object): string {
      const headers = { Authorization: { env: 'AUTH' } };
      return file(name, {
        probe: { url: `${elsewhere.origin}/count`, headers },
        kept: { url: `${elsewhere.origin}/kept`, headers },
        scenarios,
      });
    }

    it('go to nothing that a file names before that is allowed, which the message says how', async () => {
      const own = file('own.cm-scenario.json', {
        destination: { url: `${elsewhere.origin}/callback`, credentials: { Authorization: { env: 'AUTH' } } },
        scenarios: quiet,
      });
      const signed = file('signed.cm-scenario.json', {
        destination: { url: `${elsewhere.origin}/callback`, signatureKey: { env: 'KEY' } },
        scenarios: quiet,
      });
      const to = ['--to', `${callback.origin}/callback`];
      for (const [args, names] of [
        [[own], 'AUTH'],
        [[signed], 'KEY'],
        [[own, signed], 'AUTH, KEY'],
        [[probing('probe.cm-scenario.json', asking), ...to], 'AUTH'],
      ] as const) {
        const ended = await run(['scenario', ...args], environment);
        assert.equal(ended.code, 2, ended.err);
        assert.match(ended.err, new RegExp(`${names} to ${elsewhere.origin}`));
        assert.match(ended.err, /\n {2}Nothing was sent\. .* add --allow-env/);
        assert.doesNotMatch(ended.err, planted);
      }
      assert.deepEqual(asked, []);
      assert.equal(callback.taken.length, 0);
      const allowed = await run(['scenario', own, '--allow-env'], environment);
      assert.equal(allowed.code, 0, allowed.err);
      assert.deepEqual(asked, [['/callback', environment.AUTH]]);
    });

    it('are not even looked for where no scenario asks, and nothing is asked then', async () => {
      const path = probing('probe.cm-scenario.json', quiet);
      const to = ['--to', `${callback.origin}/callback`];
      assert.equal((await run(['scenario', path, ...to])).code, 0);
      const none = await run(['scenario', probing('some.cm-scenario.json', asking), ...to, '--only', 'no such']);
      assert.equal(none.code, 2);
      assert.match(none.err, /--only no such: no scenario name contains this text/);
      assert.deepEqual(asked, []);
    });

    it('stay where they are, and nothing is sent, where a later file cannot be read', async () => {
      const path = probing('probe.cm-scenario.json', asking);
      const broken = file('broken.cm-scenario.json', { scenarios: [{ name: 'it', steps: [{ wait: 'long' }] }] });
      const to = ['--to', `${elsewhere.origin}/callback`];
      for (const second of [join(folder, 'none.cm-scenario.json'), broken]) {
        const ended = await run(['scenario', path, second, ...to, '--allow-env'], environment);
        assert.equal(ended.code, 2);
        assert.deepEqual(asked, []);
      }
    });

    it('that no header can hold are named, and not shown', async () => {
      const path = file('own.cm-scenario.json', {
        destination: { url: `${callback.origin}/callback`, credentials: { 'X-Api-Key': { env: 'ODD' } } },
        scenarios: quiet,
      });
      const odd = { ODD: 'planted-4\r\nX-Other: 1' };
      const config = file('config.json', {
        destinations: [{ url: `${callback.origin}/callback`, credentialsName: 'c' }],
        credentials: { c: { 'X-Api-Key': { env: 'ODD' } } },
      });
      for (const args of [
        ['scenario', path, '--allow-env'],
        ['check', '--config', config, '--allow-env'],
      ]) {
        const { code, err } = await run(args, odd);
        assert.equal(code, 2, err);
        assert.match(err, /ODD.* not allowed in a header/);
        assert.doesNotMatch(err, planted);
      }
      assert.equal(callback.taken.length, 0);
    });
  });
});
