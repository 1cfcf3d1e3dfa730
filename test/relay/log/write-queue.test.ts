import assert from 'node:assert/strict';
import { join } from 'node:path';
import { openForWriting, StoreError } from '../../../src/relay/log/database.ts';
import { WriteQueue } from '../../../src/relay/log/write-queue.ts';
import { afterward, temporaryFolder } from '../afterward.ts';

interface Stage {
  readonly queue: WriteQueue;
  /** Writes what a full disk refuses; then there is room again. */
  readonly writeTooMuch: () => Promise<void>;
  readonly write: (n: number) => Promise<void>;
  readonly rows: () => number[];
}

function stage(): Stage {
  const file = join(temporaryFolder(), 'relay.sqlite');
  const { db } = openForWriting(file);
  db.exec('CREATE TABLE numbers (n INTEGER)');
  const nothing = (): void => undefined;
  const queue = new WriteQueue({
    ...{ db, file, begin: nothing, complete: nothing, committed: nothing, onLost: nothing, onHealth: nothing },
  });
  afterward(() => {
    queue.close();
    db.close();
  });
  const insert = db.prepare('INSERT INTO numbers VALUES (?)');
  return {
    queue,
    writeTooMuch: async () => {
      db.exec('PRAGMA max_page_count = 50');
      await assert.rejects(
        queue.write(() => db.exec('INSERT INTO numbers VALUES (zeroblob(1000000))')),
        /full/,
      );
      db.exec('PRAGMA max_page_count = 1000');
    },
    write: (n) => queue.write(() => void insert.run(n)),
    rows: () =>
      db
        .prepare('SELECT n FROM numbers ORDER BY n')
        .all()
        .map((row) => Number(row['n'])),
  };
}

describe('What is written', () => {
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
    assert.deepEqual([rows(), queue.commits], [[1], 1]);
    await written;
    await assert.rejects(write(2), StoreError);
  });

  it('as bookkeeping has a commit of its own, and beside others shares theirs', async () => {
    const { queue, write } = stage();
    let applied = 0;
    const keep = (): Promise<boolean> => queue.keep('that something was done', () => (applied += 1));
    assert.equal(await keep(), true);
    assert.deepEqual([applied, queue.commits], [1, 1]);
    await Promise.all([keep(), write(1)]);
    assert.deepEqual([applied, queue.commits], [2, 2]);
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
    await all.writeTooMuch();
    let kept: Promise<boolean> | undefined;
    await all.queue.write(
      () => undefined,
      () => (kept = all.queue.keep('that something was done', () => undefined)),
    );
    assert.equal(await kept, true);
  });
});
