import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openForReading } from '../../../src/relay/log/database.ts';
import { FilterError } from '../../../src/protocol/event-filter.ts';
import { openHistory, searchFile, storeFile } from '../../../src/relay/history/history.ts';
import type { HistoryReader } from '../../../src/relay/history/history.ts';
import { HistoryIndex } from '../../../src/relay/history/history-index.ts';
import { matchExpression, phrasesOf } from '../../../src/relay/history/text-index.ts';
import type { Store } from '../../../src/relay/log/store.ts';
import { openReader, openStore } from './stores.ts';
import { deliveryRecord, destinationId } from '../records.ts';
import { afterwards, ownDirectory, temporaryFolder } from '../afterwards.ts';

function bodyOf(name: string, events = 1): Buffer {
  return Buffer.from(
    JSON.stringify({
      ListID: 'l',
      Events: Array.from({ length: events }, () => ({ Type: 'Subscribe', EmailAddress: 'a@example.org', Name: name })),
    }),
  );
}

/** Adds deliveries whose events have that name. */
async function add(
  store: Store,
  name: string,
  deliveries = 1,
  events = 1,
  to: Parameters<typeof deliveryRecord>[1] = {},
): Promise<void> {
  await Promise.all(
    Array.from({ length: deliveries }, () =>
      store.add(deliveryRecord(store, { ...to, events, body: bodyOf(name, events) })),
    ),
  );
}

function found(reader: HistoryReader, filter: string): number {
  return reader.query({ filter, limit: 1000 }).events.length;
}

/** How many events the index holds. */
function indexed(dataDir: string): number {
  const db = new DatabaseSync(searchFile(dataDir), { readOnly: true });
  try {
    return Number(db.prepare('SELECT count(*) AS n FROM search_docsize').get()?.['n']);
  } finally {
    db.close();
  }
}

