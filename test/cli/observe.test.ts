import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../free-port.ts';
import { until } from '../relay/until.ts';
import { startHarness } from '../sandbox/harness.ts';
import type { Harness } from '../sandbox/harness.ts';
import { platformOf } from '../sandbox/open-connectors/platform.ts';
import type { Platform } from '../sandbox/open-connectors/platform.ts';
import { startReceiver } from '../sandbox/receiver.ts';
import { hasTerminal, run, terminal, Workplace } from './harness.ts';
import type { Ended, Running } from './harness.ts';

type Line = Record<string, unknown>;

function lines({ out }: Ended): Line[] {
  return out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
}

describe('cm-relay observe', function () {
  this.timeout(120_000);
  let sandbox: Harness;
  let platform: Platform;
  let workplace: Workplace;
  let listId: string;

  beforeEach(async () => {
    sandbox = await startHarness({ retryDelaysMs: [30, 60], notificationRetryDelaysMs: [30, 60] });
    platform = platformOf(sandbox);
    workplace = new Workplace();
    listId = await newList();
  });
  afterEach(async () => {
    await workplace.close();
    await sandbox.close();
  });

  const newList = async (more: object = {}): Promise<string> => {
    const { clientId } = sandbox.sandbox.lists[0]!;
    const made = await sandbox.api('POST', `/lists/${clientId}.json`, { Title: 'For observations', ...more });
    return made.body as string;
  };
  const environment = (): NodeJS.ProcessEnv => {
    const { campaignMonitor, openConnectors } = sandbox.sandbox.credentials;
    return {
      CAMPAIGN_MONITOR_API_KEY: campaignMonitor.apiKey,
      OPEN_CONNECTORS_USER_SECRET: openConnectors.userSecret,
      OPEN_CONNECTORS_ORGANIZATION_SECRET: openConnectors.organizationSecret,
      // Of its own, so that --apply reaches no sandbox of another spec's.
      XDG_STATE_HOME: join(workplace.dataDir, 'state'),
    };
  };
  const line = (args: readonly string[]): string[] => [
    ...['observe', '--data-dir', join(workplace.dataDir, 'data'), '--host', sandbox.sandbox.campaignMonitorApi],
    ...args,
  ];
  const usual = (list = listId): string[] => ['--list', list, '--domain', 'test.example.org'];
  const observe = (...args: string[]): Promise<Ended> => run(line(args), environment());
  const start = (...args: string[]): Running => workplace.start(line(args), environment());
  const hooks = async (list = listId): Promise<string[]> => platform.webhooks(list);
  const active = async (): Promise<number> =>
    ((await sandbox.api('GET', `/lists/${listId}/active.json`)).body as { TotalNumberOfRecords: number })
      .TotalNumberOfRecords;
  const callback = async (id: number): Promise<string | undefined> =>
    ((await platform.api('GET', `/instances/${id}`)).body as { configuration: Record<string, string> }).configuration[
      'event.notification.callback.url'
    ];

  it('says what it will do, watches both ends, reports without anybody’s data, and leaves nothing behind', async () => {
    await platform.control('PATCH', '/settings', { mapping: { objectType: 'people' } });
    const { id } = await platform.create({ 'events.list.ids': listId });
    const [hook] = await hooks();
    const files = ['report.md', 'report.json'].map((name) => join(workplace.dataDir, name)) as [string, string];
    const outs = files.flatMap((file) => ['--out', file]);
    const ended = await observe(...usual(), '--instance', String(id), '--for', '0.5', '--yes', '--json', ...outs);
    assert.equal(ended.code, 0, ended.err);
    assert.match(
      ended.err,
      /^This is what will happen to list For observations \([0-9a-f]{32}\):\n {2}- Up to 6 webhooks/,
    );
    assert.match(ended.err, /Instance API Instance \(\d+\) watches the list and posts to this command instead of 127/);
    const judged = lines(ended);
    const last = judged.pop();
    assert.equal(judged.find((each) => each['id'] === 'object-type')?.['state'], 'refuted');
    assert.equal(judged.find((each) => each['id'] === 'raw')?.['state'], 'confirmed');
    assert.deepEqual([last?.['type'], last?.['withInstance'], last?.['endedEarly']], ['observed', true, false]);

    const [report, json] = files.map((file) => readFileSync(file, 'utf8')) as [string, string];
    assert.match(
      report,
      /## Refuted\n\n(?:.*\n)*- \*\*object-type\*\*: `objectType` is `contacts`\n {2}- Found: objectType is people/,
    );
    assert.equal((JSON.parse(json) as { assumptions: unknown[] }).assumptions.length, judged.length);
    if (process.platform !== 'win32') assert.equal(statSync(files[0]).mode & 0o777, 0o600);
    for (const secret of ['test.example.org', '@', '/hooks/', 'sandbox-api-key', listId]) {
      for (const text of [report, json, ended.out]) assert.ok(!text.includes(secret), secret);
    }
    assert.deepEqual([await hooks(), await active(), await callback(id)], [[hook], 0, 'http://127.0.0.1:9/hook']);
    assert.ok(!existsSync(join(workplace.dataDir, 'data', 'observation.json')));
  });

  it('refuses a list that is in use, and one that asks for confirmations, and changes nothing', async () => {
    assert.equal((await observe(...usual())).code, 2);
    const other = await sandbox.webhook(listId, 'https://hooks.example.org/theirs');
    const Subscribers = Array.from({ length: 11 }, (_, i) => ({ EmailAddress: `s${i}@example.org` }));
    await sandbox.api('POST', `/subscribers/${listId}/import.json`, { Subscribers, Resubscribe: false });
    const calls = async (): Promise<unknown> => (await sandbox.control('GET', '/calls')).body;
    await sandbox.control('DELETE', '/calls');
    const refused = await observe(...usual());
    assert.equal(refused.code, 1);
    assert.match(
      refused.err,
      /error: list For observations is in use: it has 1 other webhook and 11 subscribers\n.*--yes/,
    );
    const made = Object.keys((await calls()) as object).filter((call) => !call.startsWith('GET '));
    assert.deepEqual(made, []);

    const asking = await newList({ Title: 'Asks first', ConfirmedOptIn: true });
    const asks = await observe(...usual(asking), '--yes');
    assert.equal(asks.code, 1);
    assert.match(asks.err, /Asks first .* asks subscribers for a confirmation/);

    // Confirmed, it is observed; what is others' stays.
    const ended = await observe(...usual(), '--yes', '--for', '0.2');
    assert.equal(ended.code, 0, ended.err);
    assert.match(ended.err, /The list's 1 other webhook get/);
    const left = (await sandbox.api('GET', `/lists/${listId}/webhooks.json`)).body as { WebhookID: string }[];
    assert.deepEqual(
      left.map(({ WebhookID }) => WebhookID),
      [other],
    );
    assert.equal(await active(), 11);
  });

  it('asks in a terminal before it begins, and says if the list is in use', async function () {
    if (!hasTerminal) this.skip();
    const theirs = 'https://hooks.example.org/theirs';
    await sandbox.webhook(listId, theirs);
    for (const [answer, code] of [
      ['n', 1],
      ['y', 0],
    ] as const) {
      const shown = terminal(line([...usual(), '--for', '0.2']), environment());
      const ended = once(shown, 'exit');
      const question = 'The list is in use: it has 1 other webhook. Begin anyway? [y/N] ';
      await until(() => shown.text.includes(question), 60_000, shown.text);
      assert.deepEqual(await hooks(), [theirs]);
      shown.stdin?.write(`${answer}\r`);
      assert.equal((await ended)[0], code, shown.text);
      assert.match(shown.text, code === 0 ? /\d+ confirmed, / : /nothing was changed/);
    }
    assert.deepEqual([await hooks(), await active()], [[theirs], 0]);
  });

  it('is cleaned up after a kill by --clean-up, with the vendors that the command line names alone', async () => {
    const { id } = await platform.create({ 'events.list.ids': '' });
    const running = start(...usual(), '--instance', String(id), '--for', '60', '--yes');
    await running.line((text) => text.includes('Having deliveries fail'), 'errors');
    await sandbox.report((report) => report.type === 'attempt' && report.delivery.attempts.length > 1);
    const second = await observe(...usual(), '--yes');
    assert.equal(second.code, 1);
    assert.match(second.err, /another observation is running/);
    running.kill();
    await running.ended;
    assert.equal((await hooks()).length, 7);
    assert.ok((await active()) > 20);
    assert.notEqual(await callback(id), 'http://127.0.0.1:9/hook');

    const stranger = await startReceiver();
    const elsewhere = await run(
      [...line([]).slice(0, 3), '--clean-up', '--host', `http://127.0.0.1:${stranger.port}`],
      environment(),
    );
    await stranger.close();
    assert.equal(elsewhere.code, 1);
    assert.match(elsewhere.err, /an earlier observation on http:\/\/127[^]*--clean-up --host http:\/\/127/);
    assert.equal(stranger.received.length, 0);

    const cleaned = await observe('--clean-up');
    assert.equal(cleaned.code, 0, cleaned.err);
    assert.match(cleaned.err, /Cleaned up: 6 webhooks and \d+ subscribers deleted, instance restored\./);
    assert.deepEqual([await hooks(), await active(), await callback(id)], [[], 0, 'http://127.0.0.1:9/hook']);
    assert.match((await observe('--clean-up')).err, /Nothing is left/);
    assert.deepEqual(lines(await observe('--clean-up', '--json')), [
      { type: 'cleaned-up', webhooks: 0, subscribers: 0, instance: false, isListGone: false },
    ]);
  });

  it('undoes first what one before has left, and ends in order at Ctrl-C with what it has seen', async () => {
    const killed = start(...usual(), '--for', '60', '--yes');
    await killed.line((text) => text.includes('Having deliveries fail'), 'errors');
    killed.kill();
    await killed.ended;
    const running = start(...usual(), '--for', '60', '--yes');
    await running.line((text) => /^Cleaned up: \d+ webhooks and \d+ sub/.test(text), 'errors');
    await running.line((text) => text.startsWith('Importing'), 'errors');
    assert.equal(await running.end('SIGINT'), 0);
    assert.match(running.errors.join('\n'), /Cleaned up: 2 webhooks and \d+ subscribers deleted\.\nStopped early/);
    assert.match(running.lines.at(-1) ?? '', /^\d+ confirmed, 0 refuted, \d+ open$/);
    assert.ok(running.lines.some((text) => /^confirmed {2}test-call/.test(text)));
    assert.deepEqual([await hooks(), await active()], [[], 0]);
  });

  it('says what may still come, and first what could not be undone, even where the report cannot be written', async () => {
    await platform.control('PATCH', '/settings', { retryDelaysMs: [60_000] });
    const { id } = await platform.create({ 'events.list.ids': listId });
    const folder = join(workplace.dataDir, 'reports');
    mkdirSync(folder);
    const out = join(folder, 'report.md');
    const running = start(...usual(), '--instance', String(id), '--for', '60', '--yes', '--out', out);
    await running.line((text) => text.includes('Having deliveries fail'), 'errors');
    rmSync(folder, { recursive: true });
    await sandbox.control('POST', '/failures', { at: 'api', times: 100, status: 500, code: 500 });
    assert.equal(await running.end('SIGINT'), 1);
    const told = running.errors.join('\n');
    assert.match(told, /notifications? that failed on purpose did not come again\. If Open Connectors still retries/);
    assert.match(told, /also: cannot write [^]*error: not everything could be undone[^]*--clean-up/);
  });

  it('is reached through a public URL of the user’s own, and applies what corrects the running relay', async () => {
    await platform.control('PATCH', '/settings', { mapping: { objectType: 'people' }, partSize: 7 });
    const { id } = await platform.create({ 'events.list.ids': listId });
    const data = join(workplace.dataDir, 'data');
    const relay = workplace.start(['listen', '--data-dir', data, '--json', '--port', '0'], environment());
    await relay.ready();
    const port = await freePort();
    const ends = ['--tunnel', `http://127.0.0.1:${port}`, '--port', String(port)];
    const ended = await observe(...usual(), '--instance', String(id), ...ends, '--for', '0.5', '--yes', '--apply');
    assert.equal(ended.code, 0, ended.err);
    assert.match(ended.out, /delivery-retries: [^]*found: retried after 500, 404, [^]*a broken connection/);
    assert.match(ended.out, /set: {3}\{"mapping":\{"objectType":"people"\}\} in the relay's settings/);
    assert.match(ended.err, /The running relay uses the settings until it stops/);
    assert.match(ended.err, /No sandbox is running in the background/);
    const status = await run(['status', '--data-dir', data, '--json'], environment());
    const { settings } = JSON.parse(status.out) as { settings: { mapping: Line; partSize: number } };
    assert.deepEqual([settings.mapping['objectType'], settings.partSize], ['people', 7]);
    assert.deepEqual(settings.mapping['eventTypes'], {
      Subscribe: 'CREATED',
      Update: 'UPDATED',
      Deactivate: 'DELETED',
    });
  });

  it('says before it changes anything that it cannot write the report, or that the port is taken', async () => {
    const out = join(workplace.dataDir, 'nowhere', 'report.md');
    const unwritable = await observe(...usual(), '--yes', '--out', out);
    assert.equal(unwritable.code, 1);
    assert.match(unwritable.err, /cannot write .*its folder does not exist/);
    assert.doesNotMatch(unwritable.err, /This is what will happen/);
    const other = await startReceiver();
    const taken = await observe(...usual(), '--yes', '--port', String(other.port));
    await other.close();
    assert.equal(taken.code, 1);
    assert.match(taken.err, new RegExp(`error: port ${other.port} is in use by another program`));
    assert.deepEqual(await hooks(), []);
  });

  it('refuses a command line that lacks something, and vendors that cannot reach this machine', async () => {
    const wrong: readonly (readonly [string[], RegExp])[] = [
      [[], /observe needs --list/],
      [['--list', listId], /observe needs --domain/],
      [['--list', listId, '--domain', 'nowhere'], /--domain[^]*expected a domain/],
      [[...usual(), '--for', '0'], /--for[^]*0\.1 to 172800 seconds/],
      [[...usual(), '--tunnel', 'http://hooks.example.org'], /--tunnel[^]*https:/],
      [[...usual(), '--host', 'https://api.createsend.com'], /cannot reach this machine without --tunnel/],
      [
        [...usual(), '--instance', '7', '--instance-host', 'api.example.org'],
        /cannot reach this machine without --tunnel/,
      ],
    ];
    const ended = await Promise.all(wrong.map(([args]) => observe(...args)));
    for (const [i, { code, err }] of ended.entries()) {
      assert.equal(code, 2, err);
      assert.match(err, wrong[i]?.[1] ?? /^$/);
    }
  });
});
