import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { scenarioFile, testFile, type TestFileParts } from '../../../src/extension/event-actions/test-file.ts';
import { hostileDelivery } from '../../export/hostile-json.ts';
import { temporaryFolder } from '../../relay/afterward.ts';
import { startReceiver } from '../../relay/receiver.ts';
import { SecretMask } from '../../../src/common/masking.ts';
import { runScenario } from '../../../src/check/run.ts';
import { expressionsOfFile } from '../../../src/check/scenario-expressions.ts';
import { readScenarioText } from '../../../src/check/scenario-file.ts';
import { newRun, sourcesOf } from '../../../src/check/sources.ts';
import { toFixture } from '../../../src/export/fixture.ts';
import type { ExportItem } from '../../../src/export/item.ts';
import type { EventRow } from '../../../src/protocol/history.ts';
import { eventRow } from '../events/rows.ts';
import { sampleBody } from '../../relay/stage.ts';

const mocha = join(dirname(createRequire(import.meta.url).resolve('mocha/package.json')), 'bin', 'mocha.js');

/** Runs a file under plain mocha and Node. */
function run(text: string, env: NodeJS.ProcessEnv = {}): Promise<{ code: number; output: string }> {
  const file = join(temporaryFolder(), 'made.test.mjs');
  writeFileSync(file, text);
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [mocha, '--no-config', file],
      { cwd: dirname(file), env: { PATH: process.env['PATH'], ...env } },
      (error, stdout, stderr) => resolve({ code: error === null ? 0 : 1, output: stdout + stderr }),
    );
  });
}

function parts(given: Partial<TestFileParts>): TestFileParts {
  return {
    subject: 'The callback',
    title: 'takes Subscribe test@example.org',
    comment: 'Made of e1',
    url: 'http://127.0.0.1:3000/callback',
    headers: [['Content-Type', 'application/json']],
    body: Buffer.from('{}'),
    replaced: false,
    ...given,
  };
}

describe('A test made of an event', function () {
  this.timeout(180_000);

  it('runs under plain mocha, posts the very bytes and passes where the handler takes them', async () => {
    const receiver = await startReceiver();
    const body = readFileSync(new URL('../../fixtures/campaign-monitor/subscribe.json', import.meta.url));
    const { code, output } = await run(
      testFile(
        parts({
          url: receiver.url,
          body,
          headers: [
            ['Content-Type', 'application/json; charset=utf-8'],
            ['Elements-Webhook-Signature', 'sha256=abc='],
            ['Content-Length', '7'],
            // fetch refuses the first two.
            ['Expect', '100-continue'],
            ['Upgrade', 'h2c'],
            ['Host', 'relay.example.org'],
          ],
        }),
      ),
    );
    assert.equal(code, 0, output);
    assert.match(output, /takes Subscribe test@example\.org/);
    const [request] = await receiver.received(1);
    assert.deepEqual(request?.body, body);
    assert.equal(request.header('elements-webhook-signature'), 'sha256=abc=');
  });

  it('holds nothing personal where that is replaced, and no signature that does not fit', async () => {
    const receiver = await startReceiver();
    const event = { Type: 'Update', EmailAddress: 'jane.real@example.org', Name: 'Jane Real' };
    const object = { eventType: 'UPDATED', objectId: 'jane.real@example.org' };
    const message = { raw: { ListID: 'a58ee1d3039b8bec838e6d1482a8a965', Events: [event] }, events: [object] };
    const text = testFile(
      parts({
        url: receiver.url,
        title: 'takes Update',
        body: Buffer.from(JSON.stringify({ message })),
        headers: [
          ['Content-Type', 'application/json'],
          ['elements-webhook-signature', 'sha256=abc='],
        ],
        replaced: true,
      }),
    );
    assert.doesNotMatch(text, /jane|real|sha256/i);
    const { code, output } = await run(text, { CALLBACK_ELEMENTS_WEBHOOK_SIGNATURE: 'mine' });
    assert.equal(code, 0, output);
    const [request] = await receiver.received(1);
    assert.equal(request?.header('elements-webhook-signature'), 'mine');
    const sent = JSON.parse(request.text) as { message: typeof message };
    assert.equal(sent.message.events[0]?.eventType, 'UPDATED');
    assert.equal(sent.message.events[0].objectId, sent.message.raw.Events[0]?.EmailAddress);
  });

  it('holds any body to the byte', () => {
    const bodies = fc.oneof(
      fc.json().map((text) => Buffer.from(text)),
      fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)),
      fc.uint8Array().map((bytes) => Buffer.from(bytes)),
      fc
        .constantFrom('{"__proto__":1}', '"\u2028"', '{"a": 1}', '{"2":1,"1":2}', "it's \\ ${x} `")
        .map((text) => Buffer.from(text)),
    );
    fc.assert(
      fc.property(bodies, (body) => {
        const text = testFile(parts({ body }));
        const expression = text.slice(text.indexOf('const body = ') + 13, text.indexOf(';\n\ndescribe('));
        const made = runInNewContext(expression, { Buffer }) as string | Buffer;
        assert.deepEqual(Buffer.from(made as string), body);
      }),
    );
  });

  it('holds nothing from outside as code', async () => {
    const hostile = fc
      .array(
        fc.oneof(
          fc.constantFrom(
            'canary()',
            "'; canary(); '",
            '"; canary(); "',
            '${canary()}',
            '`',
            '\\',
            "\\'",
            '*/ canary(); /*',
            '//',
            '\ncanary();',
            '\r\ncanary();',
            '\rcanary();',
            '\u2028canary();',
            '\u2029canary();',
            '\u202e',
            '\ufeff',
            '<!-- canary();',
            '</script>',
            '{"__proto__":{"toJSON":1}}',
            '{"a":',
            '}',
          ),
          fc.string({ unit: 'binary', maxLength: 6 }),
        ),
        { maxLength: 5 },
      )
      .map((pieces) => pieces.join(''));
    const bodies = fc.oneof(
      hostile.map((text) => Buffer.from(text)),
      hostile.map((text) => Buffer.from(JSON.stringify({ [text]: [text] }))),
      hostileDelivery.map((text) => Buffer.from(text)),
    );
    await fc.assert(
      fc.asyncProperty(
        hostile,
        hostile,
        hostile,
        fc.array(fc.tuple(hostile, hostile), { maxLength: 2 }),
        bodies,
        async (title, comment, url, headers, body) => {
          const text = testFile(parts({ title, comment, url, headers, body }));
          assert.ok(text.length <= 7 * (body.length + title.length + comment.length) + 80_000);
          const said: string[] = [];
          let sent: { headers: [string, string][]; body: string | Buffer } | undefined;
          const tests: (() => Promise<void>)[] = [];
          runInNewContext(text.replace("import assert from 'node:assert/strict';", ''), {
            assert,
            Buffer,
            process: { env: {} },
            describe: (subject: string, define: () => void) => {
              said.push(subject);
              define();
            },
            it: (named: string, test: () => Promise<void>) => {
              said.push(named);
              tests.push(test);
            },
            fetch: (_: string, request: typeof sent) => {
              sent = request;
              return Promise.resolve({ ok: true, status: 200, text: () => Promise.resolve('') });
            },
            canary: () => assert.fail('code ran'),
          });
          for (const test of tests) await test();
          assert.deepEqual(said, ['The callback', title]);
          assert.deepEqual(Buffer.from(sent?.body as string), body);
          const sending = /^(?:connection|content-length|host|keep-alive|transfer-encoding)$/i;
          assert.deepEqual(
            Array.from(sent?.headers ?? [], ([name, value]) => [name, value]),
            headers.filter(([name]) => !sending.test(name)),
          );
        },
      ),
      { numRuns: 300 },
    );
  });
});

