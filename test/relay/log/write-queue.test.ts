import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openForWriting, StoreError, suspectMark } from '../../../src/relay/log/database.ts';
import { walSync } from '../../../src/relay/log/wal-sync.ts';
import { WriteQueue } from '../../../src/relay/log/write-queue.ts';
import { afterwards, temporaryFolder } from '../afterwards.ts';

interface Stage {
  readonly queue: WriteQueue;
  readonly file: string;
  readonly health: (string | null)[];
  /** What the disk fails with, in place of a sync. */
  failure: Error | undefined;
  readonly write: (n: number) => Promise<void>;
  readonly rows: () => number[];
}

function stage(): Stage {
  const file = join(temporaryFolder(), 'relay.sqlite');
  const { db } = openForWriting(file);
  db.exec('CREATE TABLE numbers (n INTEGER)');
  const wal = walSync(file);
  const nothing = (): void => undefined;
  const queue = new WriteQueue({
    ...{ db, file, begin: nothing, complete: nothing, committed: nothing, onLost: nothing },
    syncDisk: () => {
      if (all.failure !== undefined) throw all.failure;
      wal.sync();
    },
    onHealth: (failure) => all.health.push(failure?.advice ?? null),
  });
  afterwards(() => {
    queue.close();
    wal.close();
    db.close();
  });
  const insert = db.prepare('INSERT INTO numbers VALUES (?)');
  const all: Stage = {
    ...{ queue, file, health: [], failure: undefined },
    write: (n) => queue.write(() => void insert.run(n)),
    rows: () =>
      db
        .prepare('SELECT n FROM numbers ORDER BY n')
        .all()
        .map((row) => Number(row['n'])),
  };
  return all;
}

describe('What is written', () => {
  it('is refused where the disk does not keep it, said once, looked at by the next start, and taken again when it works', async () => {
    const all = stage();
    all.failure = Object.assign(new Error('EIO: i/o error, fdatasync'), { errcode: 10 });
    for (const n of [1, 2]) {
      await assert.rejects(all.write(n), (error) => error instanceof StoreError && /EIO/.test(error.message));
    }
    assert.deepEqual([all.health, existsSync(suspectMark(all.file))], [['check-data-directory'], true]);
    assert.equal(all.queue.syncs, 0);
    all.failure = undefined;
    await all.write(3);
    assert.deepEqual([all.health, all.queue.syncs], [['check-data-directory', null], 1]);
  });

  it('has its effect as soon as it is on disk, before anybody is told of that commit', async () => {
    const { queue, write, rows } = stage();
    const done: string[] = [];
    await Promise.all([
      write(1).then(() => done.push('told of the first')),
      queue.write(
        () => undefined,
        () => done.push(`on disk with ${rows().length}`),
      ),
    ]);
    assert.deepEqual(done, ['on disk with 1', 'told of the first']);
  });

  it('is on disk when it is closed', async () => {
    const { queue, write, rows } = stage();
    const written = write(1);
    queue.close();
    assert.deepEqual([rows(), queue.syncs], [[1], 1]);
    await written;
    await assert.rejects(write(2), StoreError);
  });

  it('as bookkeeping alone waits for no disk, and beside others shares theirs', async () => {
    const { queue, write } = stage();
    let applied = 0;
    const keep = (): Promise<boolean> => queue.keep('that something was done', () => (applied += 1));
    assert.equal(await keep(), true);
    assert.deepEqual([applied, queue.syncs], [1, 0]);
    await Promise.all([keep(), write(1)]);
    assert.deepEqual([applied, queue.syncs], [2, 1]);
  });

  it('is looked at, all of a commit, before anything goes on with it, and only then told', async () => {
    const { queue } = stage();
    const seen: string[] = [];
    const see = (what: string) => (): void => void seen.push(what);
    const first = queue.write(() => undefined, undefined, see('goes on'));
    const second = queue.write(() => undefined, see('looked at'));
    await Promise.all([first.then(see('first told')), second.then(see('second told'))]);
    assert.deepEqual(seen, ['looked at', 'goes on', 'first told', 'second told']);
  });

  it('as bookkeeping is written by itself, also where the write that brings it up is the first to work again', async () => {
    const all = stage();
    all.failure = Object.assign(new Error('EIO: i/o error, fdatasync'), { errcode: 10 });
    await assert.rejects(all.write(1));
    all.failure = undefined;
    let kept: Promise<boolean> | undefined;
    await all.queue.write(
      () => undefined,
      () => (kept = all.queue.keep('that something was done', () => undefined)),
    );
    assert.equal(await kept, true);
  });

  it('at once is synced where it changed something', () => {
    const { queue } = stage();
    queue.now(() => undefined);
    assert.equal(queue.syncs, 0);
  });
});
