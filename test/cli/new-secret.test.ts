import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sandboxApiKey, sandboxLists } from '../../src/sandbox/campaign-monitor/accounts.ts';
import { sampleBody } from '../relay/stage.ts';
import { send } from '../relay/requests.ts';
import { startHarness } from '../sandbox/harness.ts';
import { run, Workplace, type Ended, type Line, type Ready } from './harness.ts';

const secretOf = (url: string): string => /\/hooks\/([0-9a-f]{32})\//.exec(url)?.[1] ?? '';

describe('cm-relay url --new', function () {
  this.timeout(180_000);
  let place: Workplace;
  beforeEach(() => (place = new Workplace()));
  afterEach(() => place.close());

  const renew = (...args: string[]): Promise<Ended> => place.run('url', '--new', ...args);
  const statusOf = async (url: string): Promise<number> => (await send(url, { body: sampleBody() })).status;

  it('makes the running relay answer to another URL, prints that alone, and tells whoever watches', async () => {
    const listening = place.listen();
    const { campaignMonitorUrl, openConnectorsUrl } = await listening.ready();
    const watching = place.listen();
    await watching.ready();
    const renewed = await renew('--local');
    assert.equal(renewed.code, 0, renewed.err);
    const url = renewed.out.trim();
    assert.notEqual(secretOf(url), secretOf(campaignMonitorUrl));
    assert.equal(url, campaignMonitorUrl.replace(secretOf(campaignMonitorUrl), secretOf(url)));
    assert.deepEqual([await statusOf(campaignMonitorUrl), await statusOf(openConnectorsUrl)], [404, 404]);
    assert.equal(await statusOf(url), 200);
    assert.equal((await place.run('url', '--local')).out, renewed.out);
    const hint = `--data-dir ${place.dataDir}`;
    assert.match(renewed.err, /The old URLs no longer work/);
    for (const next of [
      `webhooks register ${hint} --list ID`,
      `webhooks remove ${hint} --old`,
      `instances callback ${hint} ID`,
    ])
      assert.ok(renewed.err.includes(`cm-relay ${next}`), renewed.err);
    for (const each of [listening, watching]) {
      const told = await each.json<Ready>('url');
      assert.deepEqual([told.campaignMonitorUrl, told.publicUrl], [url, null]);
    }
    const both = JSON.parse((await renew('open-connectors', '--json')).out) as { local: string; public: null };
    assert.equal(both.public, null);
    assert.equal((await send(both.local, { body: '{"message":{"events":[]}}' })).status, 200);
    assert.equal(await statusOf(url), 404);
  });

  it('makes it where no relay runs, for the next one', async () => {
    const listening = place.listen();
    const { campaignMonitorUrl } = await listening.ready();
    await listening.end();
    const renewed = await renew();
    assert.equal(renewed.code, 0, renewed.err);
    assert.match(renewed.err, /^No relay is running:[^]*cm-relay url --data-dir/);
    const again = await place.listen(['--port', new URL(campaignMonitorUrl).port]).ready();
    assert.equal(`${again.campaignMonitorUrl}\n`, renewed.out);
    assert.equal(await statusOf(campaignMonitorUrl), 404);
    assert.equal(await statusOf(again.campaignMonitorUrl), 200);
  });

  it('leaves the secrets of before known as this machine’s, and in no file', async () => {
    const sandbox = await startHarness();
    const [list] = sandboxLists as [(typeof sandboxLists)[number]];
    const webhooks = (...args: string[]): Promise<Ended> =>
      run(['webhooks', ...args, '--data-dir', place.dataDir, '--host', sandbox.sandbox.campaignMonitorApi, '--json'], {
        CAMPAIGN_MONITOR_API_KEY: sandboxApiKey,
      });
    const all = ({ out }: Ended): Line[] =>
      out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Line);
    try {
      const { campaignMonitorUrl } = await place.listen().ready();
      assert.equal((await webhooks('register', '--list', list.listId)).code, 0);
      assert.equal((await renew('--local')).code, 0);
      assert.equal((await renew('--local')).code, 0);
      assert.deepEqual(
        all(await webhooks('list', '--list', list.listId)).map(({ match }) => match),
        ['old'],
      );
      assert.equal((await webhooks('register', '--list', list.listId)).code, 0);
      assert.equal((await webhooks('remove', '--old')).code, 0);
      assert.deepEqual(
        all(await webhooks('list', '--list', list.listId)).map(({ match }) => match),
        ['current'],
      );
      const kept = readFileSync(join(place.dataDir, 'relay.json'), 'utf8');
      assert.ok(!kept.includes(secretOf(campaignMonitorUrl)));
    } finally {
      await sandbox.close();
    }
  });
});