function row(given: Partial<EventRow>): EventRow {
  return eventRow(1, given);
}

async function fixtureOf(...bodies: string[]): Promise<string> {
  const items = bodies.map((body, index) => ({
    delivery: { id: `d${index + 1}`, source: 'campaign-monitor', receivedAt: '', httpStatus: 200 },
    headers: [['Content-Type', 'application/json']],
    body: Buffer.from(body),
    events: [],
    notifications: [],
    webhookEndpoint: null,
  }));
  let text = '';
  for await (const piece of toFixture(items as unknown as ExportItem[])) text += piece;
  return text;
}

describe('A scenario made of a selection', () => {
  it('holds the chosen events of a delivery, replaced, and sends them', async () => {
    const body = sampleBody({ events: 3, email: 'real.person@company.example' });
    const rows = [
      row({ id: 'e1', inDelivery: { position: 1, of: 3 } }),
      row({ id: 'e3', inDelivery: { position: 3, of: 3 } }),
    ];
    const text = scenarioFile('takes two', rows, await fixtureOf(body));
    assert.doesNotMatch(text, /real\.person/);
    const file = readScenarioText(text);
    for (const read of expressionsOfFile(file)) read();
    const receiver = await startReceiver();
    const result = await runScenario(file.scenarios[0]!, {
      target: {
        url: new URL(receiver.url),
        headers: [],
        signatureKey: undefined,
        timeoutMs: 10_000,
        insecureTls: false,
        mask: new SecretMask([]),
      },
      probe: null,
      kept: null,
      sources: sourcesOf({ folder: null, fromHistory: null }),
      run: newRun(),
      settling: { mostMs: 100, quietMs: 10 },
      signal: new AbortController().signal,
    });
    assert.equal(result.outcome, 'passed', JSON.stringify(result.reason));
    const [sent] = await receiver.received(1);
    const { message } = JSON.parse(sent!.body.toString()) as { message: { events: unknown[] } };
    assert.equal(message.events.length, 2);
  });

  it('names by its id what a scenario cannot hold: XML, test calls, what the platform sent', async () => {
    const rows = [row({}), row({ id: 'e2', deliveryId: 'd2', kind: 'test', type: null })];
    const text = scenarioFile('takes them', rows, await fixtureOf('<Events/>', '{"Events":[]}'));
    assert.deepEqual(
      readScenarioText(text).scenarios[0]?.steps.map((step) => ('send' in step ? step.send : step)),
      [{ event: 'd1' }, { event: 'd2' }],
    );
  });
});
