import assert from 'node:assert/strict';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { controlChannelOf } from '../../src/protocol/control-channel.ts';
import { connectToRelay } from '../../src/protocol/relay-client.ts';
import { storeFile } from '../../src/relay/history/history.ts';
import { takeLock } from '../../src/relay/lock.ts';
import { RelayRunningError } from '../../src/relay/relay.ts';
import { isLong } from '../long.ts';
import { spawnRelay, type RelayProcess } from './processes.ts';
import { afterward, temporaryFolder } from './afterward.ts';
import { send } from './requests.ts';
import { sampleBody, startTestRelay } from './stage.ts';

describe('The lock of a data directory', () => {
  it('has one holder at a time and is free when released', () => {
    const dataDir = temporaryFolder();
    const first = takeLock(dataDir);
    assert.ok(first !== null);
    assert.equal(takeLock(dataDir), null);
    const elsewhere = takeLock(temporaryFolder());
    assert.ok(elsewhere !== null);
    elsewhere.release();
    first.release();
    const second = takeLock(dataDir);
    assert.ok(second !== null);
    second.release();
  });

  it('refuses a second relay in the words that say what to do, and leaves the first as it is', async () => {
    const relay = await startTestRelay();
    await assert.rejects(startTestRelay({ dataDir: relay.dataDir }), (error: unknown) => {
      assert.ok(error instanceof RelayRunningError);
      assert.match(error.next, /Attach to it/);
      return true;
    });
    assert.equal((await relay.deliver(sampleBody())).status, 200);
    const client = await connectToRelay(relay.dataDir);
    afterward(() => client.close());
    assert.equal((await client.request('relay/status', {})).pid, process.pid);
  });

  it('is free again wherever a start has failed, and nothing else is left open', async () => {
    const dataDir = temporaryFolder();
    const first = await startTestRelay({ dataDir });
    await first.stop();
    for (const part of ['', 'tunnel closed', 'listening on']) {
      const log = ({ message }: { message: string }): void => {
        if (message.startsWith(part)) throw new Error(`nothing can be written: ${part}`);
      };
      await assert.rejects(startTestRelay({ dataDir, port: first.port, log }), {
        message: `nothing can be written: ${part}`,
      });
      const lock = takeLock(dataDir);
      assert.ok(lock !== null, part);
      lock.release();
      const { path } = controlChannelOf(dataDir);
      assert.deepEqual([existsSync(path), existsSync(join(dataDir, 'relay.sqlite-wal'))], [false, false], part);
    }
    // What fails while the parts are put together.
    const db = new DatabaseSync(storeFile(dataDir));
    db.exec("INSERT OR REPLACE INTO meta (key, value) VALUES ('breakpoints', 'no JSON')");
    db.close();
    await assert.rejects(startTestRelay({ dataDir, port: first.port }), SyntaxError);
    assert.equal(existsSync(join(dataDir, 'relay.sqlite-wal')), false);
    const again = new DatabaseSync(storeFile(dataDir));
    again.exec("DELETE FROM meta WHERE key = 'breakpoints'");
    again.close();
    const last = await startTestRelay({ dataDir, port: first.port });
    assert.equal((await last.deliver(sampleBody())).status, 200);
  });

  it('lets its holder alone clear a stale socket', async () => {
    const relay = await startTestRelay();
    const { path } = controlChannelOf(relay.dataDir);
    const { ino } = statSync(path);
    await assert.rejects(startTestRelay({ dataDir: relay.dataDir }), RelayRunningError);
    assert.equal(statSync(path).ino, ino, 'the socket of the one that runs is the same');
    await relay.stop();
    assert.equal(existsSync(path), false, 'it requires the relay');
  });

  it('has one owner in each round of four that start at once after a kill', async function () {
    this.timeout(600_000);
    const rounds = isLong ? 12 : 3;
    const dataDir = temporaryFolder();
    const args = ['--data-dir', dataDir];
    const delivered: string[] = [];
    let owner: RelayProcess | undefined;
    for (let round = 1; round <= rounds; round++) {
      await owner?.kill();
      if (round > 1) assert.equal(existsSync(controlChannelOf(dataDir).path), true, 'a killed relay leaves its socket');
      const four = Array.from({ length: 4 }, () => spawnRelay(args));
      const lines = await Promise.all(four.map((each) => each.firstLine));
      const ready = four.filter((_, index) => lines[index]?.type === 'ready');
      assert.equal(ready.length, 1, `round ${round}: ${JSON.stringify(lines)}`);
      owner = ready[0]!;
      for (const [index, each] of four.entries()) {
        if (each === owner) continue;
        assert.equal(await each.ended, 3, 'the others end with the code that says one runs');
        const line = lines[index]!;
        assert.ok(line.type === 'running');
        assert.match(line.message, /already running/);
        assert.match(line.next ?? '', /Attach to it/);
      }
      // The others attach to it, and it works.
      const client = await connectToRelay(dataDir);
      const status = await client.request('relay/status', {});
      assert.equal(status.pid, owner.child.pid);
      const email = `round-${round}@example.org`;
      assert.equal((await send(status.campaignMonitorUrl, { body: sampleBody({ email }) })).status, 200);
      delivered.push(email);
      const { events } = await client.request('events/query', { limit: 100 });
      assert.deepEqual(
        events.map((row) => row.address),
        [...delivered].reverse(),
      );
      client.close();
    }
  });
});