describe('The index of free text', () => {
  it('is made again when it was thrown away', async () => {
    const dataDir = ownDirectory();
    await add(openStore(dataDir), 'Ophelia', 3);
    assert.equal(found(openReader(dataDir), 'ophelia'), 3);
    for (const suffix of ['', '-wal', '-shm']) rmSync(searchFile(dataDir) + suffix, { force: true });
    assert.equal(found(openReader(dataDir), 'ophelia'), 3);
  });

  const damages: Record<string, (file: string) => void> = {
    garbage: (file) => writeFileSync(file, 'no index '.repeat(2000)),
    'a truncated one': (file) => writeFileSync(file, readFileSync(file).subarray(0, 5000)),
    'an empty one': (file) => writeFileSync(file, ''),
    'one of another layout': (file) => {
      rmSync(file);
      const db = new DatabaseSync(file);
      db.exec('CREATE TABLE progress (somebody TEXT)');
      db.close();
    },
    'zeros but for the first page': (file) => {
      const handle = openSync(file, 'r+');
      const rest = statSync(file).size - 4096;
      writeSync(handle, Buffer.alloc(rest), 0, rest, 4096);
      closeSync(handle);
    },
  };
  for (const [what, damage] of Object.entries(damages)) {
    it(`is made again when it is damaged: ${what}`, async () => {
      const dataDir = ownDirectory();
      await add(openStore(dataDir), 'Ophelia', 50);
      const before = openHistory(dataDir);
      assert.equal(found(before, 'ophelia'), 50);
      before.close();
      damage(searchFile(dataDir));
      assert.equal(found(openReader(dataDir), 'ophelia'), 50);
    });
  }

  it('is made again when it is damaged while it is open', async () => {
    const dataDir = ownDirectory();
    const store = openStore(dataDir);
    await add(store, 'Ophelia', 400);
    const reader = openReader(dataDir);
    assert.equal(found(reader, 'ophelia'), 400);
    const db = new DatabaseSync(searchFile(dataDir));
    db.enableDefensive(false);
    db.exec('UPDATE search_data SET block = zeroblob(40) WHERE id > 10; UPDATE search_docsize SET sz = NULL');
    db.close();
    await add(store, 'Ophelia', 1);
    assert.equal(found(reader, 'ophelia'), 401);
    assert.equal(found(reader, 'address:a@example.org'), 401);
  });

  it('of another store is not used', async () => {
    const [here, there] = [ownDirectory(), ownDirectory()];
    await add(openStore(here), 'Ophelia', 2);
    await add(openStore(there), 'Gertrude', 3);
    for (const [dataDir, name] of [
      [here, 'ophelia'],
      [there, 'gertrude'],
    ] as const) {
      const reader = openHistory(dataDir);
      assert.ok(found(reader, name) > 0);
      reader.close();
    }
    writeFileSync(searchFile(there), readFileSync(searchFile(here)));
    const reader = openReader(there);
    assert.equal(found(reader, 'gertrude'), 3);
    assert.equal(found(reader, 'ophelia'), 0);
  });

  it('is brought up to date in pieces', async () => {
    const dataDir = ownDirectory();
    await add(openStore(dataDir), 'Ophelia', 1200);
    const db = openForReading(storeFile(dataDir));
    const index = new HistoryIndex(searchFile(dataDir), db);
    afterwards(() => {
      index.close();
      db.close();
    });
    let pieces = 1;
    while (!index.followText(0)) pieces += 1;
    assert.equal(pieces, 3);
    const phrases = phrasesOf(['ophelia'], [])!;
    const all = { count: 1200, has: () => true, ids: () => [] };
    assert.equal([...index.text.find(phrases, all, Number.MAX_SAFE_INTEGER)].length, 1200);
  });

  it('takes a field with more values than a call takes arguments', async () => {
    const dataDir = ownDirectory();
    const store = openStore(dataDir);
    const event = { Type: 'Subscribe', EmailAddress: 'a@example.org', Name: 'Ophelia', Odd: Array(300_000).fill(1) };
    await store.add(deliveryRecord(store, { body: Buffer.from(JSON.stringify({ ListID: 'l', Events: [event] })) }));
    assert.equal(openReader(dataDir).query({ filter: 'address:a@example.org', limit: 10 }).events.length, 1);
  });

  it('takes fields nested a hundred thousand deep, and what stands beside them', async () => {
    const dataDir = ownDirectory();
    const store = openStore(dataDir);
    const deep = `${'{"a":['.repeat(100_000)}"inmost"${']}'.repeat(100_000)}`;
    const body = `{"ListID":"l","Events":[{"Type":"Subscribe","Name":"Ophelia","Odd":${deep}}]}`;
    await store.add(deliveryRecord(store, { body: Buffer.from(body) }));
    const reader = openReader(dataDir);
    assert.deepEqual([found(reader, 'inmost'), found(reader, 'Ophelia')], [1, 1]);
  });

  it('is emptied when the history is cleared', async () => {
    const dataDir = ownDirectory();
    const store = openStore(dataDir);
    await add(store, 'Ophelia', 30);
    const reader = openReader(dataDir);
    reader.follow(Infinity);
    assert.equal(indexed(dataDir), 30);
    await store.clear();
    reader.follow(Infinity);
    assert.equal(indexed(dataDir), 0);
    await add(store, 'Ophelia', 2);
    assert.equal(found(reader, 'ophelia'), 2);
    assert.equal(indexed(dataDir), 2);
  });

  it('shrinks with what retention removes, past what waits', async () => {
    const dataDir = ownDirectory();
    const store = openStore(dataDir);
    const waiting = { to: [destinationId(store)] };
    const reader = openReader(dataDir);
    await add(store, 'Hamlet', 1, 1, waiting);
    await add(store, 'Ophelia', 7, 1000);
    await add(store, 'Hamlet', 1, 1, waiting);
    await add(store, 'Ophelia', 7, 1000);
    reader.follow(Infinity);
    assert.equal(indexed(dataDir), 14_002);
    await store.clear();
    reader.follow(Infinity);
    assert.equal(indexed(dataDir), 2);
    assert.equal(found(reader, 'hamlet'), 2);
    assert.equal(found(reader, 'ophelia'), 0);
  });

  it('may be made by several processes at once', async function () {
    this.timeout(180_000);
    const dataDir = ownDirectory();
    await add(openStore(dataDir), 'Ophelia', 800);
    const program = `import { openHistory } from ${JSON.stringify(new URL('../../../src/relay/history/history.ts', import.meta.url).href)};
      const reader = openHistory(${JSON.stringify(dataDir)});
      process.stdout.write(String(reader.query({ filter: 'ophelia', limit: 1000 }).events.length));
      reader.close();`;
    const script = join(temporaryFolder(), 'reader.ts');
    writeFileSync(script, program);
    const outputs = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const child = spawn('node', ['--disable-warning=ExperimentalWarning', script], {
          stdio: ['ignore', 'pipe', 'pipe'],
        });
        let output = '';
        child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
        child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
        await once(child, 'close');
        return output;
      }),
    );
    assert.deepEqual(outputs, ['800', '800', '800', '800']);
    assert.equal(indexed(dataDir), 800);
  });
});

describe('The expression for the index', () => {
  it('has each word as a phrase whose last part may be a beginning', () => {
    const expression = (words: string[], addresses: string[]): string | null => {
      const phrases = phrasesOf(words, addresses);
      return phrases && matchExpression(phrases);
    };
    assert.equal(expression(['ada'], []), '"ada" *');
    assert.equal(expression(['ada@example.org', 'k"ö*ln'], []), '"ada example org" * AND "k ö ln" *');
    assert.equal(expression([], ['a', 'b']), 'address : ("a" * OR "b" *)');
    assert.equal(expression(['x'], ['a']), '"x" * AND address : ("a" *)');
    assert.equal(expression([], []), null);
  });

  it('has the words of the index in the place of a beginning, where they are known', () => {
    const terms = (beginning: string): string[] | null => (beginning === 'org' ? ['org', 'organ'] : null);
    assert.equal(
      matchExpression(phrasesOf(['a.org', 'b'], ['org'])!, terms),
      '("a org" OR "a organ") AND "b" * AND address : ("org" OR "organ")',
    );
  });

  it('is never one that the index cannot read', () => {
    const dataDir = ownDirectory();
    openStore(dataDir);
    const reader = openReader(dataDir);
    for (const word of ['AND', 'NOT x', '"', '*', '(a', 'a:b:c', 'NEAR(a b)', '^a', '-a', '\u0000a', '{a} : b', "'"]) {
      for (const filter of [word, `"${word.replaceAll('"', '')}"`]) {
        try {
          reader.query({ filter, limit: 1 });
        } catch (error) {
          assert.ok(error instanceof FilterError, `${filter}: ${String(error)}`);
        }
      }
    }
  });
});
