import assert from 'node:assert/strict';
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DataDirectoryError } from '../../src/protocol/data-directory.ts';
import { openForWriting, schemaVersion, StoreError } from '../../src/relay/log/database.ts';
import { readRemembered, remember, stageRemembered } from '../../src/relay/remembered.ts';
import { destination } from './records.ts';
import { temporaryFolder } from './afterward.ts';
import { send } from './requests.ts';
import { sampleBody, startTestRelay } from './stage.ts';

/** All that is in a data directory but the lock, which is taken before anything is read. */
function contentsOf(dataDir: string): Record<string, string> {
  const names = readdirSync(dataDir).filter((name) => !name.startsWith('lock.sqlite'));
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(dataDir, name), 'latin1')]));
}

/** What a relay does with it when it starts. */
function made(dataDir: string): ReturnType<typeof remember> {
  const found = remember(dataDir);
  stageRemembered(dataDir, found.remembered).put();
  return found;
}

/** Changes relay.json as a newer version might have left it. */
function rewrite(dataDir: string, change: (kept: Record<string, unknown>) => object): void {
  const file = join(dataDir, 'relay.json');
  const kept = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  writeFileSync(file, JSON.stringify(change(kept)));
}

function readFileIn(dataDir: string): Record<string, unknown> {
  return JSON.parse(readFileSync(join(dataDir, 'relay.json'), 'utf8')) as Record<string, unknown>;
}

describe('What a data directory remembers', () => {
  it('is a secret of 32 hex digits and a random subdomain, made once', () => {
    const dataDir = temporaryFolder();
    const first = made(dataDir);
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
    const { remembered } = made(dataDir);
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
    it(`can’t read is set aside and made again where it: ${what}`, () => {
      const dataDir = temporaryFolder();
      const before = made(dataDir).remembered;
      const file = join(dataDir, 'relay.json');
      writeFileSync(file, text);
      const { remembered, notice } = made(dataDir);
      assert.notEqual(remembered.secret, before.secret);
      assert.match(notice ?? '', /register them again/);
      assert.ok(notice?.includes(`${file}.damaged`));
      assert.equal(readFileSync(`${file}.damaged`, 'utf8'), text);
      assert.equal(remember(dataDir).notice, null);
    });
  }

  for (const version of [2, 17, '2.0', null]) {
    it(`is left as it is where a newer version wrote it, and no relay starts: ${String(version)}`, async () => {
      const first = await startTestRelay();
      await first.stop();
      const { dataDir } = first;
      rewrite(dataDir, (kept) => ({ ...kept, version, secret: { of: 'another form' } }));
      const before = contentsOf(dataDir);
      const refused = (error: unknown): boolean => {
        assert.ok(error instanceof DataDirectoryError);
        assert.match(error.message, /relay\.json.* newer version/);
        assert.match(error.next, /Update this program/);
        return true;
      };
      await assert.rejects(startTestRelay({ dataDir }), refused);
      assert.throws(() => readRemembered(dataDir), refused);
      assert.deepEqual(contentsOf(dataDir), before);
    });
  }

  it('is left as it is where the history is of a newer version, whatever is in it', async () => {
    const first = await startTestRelay();
    await first.stop();
    const { dataDir } = first;
    const { db } = openForWriting(join(dataDir, 'relay.sqlite'));
    db.exec(`PRAGMA user_version = ${schemaVersion + 1}`);
    db.close();
    const file = join(dataDir, 'relay.json');
    writeFileSync(file, '["of another form"]');
    await assert.rejects(startTestRelay({ dataDir }), (error) => {
      assert.ok(error instanceof StoreError);
      return error.advice === 'update-program';
    });
    assert.equal(readFileSync(file, 'utf8'), '["of another form"]');
    assert.equal(existsSync(`${file}.damaged`), false);
  });

  it('keeps what this version does not know, also of a destination that is still there', async () => {
    const url = 'http://127.0.0.1:9/callback';
    const first = await startTestRelay({ settings: { destinations: [{ url }, { url: `${url}/2`, id: 'two' }] } });
    await first.stop();
    rewrite(first.dataDir, (kept) => ({
      ...kept,
      further: { of: ['a', 'newer'] },
      destinations: (kept['destinations'] as object[]).map((each) => ({ ...each, color: { name: 'red' } })),
    }));
    const second = await startTestRelay({ dataDir: first.dataDir });
    assert.equal(second.campaignMonitorUrl.includes(first.secret), true, 'the registered URLs still lead here');
    const { settings } = await second.client.request('relay/status', {});
    assert.deepEqual(
      settings.destinations.map((each) => [each.url, 'color' in each]),
      [
        [url, false],
        [`${url}/2`, false],
      ],
    );
    await second.client.request('relay/configure', {
      settings: {
        destinations: [
          { url: `${url}/elsewhere`, id: 'two' },
          { url, types: ['Subscribe'] },
          { url: `${url}/new` },
        ] as never,
      },
    });
    await second.stop();
    const kept = readFileIn(first.dataDir);
    assert.deepEqual(kept['further'], { of: ['a', 'newer'] });
    assert.deepEqual(
      (kept['destinations'] as Record<string, unknown>[]).map((each) => [each['url'], each['color']]),
      [
        [`${url}/elsewhere`, { name: 'red' }],
        [url, { name: 'red' }],
        [`${url}/new`, undefined],
      ],
    );
  });

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
      second.log.some((entry) => entry.level === 'warn' && entry.message.includes(`port ${first.port} is in use`)),
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
