import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formerCommands, presentLine } from '../../src/cli/former-spellings.ts';
import { commandsOf, createProgram } from '../../src/cli/program.ts';
import { Callback, delivery, post, run, Workplace } from './harness.ts';
import type { Ended } from './harness.ts';

/** Nothing listens there. */
const nowhere = 'http://127.0.0.1:9';

/** Lines as they were written before, and as they are now. FOLDER has a file of scenarios that sends to {@link nowhere}. */
const former: readonly (readonly [before: string, now: string])[] = [
  ['hold', 'debug pause'],
  ['hold --json', 'debug pause --json'],
  ['step', 'debug step'],
  ['step e12', 'debug step e12'],
  ['continue', 'debug continue'],
  [
    'break add --at failed-attempt --condition type:update --hits ==3 --on-failure pass',
    'debug break add --at failed-attempt --condition type:update --hits ==3 --on-failure pass',
  ],
  ['break --condition list add', 'debug break add --condition list'],
  ['break list --json', 'debug break list --json'],
  ['break remove b1', 'debug break remove b1'],
  ['break remove --all', 'debug break remove --all'],
  ['discard e1 d2', 'debug discard e1 d2'],
  ['discard --waiting', 'debug discard --waiting'],
  ['replay e1 n2', 'resend e1 n2'],
  ['replay --failed --to http://127.0.0.1:9/x', 'resend --failed --to http://127.0.0.1:9/x'],
  [
    'replay --filter address:jane@example.org --wait --timeout 30',
    'resend --filter address:jane@example.org --wait --timeout 30',
  ],
  ['body', 'instances body'],
  [
    'body --name N --list 4fe1bdcf8e2d6f3a90c5b7d1a2e3f405 --no-events --tag T --code C',
    'instances body --name N --list 4fe1bdcf8e2d6f3a90c5b7d1a2e3f405 --no-events --tag T --code C',
  ],
  ['subscribe jane@example.org --list a1 --host HOST', 'sandbox subscribe jane@example.org --list a1 --host HOST'],
  ['sandbox start --port x', 'sandbox --port x'],
  ['sandbox --port x stop', 'sandbox stop --port x'],
  ['sandbox --port 9 stop', 'sandbox stop --port 9'],
  ['webhooks --list a1 --host HOST list', 'webhooks list --list a1 --host HOST'],
  ['webhooks --list a1 remove abc --yes --host HOST', 'webhooks remove abc --list a1 --yes --host HOST'],
  ['scenario run FOLDER/one.cm-scenario.json', 'scenario FOLDER/one.cm-scenario.json'],
  [
    'scenario --to http://127.0.0.1:9 run FOLDER/one.cm-scenario.json --settle 250',
    'scenario FOLDER/one.cm-scenario.json --to http://127.0.0.1:9 --stable-for 0.25',
  ],
  ['check --list', 'check --list-checks'],
  [
    'check HOST --only speed --answer-within 1500 --settle 5000',
    'check HOST --only speed --max-answer-time 1.5 --stable-for 5',
  ],
  ['sandbox --keep-alive-minutes 1 --port x', 'sandbox --keep-alive 60 --port x'],
  ['stop --held drop', 'stop --held discard'],
  ['help hold', 'debug pause --help'],
  ['help break', 'debug break --help'],
];

/** Spellings of before that are those of now. */
const staying = [
  'events --filter type:update --limit 2 --json',
  'show e1 --attempts',
  'trigger subscribe --count 1 --batch 2 --list ID --email a@example.org --seed 1',
  'export e1 --as fixture',
  'export --filter state:failed --as curl',
  'wait --filter state:sent --count 2 --timeout 0 --json',
  'url --local',
  'status --json',
  'stop',
  'sandbox stop',
  'webhooks register --list a1 --host HOST',
  'webhooks remove --list a1 --host HOST',
  'instances create --name ci --basic --list 4fe1bdcf8e2d6f3a90c5b7d1a2e3f405 --callback-url https://example.org/x',
  'instances list',
  'instances delete 1 --yes',
];

