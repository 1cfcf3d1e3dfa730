import assert from 'node:assert/strict';
import { sandboxApiKey, sandboxClients, sandboxLists } from '../../src/sandbox/campaign-monitor/accounts.ts';
import { startHarness, type Harness } from '../sandbox/harness.ts';
import { run, Workplace, type Ended, type Ready } from './harness.ts';

const [list, secondList] = sandboxLists as [(typeof sandboxLists)[number], (typeof sandboxLists)[number]];
const [, otherClient] = sandboxClients as [(typeof sandboxClients)[number], (typeof sandboxClients)[number]];
const foreignUrl = 'https://hooks.example.org/somebody-elses';

type Line = Record<string, unknown>;

function lines({ out }: Ended): Line[] {
  return out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
}

describe('cm-relay webhooks', function () {
  this.timeout(180_000);
  let sandbox: Harness;
  let workplace: Workplace;

  beforeEach(async () => {
    sandbox = await startHarness();
    workplace = new Workplace();
  });
  afterEach(async () => {
    await workplace.close();
    await sandbox.close();
  });

  const webhooks = (args: readonly string[], key = sandboxApiKey): Promise<Ended> =>
    run(['webhooks', ...args, '--data-dir', workplace.dataDir, '--host', sandbox.sandbox.campaignMonitorApi], {
      CAMPAIGN_MONITOR_API_KEY: key,
    });
  const urlsOf = async (listId: string): Promise<string[]> =>
    ((await sandbox.api('GET', `/lists/${listId}/webhooks.json`)).body as { Url: string }[]).map(({ Url }) => Url);
  const listen = (): Promise<Ready> => workplace.listen().ready();

  it('registers the running relay once, tests it, and takes away what is its own', async () => {
    const { campaignMonitorUrl } = await listen();
    const foreign = await sandbox.webhook(list.listId, foreignUrl);

    const first = await webhooks(['register', '--list', list.listId, '--list', secondList.listId, '--json']);
    assert.equal(first.code, 0, first.err);
    assert.deepEqual(
      lines(first).map(({ type, listId, url, result }) => [type, listId, url, result]),
      [list, secondList].map(({ listId }) => [
        ...['registered', listId],
        ...[campaignMonitorUrl.replace(/[0-9a-f]{32}/, '********'), 'created'],
      ]),
    );
    const again = await webhooks(['register', '--list', list.listId, '--json']);
    assert.equal(lines(again)[0]?.['result'], 'kept');
    assert.deepEqual(await urlsOf(list.listId), [foreignUrl, campaignMonitorUrl]);

    const [secret = ''] = /[0-9a-f]{32}/.exec(campaignMonitorUrl) ?? [];
    const text = await webhooks(['list', '--list', list.listId]);
    assert.match(text.out, /this relay .*\/hooks\/\*{8}\/campaign-monitor/);
    const listed = lines(await webhooks(['list', '--list', list.listId, '--json']));
    assert.equal(JSON.stringify([text.out, listed]).includes(secret), false);
    assert.deepEqual(
      listed.map(({ match, active, format, listName }) => [match, active, format, listName]),
      [
        ['foreign', true, 'json', list.title],
        ['current', true, 'json', list.title],
      ],
    );

    const tested = await webhooks(['test', '--list', list.listId, '--json']);
    assert.equal(tested.code, 0, tested.err);
    assert.deepEqual(
      lines(tested).map(({ type, ok }) => [type, ok]),
      [['tested', true]],
    );

    const removed = await webhooks(['remove', '--json']);
    assert.equal(removed.code, 0, removed.err);
    assert.deepEqual(
      lines(removed).map(({ listId }) => listId),
      [list.listId, secondList.listId],
    );
    assert.deepEqual(await urlsOf(list.listId), [foreignUrl]);

    const refused = await webhooks(['remove', foreign, '--list', list.listId]);
    assert.equal(refused.code, 2);
    assert.match(refused.err, /--yes/);
    assert.deepEqual(await urlsOf(list.listId), [foreignUrl]);
    assert.equal((await webhooks(['remove', foreign, '--list', list.listId, '--yes'])).code, 0);
    assert.deepEqual(await urlsOf(list.listId), []);
  });

  it('replaces what differs, activates what is inactive, and knows what a dead relay has left', async () => {
    const { campaignMonitorUrl } = await listen();
    const register = (...more: string[]): Promise<Ended> =>
      webhooks(['register', '--list', list.listId, '--json', ...more]);
    const [created] = lines(await register());
    const [replaced] = lines(await register('--events', 'Update,subscribe', '--format', 'xml'));
    assert.equal(replaced?.['result'], 'replaced');
    assert.notEqual(replaced['webhookId'], created?.['webhookId']);
    const [webhook] = lines(await webhooks(['list', '--list', list.listId, '--json']));
    assert.deepEqual(
      [webhook?.['webhookId'], webhook?.['events'], webhook?.['format']],
      [replaced['webhookId'], ['Subscribe', 'Update'], 'xml'],
    );
    assert.deepEqual(await urlsOf(list.listId), [campaignMonitorUrl]);

    const id = String(replaced['webhookId']);
    await sandbox.api('PUT', `/lists/${list.listId}/webhooks/${id}/deactivate.json`);
    const [activated] = lines(await register('--events', 'subscribe,update', '--format', 'xml'));
    assert.deepEqual([activated?.['result'], activated?.['webhookId']], ['activated', id]);

    // The same secret at another address: a tunnel that is gone.
    const dead = new URL(campaignMonitorUrl);
    dead.port = '9';
    const deadId = await sandbox.webhook(list.listId, dead.href);
    const old = await webhooks(['list', '--list', list.listId]);
    assert.match(old.out, new RegExp(`${deadId} +active +old URL`));
    assert.match(old.out, new RegExp(`${id} +active +this relay`));

    const failed = await webhooks(['test', deadId, '--list', list.listId, '--json']);
    assert.equal(failed.code, 1);
    const [failure] = lines(failed);
    assert.deepEqual(
      [failure?.['kind'], failure?.['code'], failure?.['failure']],
      ['webhook-test-failed', 610, { kind: 'not-reachable' }],
    );

    assert.equal((await workplace.run('stop')).code, 0);
    assert.match((await webhooks(['list', '--list', list.listId])).out, new RegExp(`${id} +active +this machine`));
    const removed = lines(await webhooks(['remove', '--old', '--list', list.listId, '--json']));
    assert.deepEqual(removed.map(({ webhookId }) => webhookId).sort(), [id, deadId].sort());
  });

  it('names each list in JSON, those without a webhook too', async () => {
    const id = await sandbox.webhook(secondList.listId, foreignUrl);
    const listed = await webhooks(['list', '--json']);
    assert.equal(listed.code, 0, listed.err);
    assert.deepEqual(
      lines(listed).map(({ type, listId, listName, webhookId, webhooks: number }) => [
        type,
        listId,
        listName,
        webhookId ?? number,
      ]),
      sandboxLists.map(({ listId, title }) =>
        listId === secondList.listId ? ['webhook', listId, title, id] : ['list', listId, title, 0],
      ),
    );
  });

  it('never deletes what is not its own for the sake of another URL', async () => {
    const other = 'https://staging.example.org/hook';
    const register = (...more: string[]): Promise<Ended> =>
      webhooks(['register', '--client', otherClient.clientId, '--url', other, ...more]);
    assert.equal((await register()).code, 0);
    assert.equal((await register()).code, 0);
    const lists = sandboxLists.filter(({ clientId }) => clientId === otherClient.clientId);
    for (const { listId } of lists) assert.deepEqual(await urlsOf(listId), [other]);
    const occupied = await register('--events', 'update', '--json');
    assert.equal(occupied.code, 1);
    assert.deepEqual(
      lines(occupied).map(({ type, kind }) => [type, kind]),
      lists.map(() => ['failed', 'occupied']),
    );
    for (const { message, listId } of lines(occupied)) {
      assert.match(
        String(message),
        new RegExp(
          `another format\\. To remove it, run cm-relay webhooks remove \\w+ --list ${String(listId)} --host http://127\\.0\\.0\\.1:\\d+ --yes\\.$`,
        ),
      );
    }
    for (const { listId } of lists) assert.deepEqual(await urlsOf(listId), [other]);
  });

  it('says what is missing: a key, a relay, a public URL, a webhook', async () => {
    const noKey = await webhooks(['list'], '');
    assert.equal(noKey.code, 2);
    assert.match(noKey.err, /CAMPAIGN_MONITOR_API_KEY/);
    const wrongKey = await webhooks(['list'], 'planted-secret-key');
    assert.equal(wrongKey.code, 1);
    assert.match(wrongKey.err, /Invalid API Key \(code 100\)/);
    assert.ok(!`${wrongKey.out}${wrongKey.err}`.includes('planted-secret-key'));
    const noRelay = await webhooks(['register', '--list', list.listId]);
    assert.equal(noRelay.code, 1);
    assert.match(noRelay.err, /no relay is running[^]*cm-relay listen --data-dir/);
    const nothing = await webhooks(['test']);
    assert.equal(nothing.code, 1);
    assert.match(nothing.err, /no relay is running to receive a test call[^]*cm-relay listen --data-dir/);
    const unknown = await webhooks(['remove', 'f'.repeat(32)]);
    assert.equal(unknown.code, 1);
    assert.match(unknown.err, /no such webhook: f{32}/);
    assert.match((await webhooks(['remove'])).out, /nothing to remove/);
    await listen();
    assert.match((await webhooks(['test'])).err, /no webhook points to the running relay[^]*webhooks register/);
    const noTunnel = await run(['webhooks', 'register', '--list', list.listId, '--data-dir', workplace.dataDir], {
      CAMPAIGN_MONITOR_API_KEY: 'never-sent',
    });
    assert.equal(noTunnel.code, 1);
    assert.match(noTunnel.err, /no public URL[^]*--tunnel cloudflared/);
  });
});
