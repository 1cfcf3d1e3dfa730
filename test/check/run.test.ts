import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandProbe, keptPage, urlProbe } from '../../src/check/probe.ts';
import { writeRecording } from '../../src/check/recording.ts';
import { runScenario, type RunContext, type ScenarioResult } from '../../src/check/run.ts';
import { scenario, type WrittenScenario } from '../../src/check/scenario.ts';
import { newRun, sourcesOf } from '../../src/check/sources.ts';
import { SecretMask } from '../../src/common/masking.ts';
import { readPlatformNotification } from '../../src/open-connectors/notification.ts';
import { freePort } from '../free-port.ts';
import { Callback } from './callback.ts';
import { ProcessWorld } from './virtual-world.ts';

const mask = new SecretMask([]);

describe('A scenario', () => {
  let callback: Callback;
  let folder: string;
  /** Addresses that the callback made contacts of. */
  let contacts: string[];

  beforeEach(async () => {
    callback = await Callback.open();
    folder = mkdtempSync(join(tmpdir(), 'cm-relay-scenario-'));
    contacts = [];
    callback.pages.set('/count', () => ({
      type: 'application/json',
      body: JSON.stringify({ count: contacts.length }),
    }));
    callback.pages.set('/contacts', () => ({ type: 'application/json', body: JSON.stringify({ contacts }) }));
    callback.answering = ({ body }) => {
      for (const address of addressesIn(body)) if (!contacts.includes(address)) contacts.push(address);
      return {};
    };
  });

  afterEach(async () => {
    await callback.close();
    rmSync(folder, { recursive: true });
  });

  function addressesIn(body: Buffer): string[] {
    const read = readPlatformNotification(body);
    return read.kind === 'notification' ? read.events.map(({ objectId }) => objectId ?? '') : [];
  }

  function context(more: Partial<RunContext> = {}): RunContext {
    return {
      target: callback.target(),
      probe: urlProbe({ url: `${callback.origin}/count`, value: 'answer.json.count', mask }),
      kept: keptPage({ url: `${callback.origin}/contacts`, mask }),
      sources: sourcesOf({ folder, fromHistory: null }),
      run: newRun('r1'),
      settling: { mostMs: 300, quietMs: 30 },
      signal: new AbortController().signal,
      ...more,
    };
  }

  /** Runs steps. @returns what came of it, the reason in English */
  async function run(
    steps: WrittenScenario['steps'],
    more: Partial<RunContext> = {},
    timeoutMs = 60_000,
  ): Promise<Omit<ScenarioResult, 'reason'> & { readonly reason: string | null }> {
    const { reason, ...rest } = await runScenario(scenario({ name: 'it', steps, timeoutMs }), context(more));
    return { ...rest, reason: reason === null ? null : reason };
  }

  const one = { sample: 'Subscribe' } as const;

  it('passes where all is as expected', async () => {
    const result = await run([
      {
        send: { sample: 'Subscribe', events: 25 },
        trouble: ['twice'],
        expect: { probe: 25, status: 200, inOrder: true },
      },
      { send: one, expect: { probe: 'after == before + events && sent == 1', kept: '.check-r1.' } },
    ]);
    assert.equal(result.reason, null);
    assert.equal(result.outcome, 'passed');
    assert.equal(callback.taken.length, 5);
  });

  it('looks through a page of as many texts as may be', async () => {
    const texts = [...Array.from({ length: 99_000 }, (_, index) => `t${index}`), 'Ada'];
    for (const body of [texts, Object.fromEntries(texts.map((text) => [text, text]))]) {
      callback.pages.set('/contacts', () => ({ type: 'application/json', body: JSON.stringify(body) }));
      assert.equal((await run([{ send: one, expect: { kept: 'Ada' } }])).reason, null);
    }
  });

  it('unfolds no probe or page to more values than it may have', async () => {
    const body = `[${'{},'.repeat(500_000)}{}]`;
    callback.pages.set('/count', () => ({ type: 'application/json', body }));
    callback.pages.set('/contacts', () => ({ type: 'application/json', body }));
    const expressed = urlProbe({ url: `${callback.origin}/count`, value: 'size(answer.json)', mask });
    const { outcome, steps } = await run([{ send: one, expect: { probe: 1, kept: 'x' } }], { probe: expressed });
    assert.equal(outcome, 'undecided');
    const said = steps[0]?.findings.slice(1).map(({ actual }) => actual.replace(callback.origin, ''));
    assert.deepEqual(said, [
      'the page /contacts returned more than 100000 values',
      'the contact count /count returned more than 100000 values',
    ]);
  });

  it('fails where an answer, the probe or what is kept is another, and says both', async () => {
    callback.answering = () => ({ status: 503, body: 'no room' });
    const status = await run([{ send: one }]);
    assert.equal(status.outcome, 'failed');
    assert.equal(status.reason, 'the answer: expected 2xx, got 503');
    callback.answering = () => ({});
    assert.equal(
      (await run([{ send: one, expect: { probe: 1 } }])).reason,
      'contacts: expected +1, got no change (from 0 to 0)',
    );
    assert.match(
      (await run([{ send: one, expect: { kept: 'X{{run}}' } }])).reason ?? '',
      /expected "Xcheck-r1", got a page without/,
    );
  });

  it('finds nothing as expected where nothing listens, and asks nobody what became of it', async () => {
    const target = callback.target({ url: new URL(`http://127.0.0.1:${await freePort()}/`) });
    const three = { sample: 'Subscribe', events: 3 } as const;
    const { outcome, steps } = await run(
      [
        { name: 'the attempt', send: one, expect: { status: 'any' } },
        { send: { again: 'the attempt' }, expect: { probe: 0 } },
        { send: three, trouble: ['split'], expect: { status: '4xx', inOrder: true, kept: 'Ada', probe: 0 } },
        { repeat: { times: 2 }, steps: [{ send: one }], expect: { p99Ms: 1000 } },
      ],
      { target },
    );
    assert.equal(outcome, 'failed');
    const findings = steps.flatMap((step) => step.findings);
    assert.deepEqual([...new Set(findings.map(({ verdict }) => verdict))], ['unmet']);
    assert.deepEqual(
      findings.map(({ what }) => what),
      ['the answer', 'the answer', 'the answers', 'the answers', '99th-percentile answer time (p99)'],
    );
  });

  it('says of a page that was broken before that it is, and of one that it broke what it is without', async () => {
    let isBroken = false;
    callback.pages.set('/contacts', () => ({ type: 'application/json', body: isBroken ? '{"contacts":["a' : '[]' }));
    callback.answering = () => {
      isBroken = true;
      return {};
    };
    const steps = [{ send: one, expect: { kept: 'Ada' } }];
    const first = await run(steps);
    assert.equal(first.outcome, 'failed');
    assert.match(first.reason ?? '', /a page of truncated or invalid JSON, without "Ada"/);
    const second = await run(steps);
    assert.match(second.reason ?? '', /expected "Ada", got a page without "Ada"$/);
    const { cause } = second.steps[0]?.findings.find((finding) => finding.cause !== undefined) ?? {};
    assert.match(cause ?? '', /^the page http:\/\/127\.0\.0\.1:\d+\/contacts is marked as JSON/);
  });

  it('asks conditions in CEL about each answer', async () => {
    callback.answering = () => ({ status: 202, body: '{"taken":1}', headers: { 'X-Queue': 'mail' } });
    const met = await run([
      {
        send: one,
        expect: {
          answer: [
            'answer.status == 202 && answer.json.taken == 1',
            'answer.headers["x-queue"] == "mail"',
            'answer.attempts == 1',
          ],
        },
      },
    ]);
    assert.equal(met.reason, null);
    const unmet = await run([{ send: one, expect: { answer: 'answer.json.taken == 2' } }]);
    assert.equal(unmet.reason, 'a condition: expected answer.json.taken == 2, got 202, {"taken":1}');
  });

  it('sees what is made twice a little later', async () => {
    const world = new ProcessWorld();
    callback.answering = ({ body }) => {
      const [address = ''] = addressesIn(body);
      contacts.push(address);
      void world.wait(100).then(() => contacts.push(address));
      return {};
    };
    const settling = { mostMs: 300, quietMs: 200 };
    const probe = world.probeOf(context().probe!);
    const result = await world.run(() => run([{ send: one, expect: { probe: 1 } }], { settling, probe, world }));
    assert.equal(result.reason, 'contacts: expected +1, got +2 (from 0 to 2)');
  });

  it('waits as long again where the number changes late', async () => {
    const quietMs = 100;
    const world = new ProcessWorld();
    let late = 0;
    // Nothing for longer than it has to stay so; then what is expected, and twice that a question later.
    const read = (): Promise<number> => Promise.resolve(world.now() < 3 * quietMs ? 0 : (late = Math.min(late + 1, 2)));
    const more = { probe: { read }, settling: { mostMs: 600, quietMs }, world };
    const result = await world.run(() => run([{ send: one, expect: { probe: 1 } }], more));
    assert.equal(result.outcome, 'failed');
  });

  it('tries again as the relay does, and counts the attempts', async () => {
    callback.answering = (_, index) => ({ status: index === 0 ? 500 : 200 });
    const step = { send: one, retry: 'fast', expect: { attempts: 2 } } as const;
    assert.equal((await run([step])).outcome, 'passed');
    callback.answering = () => ({ status: 400 });
    assert.match(
      (await run([{ ...step, expect: { status: 400, attempts: 2 } }])).reason ?? '',
      /attempts: expected 2, got 1/,
    );
  });

  it('takes for p50 the answer within which half of them came', async () => {
    const result = await run([{ repeat: { times: 2 }, steps: [{ send: one }] }]);
    const [step] = result.steps;
    const times = step?.examples.map(({ attempts }) => attempts[0]?.ms ?? 0) ?? [];
    assert.deepEqual([step?.p50Ms, step?.p99Ms], [Math.min(...times), Math.max(...times)]);
  });

  it('leaves undecided what nobody can tell', async () => {
    const without = await run([{ send: one, expect: { probe: 1 } }], { probe: null });
    assert.equal(without.outcome, 'undecided');
    assert.match(without.reason ?? '', /no contact count was set up/);
    callback.pages.set('/count', () => ({ type: 'text/plain', body: 'many' }));
    assert.equal((await run([{ send: one, expect: { probe: 1 } }])).outcome, 'undecided');
    callback.pages.set('/contacts', () => ({ type: 'text/plain', body: 'Ada', status: 500 }));
    const { outcome, reason } = await run([{ send: one, expect: { kept: 'Ada' } }]);
    assert.equal(outcome, 'undecided');
    assert.match(reason ?? '', /\/contacts answered 500/);
  });

  it('ends when its time is up, and when nothing listens', async () => {
    callback.answering = () => null;
    assert.equal((await run([{ send: one }], {}, 100)).reason, 'the time limit of 100 ms was exceeded');
    const url = new URL(`http://127.0.0.1:${await freePort()}/`);
    const gone = await run([{ send: one }], { target: callback.target({ url }) });
    assert.equal(gone.isUnreachable, true);
    assert.match(gone.reason ?? '', /the answer: expected 2xx, got connect ECONNREFUSED/);
  });

  it('is given up by the signal', async () => {
    callback.answering = () => null;
    const stop = new AbortController();
    const going = run([{ send: one }], { signal: stop.signal });
    await callback.received(1);
    stop.abort(new Error('enough'));
    await assert.rejects(going, /enough/);
  });

  describe('that takes files', () => {
    const event = { Type: 'Subscribe', EmailAddress: 'file@example.org', Date: '2026-01-15 09:30:00' };
    const delivery = { ListID: 'aa', Events: [event] };

    it('sends deliveries, exported fixtures and recordings', async () => {
      const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
      write('plain.json', JSON.stringify(delivery));
      write(
        'plain.xml',
        '<Webhook><ListID>aa</ListID><Events><Event><Type>Subscribe</Type><EmailAddress>xml@example.org</EmailAddress></Event></Events></Webhook>',
      );
      const exported = {
        fixture: 'cm-relay',
        version: 1,
        deliveries: [{ source: 'campaign-monitor', format: 'json', body: delivery }],
      };
      write('exported.json', JSON.stringify(exported));
      const recorded = {
        atMs: 0,
        source: 'campaign-monitor',
        contentType: 'application/json',
        body: Buffer.from(JSON.stringify(delivery)),
      } as const;
      write('it.cm-recording.jsonl', [...writeRecording([recorded, recorded], new Date(0))].join(''));
      const result = await run([
        { send: { fixture: 'plain.json' } },
        { send: { fixture: 'plain.xml' } },
        { send: { fixture: 'exported.json' } },
        { send: { recording: 'it.cm-recording.jsonl' } },
      ]);
      assert.equal(result.reason, null);
      const sent = callback.taken.flatMap(({ body }) => addressesIn(body));
      assert.deepEqual(
        sent,
        ['file', 'xml', 'file', 'file', 'file'].map((name) => `${name}@example.org`),
      );
    });

    it('reads nothing outside its folder, by a path or by a link', async () => {
      const inner = join(folder, 'inner');
      mkdirSync(inner);
      writeFileSync(join(folder, 'outer.json'), JSON.stringify(delivery));
      symlinkSync(join(folder, 'outer.json'), join(inner, 'link.json'));
      const sources = sourcesOf({ folder: inner, fromHistory: null });
      for (const fixture of ['../outer.json', join(folder, 'outer.json'), 'link.json']) {
        const { reason, outcome } = await run([{ send: { fixture } }], { sources });
        assert.equal(outcome, 'failed');
        assert.match(reason ?? '', /outside the scenario folder/);
      }
      assert.match((await run([{ send: { fixture: 'none.json' } }])).reason ?? '', /none\.json doesn’t exist/);
      assert.equal(callback.taken.length, 0);
    });

    it('sends no dot file and nothing of a dot folder, by a path or by a link', async () => {
      mkdirSync(join(folder, '.git'));
      for (const name of ['.env', '.npmrc.json', '.git/config.json']) {
        writeFileSync(join(folder, name), JSON.stringify(delivery));
      }
      symlinkSync('.env', join(folder, 'plain.json'));
      symlinkSync('.git', join(folder, 'plain'));
      for (const fixture of ['.env', './.npmrc.json', '.git/config.json', 'plain.json', 'plain/config.json']) {
        const { reason } = await run([{ send: { fixture }, as: 'delivery' }]);
        assert.match(reason ?? 'sent', /it’s a dot file or is in a dot folder/, fixture);
      }
      assert.equal(callback.taken.length, 0);
    });

    it('sends no file that is no delivery, in whatever shape', async () => {
      const files = {
        'package.json': '{"name":"it","token":"a secret"}',
        'credentials.json': '[{"private_key":"a secret"}]',
        'settings.xml': '<settings><password>a secret</password></settings>',
        'empty.json': '{"ListID":"aa","Events":[]}',
        'notes.txt': 'a secret',
      };
      for (const [fixture, text] of Object.entries(files)) {
        writeFileSync(join(folder, fixture), text);
        for (const as of ['delivery', 'notification', 'platform', 'older'] as const) {
          assert.equal((await run([{ send: { fixture }, as }])).outcome, 'failed', `${fixture} as ${as}`);
        }
      }
      assert.equal(callback.taken.length, 0);
    });
  });

  it('makes nothing of what would be too much, and says what to do', async () => {
    const fourTimes = ['twice', 'twice', 'twice', 'twice'] as const;
    const doubled = {
      send: { sample: 'Subscribe', events: 1000 },
      trouble: ['split', ...fourTimes],
    } as const;
    const { outcome, reason } = await run([{ ...doubled, trouble: [...doubled.trouble], as: 'older' }]);
    assert.equal(outcome, 'failed');
    assert.match(reason ?? '', /^a step with 16000 requests .* exceeds the limit of 10000 requests\. Use larger parts/);
    const again = { send: { again: 'first' }, trouble: fourTimes } as const;
    const first = {
      name: 'first',
      send: { sample: 'Subscribe', events: 700 },
      partSize: 1,
      as: 'older',
      atOnce: 20,
    } as const;
    const result = await run([first, { ...again, trouble: [...again.trouble] }]);
    assert.match(result.reason ?? '', /^a step with 11200 requests /);
    assert.equal(callback.taken.length, 700);
  });

  it('makes no more of a recording in all than may be held, where each delivery would be made longer', async () => {
    const depth = 500;
    const text = `${'['.repeat(depth)}${'1,'.repeat(2000)}1${']'.repeat(depth)}`;
    const one = { atMs: 0, source: 'open-connectors', contentType: 'application/json' } as const;
    const deliveries = Array.from({ length: 60 }, () => ({ ...one, body: Buffer.from(text) }));
    writeFileSync(join(folder, 'long.jsonl'), [...writeRecording(deliveries, new Date())].join(''));
    const { reason } = await run([{ send: { recording: 'long.jsonl' }, as: 'delivery', trouble: ['escaped'] }]);
    assert.match(reason ?? '', /^long\.jsonl: "escaped" could expand the delivery to more than 64 MB/);
    assert.equal(callback.taken.length, 0);
  });

  it('keeps of what was sent a few examples, and of a long body its beginning', async () => {
    const Name = 'n'.repeat(100_000);
    const delivery = { ListID: 'aa', Events: [{ Type: 'Subscribe', EmailAddress: 'a@example.org', Name }] };
    const { steps } = await run([
      { send: { delivery }, as: 'delivery' },
      { repeat: { times: 30 }, steps: [{ send: one }, { send: one, expect: { status: 404 } }] },
    ]);
    const [long, repeated] = steps;
    const { body, bytes } = long?.examples[0]?.message ?? assert.fail();
    assert.deepEqual([body.byteLength, bytes], [65_536, JSON.stringify(delivery).length]);
    assert.equal(repeated?.sent, 60);
    assert.ok(repeated.examples.length <= 5);
    assert.equal(repeated.findings.filter(({ verdict }) => verdict === 'unmet').length, 5);
  });

  it('says nothing of a credential in the URL of a probe or page that says it back', async () => {
    const path = '/count?token=horse-staple';
    callback.pages.set(path, () => ({ type: 'text/plain', body: `no such path: ${path}` }));
    const probe = urlProbe({ url: `${callback.origin}${path}`, mask });
    await assert.rejects(probe.read(new AbortController().signal), (error: Error) => {
      assert.match(error.message, /no such path: \/count\?token=\*{8}$/);
      return true;
    });
  });

  it('asks a probe that is a program', async () => {
    const count = commandProbe(
      [process.execPath, '-e', `fetch("${callback.origin}/count").then(r => r.json()).then(j => console.log(j.count))`],
      folder,
      mask,
    );
    const met = await run([{ send: one, expect: { probe: 1 } }], {
      probe: count,
      settling: { mostMs: 5000, quietMs: 0 },
    });
    assert.equal(met.reason, null);
    const broken = commandProbe('echo wrong >&2; exit 3', folder, mask);
    const result = await run([{ send: one, expect: { probe: 1 } }], { probe: broken });
    assert.match(result.reason ?? '', /exited with 3: wrong/);
  });
});
