import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { FilterError } from '../../../src/protocol/event-filter.ts';
import {
  addTexts,
  createTextTable,
  matchExpression,
  phrasesOf,
  termsWith,
  textColumns,
} from '../../../src/relay/history/text-index.ts';
import { deliveryRecord } from '../records.ts';
import { afterward, ownDirectory } from '../afterward.ts';
import { openReader, openStore } from './stores.ts';

/** A table of the text of one delivery's events. @returns the IDs of the events that a word finds */
async function indexOf(body: string): Promise<(word: string) => number[]> {
  const store = openStore(ownDirectory());
  await store.add(deliveryRecord(store, { body: Buffer.from(body) }));
  const db = new DatabaseSync(':memory:');
  afterward(() => db.close());
  createTextTable(db, 'search');
  addTexts(db, 'search', store.log.prepare(`SELECT ${textColumns} FROM deliveries`).get()!, store.log);
  const find = db.prepare('SELECT rowid AS id FROM search WHERE search MATCH ?');
  return (word) => find.all(matchExpression(phrasesOf([word], [])!)).map(({ id }) => Number(id));
}

describe('The text of an event', () => {
  it('may have a field with more values than a call takes arguments', async () => {
    const event = { Type: 'Subscribe', EmailAddress: 'a@example.org', Name: 'Ophelia', Odd: Array(300_000).fill(1) };
    const find = await indexOf(JSON.stringify({ ListID: 'l', Events: [event] }));
    assert.deepEqual(find('a@example.org'), [1]);
  });

  it('has fields nested a hundred thousand deep, and what stands beside them', async () => {
    const deep = `${'{"a":['.repeat(100_000)}"inmost"${']}'.repeat(100_000)}`;
    const find = await indexOf(`{"ListID":"l","Events":[{"Type":"Subscribe","Name":"Ophelia","Odd":${deep}}]}`);
    assert.deepEqual([find('inmost'), find('Ophelia')], [[1], [1]]);
  });

  it('is that of the event alone, and in the place of what was there', async () => {
    const events = ['Ophelia', 'Gertrude'].map((Name) => ({ Type: 'Subscribe', Name }));
    const find = await indexOf(JSON.stringify({ ListID: 'l', Events: events }));
    assert.deepEqual([find('ophelia'), find('gertrude'), find('subscribe')], [[1], [2], [1, 2]]);
  });
});

describe('The words of the index with a prefix', () => {
  it('are known where they are few, and in ASCII', () => {
    const db = new DatabaseSync(':memory:');
    afterward(() => db.close());
    createTextTable(db, 'search');
    const insert = db.prepare('INSERT INTO search (rowid, address, text) VALUES (?, ?, ?)');
    const few = Array.from({ length: 16 }, (_, at) => `few${at}`);
    insert.run(1, 'ada@example.org', `Adam adamant ${few.join(' ')} b adam`);
    insert.run(2, '', `Ada ${Array.from({ length: 17 }, (_, at) => `many${at}`).join(' ')}`);
    db.exec("CREATE VIRTUAL TABLE temp.terms USING fts5vocab ('main', 'search', 'instance')");
    const next = db.prepare('SELECT term FROM temp.terms WHERE term >= ? LIMIT 1');
    assert.deepEqual(termsWith('ADA', next), ['ada', 'adam', 'adamant']);
    assert.deepEqual(termsWith('adam', next), ['adam', 'adamant']);
    assert.deepEqual(termsWith('few', next), [...few].sort());
    assert.equal(termsWith('many', next), null);
    assert.equal(termsWith('none', next), null);
    assert.equal(termsWith('zz', next), null, 'after the last');
    assert.equal(termsWith('adä', next), null);
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