describe('Spellings of the terminal that were replaced', function () {
  this.timeout(180_000);
  let folder: string;
  const program = createProgram();
  const environment = {
    CAMPAIGN_MONITOR_API_KEY: 'key',
    OPEN_CONNECTORS_HOST: nowhere,
    OPEN_CONNECTORS_USER_SECRET: 'user',
    OPEN_CONNECTORS_ORGANIZATION_SECRET: 'organization',
  };
  const words = (line: string): string[] =>
    line.split(' ').map((word) => word.replace('FOLDER', folder).replace('HOST', nowhere));

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'cm-relay-former-'));
    const steps = [{ send: { sample: 'Subscribe' }, expect: { status: 200 } }];
    const scenarios = { destination: { url: nowhere }, scenarios: [{ name: 'one', steps }] };
    writeFileSync(join(folder, 'one.cm-scenario.json'), JSON.stringify(scenarios));
  });

  after(() => rmSync(folder, { recursive: true }));

  /** What a line comes to, without what differs each time. */
  async function outcome(line: string, data: string): Promise<Omit<Ended, 'bytes'>> {
    const { code, out, err } = await run([...words(line), '--data-dir', join(folder, data)], environment);
    const same = (text: string): string =>
      text.replaceAll(/check-\w+|run ID \w+|[\d.]+ m?s\b/g, '…').replaceAll(join(folder, data), 'DATA');
    return { code, out: same(out), err: same(err) };
  }

  for (const [before, now] of former) {
    it(`come to what is written now: ${before}`, async () => {
      const came = await outcome(now, 'now');
      assert.deepEqual(await outcome(before, 'before'), came);
      // Otherwise it would be the same mistake.
      assert.equal(came.code === 2, now.endsWith('--port x'), came.err);
    });
  }

  for (const line of staying) {
    it(`and others are as they were: ${line}`, async () => {
      const [{ code, err }, { code: before }] = await Promise.all([
        run([...words(line), '--data-dir', join(folder, 'data')], environment),
        run(['--data-dir', join(folder, 'data'), ...words(line)], environment),
      ]);
      assert.ok(code === 0 || code === 1, err);
      assert.equal(before, code);
    });
  }

  it('hold, step, release, stop and send again what a relay has', async () => {
    const callback = await Callback.open();
    const place = new Workplace();
    try {
      const { campaignMonitorUrl } = await place.listen(['--forward-to', callback.url]).ready();
      const did = async (...line: string[]): Promise<string> => {
        const { code, out, err } = await run([...line, '--data-dir', place.dataDir]);
        assert.equal(code, 0, err);
        return out;
      };
      await did('hold');
      for (const name of ['a', 'b', 'c']) await post(campaignMonitorUrl, delivery(`${name}@example.org`));
      await did('wait', '--filter', 'state:held', '--count', '3');
      await did('step');
      await callback.received(1);
      await did('discard', 'e3');
      await did('continue');
      await callback.received(2);
      assert.match(await did('break', 'add', '--condition', 'type:update'), /^b1 /);
      assert.match(await did('break', 'list', '--json'), /"id":"b1"/);
      assert.match(await did('break', 'remove', '--all'), /^Removed: b1/);
      assert.match(await did('replay', 'e1', '--wait'), /1 sent/);
      await callback.received(3);
    } finally {
      await place.close();
      await callback.close();
    }
  });

  it('are in no help', () => {
    const names = commandsOf(program).map(({ words: path }) => path.join(' '));
    for (const [before, now] of Object.entries(formerCommands)) {
      assert.ok(!names.includes(before), before);
      assert.ok(names.includes(now), now);
    }
    const hidden = commandsOf(program).flatMap(({ command }) => {
      const flags = command.options.filter((option) => option.hidden).map(({ long }) => long ?? '');
      const help = command.helpInformation();
      for (const flag of flags) assert.doesNotMatch(help, new RegExp(`${flag}(?![\\w-])`), command.name());
      return flags;
    });
    assert.deepEqual(hidden.toSorted(), ['--answer-within', '--keep-alive-minutes', '--list', '--settle', '--settle']);
  });

  it('set what the present flag sets', () => {
    for (const { command } of commandsOf(program)) {
      for (const option of command.options.filter(({ hidden }) => hidden)) {
        const others = command.options.filter((each) => !each.hidden);
        assert.ok(
          others.some((each) => each.attributeName() === option.attributeName()),
          option.flags,
        );
      }
    }
  });

  it('leave a line alone that has none', () => {
    for (const line of [
      [],
      ['--version'],
      ['nothing', 'hold'],
      ['events', '--', 'hold'],
      ['scenario', '--only', 'run'],
    ])
      assert.deepEqual(presentLine(line, program), line);
  });
});
