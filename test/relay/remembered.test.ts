import assert from 'node:assert/strict';
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { remember, stageRemembered } from '../../src/relay/remembered.ts';
import { destination } from './records.ts';
import { temporaryFolder } from './afterwards.ts';
import { send } from './requests.ts';
import { sampleBody, startTestRelay } from './stage.ts';

describe('What a data directory remembers', () => {
  it('is a secret of 32 hex digits and a random subdomain, made once', () => {
    const dataDir = temporaryFolder();
    const first = remember(dataDir);
    assert.match(first.remembered.secret, /^[0-9a-f]{32}$/);
    assert.match(first.remembered.subdomain, /^cm-relay-[a-z0-9]{12}$/);
    assert.equal(first.remembered.port, null);
    assert.equal(first.notice, null);
    assert.deepEqual(remember(dataDir), first);
    const other = remember(temporaryFolder()).remembered;
    assert.notEqual(other.secret, first.remembered.secret);
    assert.notEqual(other.subdomain, first.remembered.subdomain);
  });

  it('is for its owner alone, and nothing is left of the writing', () => {
    const dataDir = temporaryFolder();
    const { remembered } = remember(dataDir);
    const file = join(dataDir, 'relay.json');
    assert.equal(statSync(file).mode & 0o777, 0o600);
    chmodSync(file, 0o644);
    stageRemembered(dataDir, { ...remembered, port: 8787, destinations: [destination('http://127.0.0.1:9/')] }).put();
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.equal(existsSync(`${file}.${process.pid}`), false);
    assert.equal(remember(dataDir).remembered.port, 8787);
    assert.deepEqual(remember(dataDir).remembered.destinations, [destination('http://127.0.0.1:9/')]);
  });

  for (const [what, text] of [
    ['half of it', '{"secret":"0123'],
    ['nothing', ''],
    ['a secret of another form', '{"secret":"short","port":null,"subdomain":"x","destinations":[]}'],
    ['no object', '[]'],
  ] as const) {
    it(`is set aside and made again where it cannot be read: ${what}`, () => {
      const dataDir = temporaryFolder();
      const before = remember(dataDir).remembered;
      const file = join(dataDir, 'relay.json');
      writeFileSync(file, text);
      const { remembered, notice } = remember(dataDir);
      assert.notEqual(remembered.secret, before.secret);
      assert.match(notice ?? '', /register them again/);
      assert.ok(notice?.includes(`${file}.damaged`));
      assert.equal(readFileSync(`${file}.damaged`, 'utf8'), text);
      assert.equal(remember(dataDir).notice, null);
    });
  }

  it('is told in the status where it was lost', async () => {
    const first = await startTestRelay();
    await first.stop();
    writeFileSync(join(first.dataDir, 'relay.json'), 'lost');
    const second = await startTestRelay({ dataDir: first.dataDir });
    const { notices } = await second.client.request('relay/status', {});
    assert.ok(notices.some((notice) => /webhook URLs have changed/.test(notice)));
    assert.ok(second.log.some((entry) => entry.level === 'warn' && /webhook URLs have changed/.test(entry.message)));
  });

  it('keeps the webhook endpoint where it was over a restart: port, secret and destinations', async () => {
    const settings = { destinations: [{ url: 'http://127.0.0.1:9/callback' }] };
    const first = await startTestRelay({ settings });
    await first.stop();
    const second = await startTestRelay({ dataDir: first.dataDir, port: undefined });
    assert.equal(second.campaignMonitorUrl, first.campaignMonitorUrl);
    const status = await second.client.request('relay/status', {});
    assert.deepEqual(
      status.settings.destinations.map((each) => each.url),
      ['http://127.0.0.1:9/callback'],
    );
    assert.equal((await send(first.campaignMonitorUrl, { body: sampleBody() })).status, 200);
  });

  it('takes another port where its own is taken, and says so', async () => {
    const first = await startTestRelay();
    await first.stop();
    const taker = await startTestRelay({ port: first.port });
    const second = await startTestRelay({ dataDir: first.dataDir, port: undefined });
    assert.notEqual(second.port, taker.port);
    assert.ok(
      second.log.some((entry) => entry.level === 'warn' && entry.message.includes(`port ${first.port} is taken`)),
    );
  });

  it('keeps the folder for its owner alone', async () => {
    const dataDir = temporaryFolder();
    chmodSync(dataDir, 0o755);
    const relay = await startTestRelay({ dataDir });
    assert.equal(statSync(dataDir).mode & 0o777, 0o700);
    assert.equal(statSync(join(dataDir, 'relay.json')).mode & 0o777, 0o600);
    await relay.stop();
    const nested = await startTestRelay({ dataDir: join(temporaryFolder(), 'not', 'yet') });
    assert.equal(statSync(nested.dataDir).mode & 0o777, 0o700);
  });
});
