import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readHookUrl } from '../../src/common/hook-path.ts';
import { nameOfSecret } from '../../src/common/secret-name.ts';
import type { Result } from '../../src/protocol/methods.ts';
import { connectToRelay } from '../../src/protocol/relay-client.ts';
import { renewStopped } from '../../src/relay/remembered.ts';
import { readAmount } from '../long.ts';
import { afterward, temporaryFolder } from './afterward.ts';
import { readyRelay } from './processes.ts';
import { RawConnection, send } from './requests.ts';
import { sampleBody, startTestRelay, type TestRelay } from './stage.ts';
import { until } from './until.ts';

type Status = Result<'relay/status'>;

const secretOf = ({ campaignMonitorUrl }: Pick<Status, 'campaignMonitorUrl'>): string =>
  readHookUrl(campaignMonitorUrl)?.secret ?? '';
const keptIn = (dataDir: string): Record<string, unknown> =>
  JSON.parse(readFileSync(join(dataDir, 'relay.json'), 'utf8')) as Record<string, unknown>;
const renew = ({ client, secret }: Pick<TestRelay, 'client' | 'secret'>): Promise<Status> =>
  client.request('relay/newSecret', { replaces: nameOfSecret(secret) });
const places = ['campaign-monitor', 'open-connectors', 'health'] as const;

