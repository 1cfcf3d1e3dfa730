import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startHandler } from '../examples/handler.ts';
import { freePort } from '../free-port.ts';
import { Callback, delivery, eachWithOwn, InProcess, post, run, Running, type Workplace } from './harness.ts';

const example = fileURLToPath(new URL('../../examples/callback.cm-scenario.json', import.meta.url));

function addressesIn(body: Buffer): string[] {
  return (body.toString().match(/[\w.+-]*check-[0-9a-f]{8}[\w.+-]*@[\w.-]+/gi) ?? []).map((each) => each.toLowerCase());
}

describe('cm-relay check', () => {
  let callback: Callback;
  let folder: string;

  beforeEach(async () => {
    callback = await Callback.open();
    folder = mkdtempSync(join(tmpdir(), 'cm-relay-check-'));
  });

  afterEach(async () => {
    await callback.close();
    rmSync(folder, { recursive: true });
  });

  it('lists its checks and sends nothing', async () => {
    const { code, out } = await run(['check', '--list-checks', '--json']);
    assert.equal(code, 0);
    const [first] = out.split('\n').map((line) => (line === '' ? {} : (JSON.parse(line) as Record<string, unknown>)));
    assert.deepEqual(Object.keys(first ?? {}), ['type', 'id', 'title', 'why', 'platform', 'basis', 'mend', 'needsKey']);
    assert.match(
      (await run(['check', '--list-checks'])).out,
      /^same-event-twice +The same eventId twice\n {24}Delivery is at least once/m,
    );
  });

  const misuses: Readonly<Record<string, [string[], RegExp]>> = {
    'no URL': [[], /error: missing callback URL/],
    'another scheme': [['ftp://x/'], /expected a port \(3000\)/],
    'a password in the URL': [['http://a:b@localhost/'], /user name or password in the URL/],
    'a check that is not there': [['http://localhost/', '--only', 'twise'], /--only twise: no such check/],
    'a value without a probe': [['http://localhost/', '--probe-value', '1'], /--probe-value requires --probe/],
    'two probes': [['http://localhost/', '--probe', 'http://localhost/', '--probe-command', 'x'], /not both/],
    'a value that is no expression': [
      ['http://localhost/', '--probe', 'http://localhost/', '--probe-value', 'answer.json.'],
      /--probe-value: /,
    ],
    'a report of another kind': [['http://localhost/', '--report', 'pdf=x'], /expected junit=FILE or json=FILE/],
    'a key that is not set': [
      ['http://localhost/', '--signature-key-env', 'NO_KEY'],
      /--signature-key-env NO_KEY: .* (?:is not|isn’t) set/,
    ],
    'a destination without a file': [['--destination', 'x'], /missing callback URL/],
  };
  for (const [what, [args, message]] of Object.entries(misuses)) {
    it(`refuses ${what}`, async () => {
      const { code, err } = await run(['check', ...args]);
      assert.match(err, message);
      assert.equal(code, 2);
    });
  }

  it('ends with 0 where nothing failed, and says what is undecided, and by what it can be told', async () => {
    const { port } = new URL(callback.url);
    const only = ['--only', 'older-shape,same-event-twice,tampered'];
    const { code, out, err } = await run(['check', `${port}/callback`, ...only]);
    assert.equal(code, 0, err);
    assert.match(out, /^passed {4}older-shape: Accepts the older notification format {2}/m);
    assert.match(
      out,
      /^undecided same-event-twice: .*\n {10}sent: {6}one event, twice \(2 requests\)\n {10}undecided: contacts/m,
    );
    assert.match(out, /^skipped {3}tampered: .*\n {10}no signature key was provided/m);
    assert.match(out, /^1 passed, 0 failed, 1 undecided, 1 skipped$/m);
    assert.match(err, /--probe <url> for the number of contacts and --kept <url>/);
  });

  it('ends with 1 where something failed, and writes JSON lines and reports', async () => {
    callback.status = 500;
    const [junit, json] = [join(folder, 'r.xml'), join(folder, 'r.json')];
    const reports = ['--report', `junit=${junit}`, '--report', `json=${json}`];
    const { code, out, err } = await run(['check', callback.url, '--only', 'older-shape', '--json', ...reports]);
    assert.equal(code, 1);
    const [check, summary] = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    assert.deepEqual([check?.['type'], check?.['id'], check?.['outcome']], ['check', 'older-shape', 'failed']);
    assert.equal(check?.['reason'], 'the answer: expected 2xx, got 500');
    assert.deepEqual([summary?.['type'], summary?.['failed']], ['summary', 1]);
    assert.match(
      err,
      /error: 1 of 1 check failed\n {2}Fix a problem, and then run its check again: .* --only older-shape/,
    );
    assert.match(readFileSync(junit, 'utf8'), /<failure message="the answer: expected 2xx, got 500">/);
    assert.equal((JSON.parse(readFileSync(json, 'utf8')) as { counts: { failed: number } }).counts.failed, 1);
    const unwritable = await run(['check', callback.url, '--only', 'older-shape', '--report', `junit=${folder}`]);
    assert.match(unwritable.err, /cannot write .*Choose another file with --report/s);
    assert.equal(unwritable.code, 1);
  });

  it('tells the author of the wrong example what to mend, and where it shows', async () => {
    const { url } = await startHandler('wrong-handler');
    const probe = ['--probe', url.replace('/callback', '/contacts/count'), '--probe-value', 'answer.json.count'];
    const { code, out } = await run(['check', url, ...probe, '--only', 'same-event-twice,large-batch']);
    assert.equal(code, 1);
    const [twice = '', large = ''] = out.split(/^(?=FAILED {4}large)/m);
    assert.match(twice, /^FAILED {4}same-event-twice: The same eventId twice/);
    assert.match(
      twice,
      /sent: {6}one event, twice \(2 requests\)\n *expected: {2}contacts: \+1\n *got: {7}\+2 \(from 0 to 2\)/,
    );
    assert.match(large, /got: {7}413 \(50 times\)/);
    assert.match(large, /fix: {7}[^]*express\.json/);
    for (const part of [twice, large]) assert.match(part, /why: {7}.*platform: .*fix: {7}/s);
  });

  it('says that nothing listens, and blames the callback for nothing', async () => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}/callback`;
    const { code, out, err } = await run(['check', url, '--only', 'notification,event-types']);
    assert.equal(code, 1);
    assert.match(
      err,
      new RegExp(
        `error: nothing is listening at http://127.0.0.1:${port}: connect ECONNREFUSED.*\\n {2}Start your callback`,
      ),
    );
    assert.doesNotMatch(out, /FAILED|to do:/);
    assert.match(out, /^0 passed, 0 failed, 2 skipped$/m);
  });

  it('with --strict ends with 1 where something is undecided, for JUnit too, and not for want of a key', async () => {
    const junit = join(folder, 'strict.xml');
    const flags = ['--strict', '--report', `junit=${junit}`];
    const { code, err } = await run([
      'check',
      callback.url,
      '--only',
      'older-shape,same-event-twice,tampered',
      ...flags,
    ]);
    assert.equal(code, 1);
    assert.match(
      err,
      /error: 1 of 3 checks undecided, which --strict counts as failed\n {2}To skip them: .* --except same-event-twice/,
    );
    assert.match(
      readFileSync(junit, 'utf8'),
      /<testsuites name="cm-relay" tests="3" failures="1" errors="0" skipped="1">/,
    );
    assert.equal((await run(['check', callback.url, '--only', 'older-shape,tampered', '--strict'])).code, 0);
  });

  it('finds by itself how long a callback works behind its answer', async () => {
    let contacts = 0;
    const server = createServer((request, response) => {
      if (request.method === 'GET') {
        response.end(String(contacts));
        return;
      }
      void request.toArray().then((chunks: Buffer[]) => {
        type Events = { readonly events: readonly unknown[] } | undefined;
        const { message, response: older } = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, Events>;
        const { length } = message?.events ?? older?.events ?? [];
        response.writeHead(202).end();
        setTimeout(() => (contacts += length), 700);
      });
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    try {
      const only = ['--only', 'older-shape,every-event'];
      const { code, out, err } = await run(['check', url, '--probe', url, ...only, '--keep']);
      assert.equal(code, 0, out + err);
      assert.match(
        err,
        /^Your callback continues processing for (?:[6-9]\d\d ms|1(?:\.\d)? s) after it answers, .* --stable-for <s>/m,
      );
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  it("takes a destination's headers, credentials and key from the configuration, and shows none of them", async () => {
    const file = join(folder, 'config.json');
    const destinations = [
      { id: 'other', url: 'http://127.0.0.1:9/' },
      {
        id: 'staging',
        url: `${callback.url}?token=hidden-token`,
        headers: { 'X-Team': 'red' },
        signatureKeyName: 'mine',
        credentialsName: 'staging',
      },
    ];
    writeFileSync(
      file,
      JSON.stringify({
        destinations,
        signatureKeys: { mine: { env: 'KEY' } },
        credentials: { staging: { Authorization: { env: 'AUTH' } } },
      }),
    );
    const environment = { KEY: 'hidden-key', AUTH: 'Bearer hidden-auth' };
    const flags = ['--config', file, '--allow-env', '--only', 'older-shape,signature-missing'];
    const json = join(folder, 'r.json');
    const ended = await run(['check', ...flags, '--destination', 'staging', '--report', `json=${json}`], environment);
    const [signed, unsigned] = callback.posts;
    assert.match(String(signed?.headers['elements-webhook-signature']), /^sha256=/);
    assert.equal(signed?.headers['authorization'], 'Bearer hidden-auth');
    assert.equal(signed.headers['x-team'], 'red');
    assert.equal(unsigned?.headers['elements-webhook-signature'], undefined);
    assert.doesNotMatch(ended.out + ended.err + readFileSync(json, 'utf8'), /hidden/);
    const which = await run(['check', ...flags], environment);
    assert.equal(which.code, 2);
    assert.match(
      which.err,
      /--config has 2 destinations: choose one with --destination\n {2}Available: other, staging/,
    );
  });

  it('removes its contacts if it is canceled by Ctrl-C', async () => {
    const checking = new Running(new InProcess(['check', callback.url, '--json'], {}, 'ignore'));
    await checking.json('check');
    assert.equal(await checking.end('SIGINT'), 1);
    const err = checking.errors.join('\n');
    assert.match(err, /^Removing the made-up contacts\. To stop at once, press Ctrl-C again\.$/m);
    const [, made] = /^Sent a Deactivate for each of (\d+) made-up contacts\.$/m.exec(err) ?? [];
    assert.match(err, /^error: canceled$/m);
    assert.equal(made, String(new Set(callback.posts.flatMap(({ body }) => addressesIn(body))).size));
    assert.match(callback.posts.at(-1)?.body.toString() ?? '', /Deactivate/);
  });
});

describe('cm-relay scenario', () => {
  let callback: Callback;
  let folder: string;

  beforeEach(async () => {
    callback = await Callback.open();
    folder = mkdtempSync(join(tmpdir(), 'cm-relay-scenario-'));
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

  const steps = [{ send: { sample: 'Subscribe' } }];

  it("runs the example's file on the right handler", async () => {
    const { url } = await startHandler('right-handler');
    const { origin } = new URL(url);
    const probes = [
      '--probe',
      `${origin}/contacts/count`,
      '--probe-value',
      'answer.json.count',
      '--kept',
      `${origin}/contacts`,
    ];
    const { code, out, err } = await run(['scenario', example, '--to', url, ...probes]);
    assert.equal(err, '');
    assert.match(out, /\n4 passed, 0 failed\n$/);
    assert.equal(code, 0);
  });

  it('names the file and the place of what cannot be read, with 2', async () => {
    const broken = file('broken.cm-scenario.json', { scenarios: [{ name: 'it', steps: [{ wait: 'long' }] }] });
    const { code, err } = await run(['scenario', broken, '--to', callback.url]);
    assert.equal(code, 2);
    assert.match(err, /broken\.cm-scenario\.json: scenarios\[0\]\.steps\[0\]\.wait: .*\n {2}See docs\/scenarios\.md/);
    const missing = await run(['scenario', join(folder, 'none.json')]);
    assert.match(missing.err, /none\.json: doesn’t exist\n +Check that the file exists/);
    assert.equal(missing.code, 2);
    const nowhere = file('nowhere.cm-scenario.json', { scenarios: [{ name: 'it', steps }] });
    assert.match((await run(['scenario', nowhere])).err, /: no destination\n {2}Add --to/);
    const expression = { name: 'it', steps: [{ ...steps[0], expect: { answer: 'answer.stats == 1' } }] };
    const wrong = file('expression.cm-scenario.json', { scenarios: [expression] });
    assert.match((await run(['scenario', wrong, '--to', callback.url])).err, /"answer\.stats == 1": /);
    const asking = file('asking.cm-scenario.json', {
      scenarios: [{ name: 'it', steps: [{ ...steps[0], expect: { probe: 1 } }] }],
    });
    const unasked = await run(['scenario', asking, '--to', callback.url]);
    assert.match(unasked.err, /"it" needs "probe", which neither the file nor a flag sets/);
    assert.equal(unasked.code, 2);
    assert.equal(callback.posts.length, 0);
  });

  it('runs several files, reports each scenario, and ends with 1 where one failed', async () => {
    callback.status = 202;
    const destination = { url: callback.url, credentials: { 'X-Api-Key': { env: 'API_KEY' } } };
    const right = file('right.cm-scenario.json', { destination, scenarios: [{ name: 'right', steps }] });
    const wrong = file('wrong.cm-scenario.json', {
      destination,
      scenarios: [
        { name: 'wrong', why: 'It matters.', steps: [{ ...steps[0], expect: { status: 200 } }] },
        { name: 'right too', steps },
      ],
    });
    const junit = join(folder, 'r.xml');
    const environment = { API_KEY: 'hidden' };
    const { code, out, err } = await run(
      ['scenario', right, wrong, '--allow-env', '--report', `junit=${junit}`],
      environment,
    );
    assert.equal(code, 1);
    assert.match(
      out,
      /^FAILED {4}wrong {2}.*\n.*\n {10}expected: {2}the answer: 200\n {10}got: {7}202\n {10}why: {7}It matters\.$/m,
    );
    assert.match(err, /1 of 3 scenarios failed/);
    const text = readFileSync(junit, 'utf8');
    assert.equal(text.match(/<testsuite /g)?.length, 2);
    assert.equal(callback.posts[0]?.headers['x-api-key'], 'hidden');
    assert.doesNotMatch(out + err + text, /hidden/);
    const only = await run(['scenario', right, wrong, '--allow-env', '--only', 'too', '--json'], environment);
    assert.equal(only.code, 0);
    assert.equal(only.out.trim().split('\n').length, 2);
    const unset = await run(['scenario', right]);
    assert.match(unset.err, /credentials\.X-Api-Key API_KEY: environment variable API_KEY is not set/);
  });

  it('runs a command of a file only where that is allowed', async () => {
    const command = [process.execPath, '-e', 'console.log(7)'];
    const scenarios = [{ name: 'it', steps: [{ ...steps[0], expect: { probe: 0 } }] }];
    const path = file('command.cm-scenario.json', {
      destination: { url: callback.url },
      probe: { command },
      scenarios,
    });
    const refused = await run(['scenario', path]);
    assert.equal(refused.code, 2);
    assert.match(refused.err, /its "probe" is a command: .*\n {2}If you trust the file, add --allow-commands/);
    assert.equal(callback.posts.length, 0);
    assert.equal((await run(['scenario', path, '--allow-commands'])).code, 0);
  });
});

describe('cm-relay record and play', () => {
  let place: Workplace;
  let callback: Callback;

  eachWithOwn((own) => ({ place, callback } = own));

  it('keep what the relay received, and send it again: to a callback, to a relay, and in a scenario', async () => {
    const listen = place.listen();
    const ready = await listen.ready();
    const bodies = [delivery('ada@example.org'), delivery('bob@example.org')];
    for (const body of bodies) await post(ready.campaignMonitorUrl, body, { authorization: 'Bearer hidden' });
    await post(ready.campaignMonitorUrl, '');
    const out = join(place.dataDir, '..', `it-${process.pid}.cm-recording.jsonl`);
    try {
      const recorded = await place.run('record', '--filter', 'since:1h', '--out', out);
      assert.equal(recorded.code, 0, recorded.err);
      assert.match(recorded.out, /^Recorded 2 deliveries over /);
      assert.match(recorded.err, /1 delivery omitted/);
      const text = readFileSync(out, 'utf8');
      assert.doesNotMatch(text, /hidden|hooks/);
      assert.equal(statSync(out).mode & 0o777, 0o600);

      const { port } = new URL(callback.url);
      const toCallback = await place.run('play', out, `localhost:${port}/callback`, '--speed', 'max');
      assert.equal(toCallback.code, 0, toCallback.err);
      const posted = callback.posts.map(
        ({ body }) => (JSON.parse(body.toString()) as { message: { raw: unknown } }).message.raw,
      );
      assert.deepEqual(
        posted,
        bodies.map((body) => JSON.parse(body) as unknown),
      );

      const toRelay = await place.run('play', out, '--speed', 'max', '--json');
      assert.equal(toRelay.code, 0, toRelay.err);
      assert.doesNotMatch(toRelay.out, /hooks/);
      const { out: rows } = await place.run('events', '--filter', 'kind:event', '--json');
      assert.equal(rows.trim().split('\n').length, 4);

      const scenarios = [
        {
          name: 'recorded',
          steps: [{ send: { recording: out.split('/').at(-1) }, as: 'delivery' }, { send: { event: 'e1' } }],
        },
      ];
      const path = out.replace('.cm-recording.jsonl', '.cm-scenario.json');
      writeFileSync(path, JSON.stringify({ destination: { url: callback.url }, scenarios }));
      const played = await place.run('scenario', path);
      rmSync(path);
      assert.equal(played.code, 0, played.out + played.err);
      assert.equal(callback.posts.length, 5);
    } finally {
      rmSync(out, { force: true });
    }
  });

  it('record what comes until Ctrl-C, with names replaced where that is asked for', async () => {
    const ready = await place.listen().ready();
    await post(ready.campaignMonitorUrl, delivery('before@example.org'));
    const out = join(place.dataDir, 'live.cm-recording.jsonl');
    const recording = place.start([
      'record',
      '--data-dir',
      place.dataDir,
      '--live',
      '--anonymize',
      '--json',
      '--out',
      out,
    ]);
    await recording.line((line) => line.startsWith('Recording'), 'errors');
    await post(ready.campaignMonitorUrl, delivery('ada@example.org'));
    assert.equal(await recording.end('SIGINT'), 0);
    for (const [file, why] of [
      [out, /already exists/],
      [join(place.dataDir, 'nowhere', 'x'), /its folder does not exist/],
    ] as const) {
      const refused = await place.run('record', '--live', '--out', file);
      assert.deepEqual([refused.code, why.test(refused.err)], [1, true], refused.err);
    }
    assert.equal((await recording.json('recorded'))['deliveries'], 1);
    assert.doesNotMatch(readFileSync(out, 'utf8'), /ada@example\.org|before@/);
  });

  it('refuse a recording whose content type no header can hold, before anything is sent', async () => {
    const out = join(place.dataDir, '..', `odd-${process.pid}.cm-recording.jsonl`);
    const line = { atMs: 0, source: 'campaign-monitor', body: { text: delivery('a@example.org') } };
    const lines = ['application/json', 'text/plain\r\nX-Other: 1'].map((contentType) =>
      JSON.stringify({ ...line, contentType }),
    );
    writeFileSync(out, ['{"recording":"cm-relay","version":1}', ...lines, ''].join('\n'));
    try {
      const ended = await place.run('play', out, callback.url, '--as', 'delivery');
      assert.equal(ended.code, 2, ended.err);
      assert.match(ended.err, /line 3: .*not a valid header value/);
      assert.equal(callback.posts.length, 0);
    } finally {
      rmSync(out);
    }
  });

  it('say what is wrong, and what to do', async () => {
    const cases: readonly [string[], number, RegExp][] = [
      [['record', '--out', 'x'], 2, /give exactly one of these: IDs, --filter, or --live/],
      [['record', '--out', 'x', '--live', '--filter', 'a'], 2, /--live[^]*--filter|--filter[^]*--live/],
      [['play', join(place.dataDir, 'none')], 2, /cannot be read|ENOENT/],
      [['play', example, callback.url], 2, /not a cm-relay recording/],
      [['play', example, callback.url, '--speed', '0'], 2, /expected a number above 0, or max/],
    ];
    for (const [args, code, message] of cases) {
      const ended = await place.run(args[0] ?? '', ...args.slice(1));
      assert.match(ended.err, message, args.join(' '));
      assert.equal(ended.code, code, args.join(' '));
    }
  });
});