describe('A new secret of the webhook endpoint', () => {
  it('answers the old one as any unknown path, at every place, from the moment that the new one is told', async () => {
    const relay = await startTestRelay();
    assert.equal((await relay.deliver(sampleBody())).status, 200);
    const status = await renew(relay);
    const secret = secretOf(status);
    assert.match(secret, /^[0-9a-f]{32}$/);
    assert.notEqual(secret, relay.secret);
    assert.equal(readHookUrl(status.openConnectorsUrl)?.secret, secret, 'both vendors have it');
    const unknown = 'f'.repeat(32);
    const answers = async (of: string): Promise<string[]> => {
      const seen: string[] = [];
      for (const place of places) {
        for (const method of ['GET', 'POST', 'OPTIONS']) {
          const connection = await RawConnection.open(relay.port);
          connection.write(`${method} /hooks/${of}/${place} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n`);
          assert.equal(await connection.closed(), null);
          seen.push(connection.bytes.replace(/\r\nDate: [^\r]*/, ''));
        }
      }
      return seen;
    };
    const old = await answers(relay.secret);
    assert.deepEqual(old, await answers(unknown));
    assert.deepEqual([...new Set(old)], ['HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n']);
    assert.equal((await send(status.campaignMonitorUrl, { body: sampleBody({ seed: 2 }) })).status, 200);
    const { counts } = await relay.client.request('relay/status', {});
    assert.deepEqual([counts.deliveries, counts.strangers], [2, 18]);
  });

  it('finishes what is under way on the old path, and then ends the connection', async () => {
    const relay = await startTestRelay();
    const body = sampleBody();
    const head = (secret: string, length: number): string =>
      `POST /hooks/${secret}/campaign-monitor HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\nExpect: 100-continue\r\n\r\n`;
    const connection = await RawConnection.open(relay.port);
    connection.write(head(relay.secret, Buffer.byteLength(body)));
    // It is behind the secret now.
    await connection.answers(1);
    connection.write(body.slice(0, 20));
    await renew(relay);
    connection.write(body.slice(20));
    const [, answer] = await connection.answers(2);
    assert.equal(answer?.status, 200);
    assert.match(answer.head, /\r\nConnection: close/i);
    assert.equal(await connection.closed(), null);
    const { counts } = await relay.client.request('relay/status', {});
    assert.equal(counts.deliveries, 1);
  });

  it('keeps no connection that has shown the old one and asks for nothing', async () => {
    const relay = await startTestRelay();
    const connection = await RawConnection.open(relay.port);
    connection.write(`GET /hooks/${relay.secret}/health HTTP/1.1\r\nHost: x\r\n\r\n`);
    assert.equal((await connection.answers(1)).map(({ status }) => status).join(), '204');
    await renew(relay);
    await connection.closed();
    assert.equal(rawStatuses(connection), '204');
  });

  it('is on disk before it is told, with what an earlier or newer version left there', async () => {
    const relay = await startTestRelay();
    await relay.stop();
    const file = join(relay.dataDir, 'relay.json');
    const further = { newer: { of: 'another version' } };
    writeFileSync(file, JSON.stringify({ ...keptIn(relay.dataDir), ...further }));
    const again = await startTestRelay({ dataDir: relay.dataDir });
    const told: [string, unknown][] = [];
    again.client.on('status/changed', ({ status }) => told.push([secretOf(status), keptIn(relay.dataDir)['secret']]));
    const status = await renew(again);
    const kept = keptIn(relay.dataDir);
    assert.equal(kept['secret'], secretOf(status));
    assert.deepEqual([kept['newer'], kept['version']], [further.newer, 1]);
    await until(() => told.some(([secret]) => secret === secretOf(status)));
    for (const [secret, onDisk] of told) assert.equal(onDisk, secret);
    await again.stop();
    const { campaignMonitorUrl } = await startTestRelay({ dataDir: relay.dataDir });
    assert.equal(secretOf({ campaignMonitorUrl }), secretOf(status));
  });

  it('leaves no trace of the old one: only what tells that it was this relay’s', async () => {
    const relay = await startTestRelay();
    await relay.deliver(sampleBody());
    const first = await renew(relay);
    const second = await renew({ client: relay.client, secret: secretOf(first) });
    assert.deepEqual(keptIn(relay.dataDir)['former'], [nameOfSecret(secretOf(first)), nameOfSecret(relay.secret)]);
    await relay.stop();
    for (const secret of [relay.secret, secretOf(first), secretOf(second)]) {
      const holding = readdirSync(relay.dataDir).filter((name) =>
        readFileSync(join(relay.dataDir, name), 'latin1').includes(secret),
      );
      assert.deepEqual(holding, secret === secretOf(second) ? ['relay.json'] : []);
      assert.ok(!JSON.stringify(relay.log).includes(secret), 'nor in the log');
    }
    assert.ok(
      relay.log.some(({ message }) => /new secret/.test(message)),
      'that it was made is',
    );
  });

  it('is told to every client, and made once where two ask at a time', async () => {
    const relay = await startTestRelay();
    const clients = [await connectToRelay(relay.dataDir), await connectToRelay(relay.dataDir)];
    for (const client of clients) afterward(() => client.close());
    const seen = clients.map(() => new Set<string>());
    clients.forEach((client, at) => client.on('status/changed', ({ status }) => seen[at]?.add(secretOf(status))));
    const results = await Promise.allSettled(clients.map((client) => renew({ client, secret: relay.secret })));
    const made = results.filter((each) => each.status === 'fulfilled');
    assert.equal(made.length, 1);
    const secret = secretOf(made[0]!.value);
    const refused = results.find((each) => each.status === 'rejected')?.reason as Error & {
      code: string;
      next: string;
    };
    assert.deepEqual([refused.code, refused.message], ['conflict', 'the secret URL has changed in the meantime']);
    assert.match(refused.next, /cm-relay url/);
    await until(() => seen.every((each) => each.has(secret)));
    assert.equal(secretOf(await relay.client.request('relay/status', {})), secret);
    assert.deepEqual(keptIn(relay.dataDir)['former'], [nameOfSecret(relay.secret)]);
  });

  it('is not made where cannot write relay.json: all stays as it was', async () => {
    const relay = await startTestRelay();
    const place = join(relay.dataDir, 'relay.json');
    const aside = join(relay.dataDir, 'aside');
    renameSync(place, aside);
    mkdirSync(place);
    await assert.rejects(renew(relay), (error: Error & { next?: string }) => {
      assert.match(error.message, /^the secret URL was not changed: cannot write relay\.json/);
      return (error.next ?? '').length > 10;
    });
    rmdirSync(place);
    renameSync(aside, place);
    assert.equal((await relay.deliver(sampleBody())).status, 200);
    assert.equal(keptIn(relay.dataDir)['secret'], relay.secret);
    assert.notEqual(secretOf(await renew(relay)), relay.secret, 'and is made when it can be');
  });

  it('is the one that was told or, where it was not told yet, one of both after kill -9', async function () {
    const rounds = readAmount('NEW_SECRET_KILLS', 2, 6);
    this.timeout(120_000);
    const dataDir = temporaryFolder();
    let known: string | undefined;
    for (let round = 0; round < rounds; round++) {
      const relay = await readyRelay(['--data-dir', dataDir]);
      const before = secretOf({ campaignMonitorUrl: relay.url });
      if (known !== undefined) assert.equal(before, known);
      const client = await connectToRelay(dataDir);
      const asked = renew({ client, secret: before });
      if (round % 2 === 0) {
        known = secretOf(await asked);
        await relay.kill();
      } else {
        asked.catch(() => undefined);
        await relay.kill();
        known = keptIn(dataDir)['secret'] as string;
        if (known !== before) assert.deepEqual((keptIn(dataDir)['former'] as string[])[0], nameOfSecret(before));
      }
      client.close();
    }
  });
});

const rawStatuses = ({ bytes }: RawConnection): string =>
  [...bytes.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map(([, status]) => status).join();

describe('A new secret where no relay runs', () => {
  it('is made in the data directory, and the next relay answers to it alone', async () => {
    const relay = await startTestRelay();
    await relay.stop();
    const renewed = renewStopped(relay.dataDir);
    assert.ok(renewed !== null && renewed !== 'running');
    assert.notEqual(renewed.secret, relay.secret);
    const again = await startTestRelay({ dataDir: relay.dataDir });
    assert.equal(again.secret, renewed.secret);
    assert.equal(
      (await send(again.campaignMonitorUrl.replace(again.secret, relay.secret), { body: '{}' })).status,
      404,
    );
  });
});
