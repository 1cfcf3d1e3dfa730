import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { FilterError, filterKeys, filterValues, parseFilter, type Filter } from '../../src/protocol/event-filter.ts';
import { sampleBody, startTestRelay } from '../relay/stage.ts';

const now = Date.UTC(2026, 2, 1, 12);
const everything: Filter = {
  types: [],
  lists: [],
  addresses: [],
  states: [],
  kinds: [],
  sources: [],
  since: null,
  until: null,
  duplicates: null,
  signatures: [],
  onPurpose: null,
  deliveryIds: [],
  words: [],
};
const reads = (text: string, expected: Partial<Filter>): void =>
  assert.deepEqual(parseFilter(text, now), { ...everything, ...expected }, text);
const refuses = (text: string, message: RegExp): void =>
  assert.throws(
    () => parseFilter(text, now),
    (error) => error instanceof FilterError && message.test(error.message),
  );

describe('a filter', () => {
  it('has keys in any case, lists of values, and quoted ones', () => {
    reads('type:subscribe,update TYPE:Deactivate', { types: ['subscribe', 'update', 'Deactivate'] });
    reads('list:96c0 address:a@b.c', { lists: ['96c0'], addresses: ['a@b.c'] });
    reads('address:"a, b"', { addresses: ['a, b'] });
    reads('state:FAILED,waiting kind:rejected source:open-connectors', {
      states: ['failed', 'waiting'],
      kinds: ['rejected'],
      sources: ['open-connectors'],
    });
    reads('duplicate:yes', { duplicates: true });
    reads('signature:invalid,MISSING', { signatures: ['invalid', 'missing'] });
    reads('duplicate:no delivery:d7,8', { duplicates: false, deliveryIds: [7, 8] });
  });

  it('has times as spans before now and as dates', () => {
    reads('since:30s', { since: now - 30_000 });
    reads('since:30m until:1H', { since: now - 1_800_000, until: now - 3_600_000 });
    reads('since:7d since:2h', { since: now - 7_200_000 });
    reads('since:2026-01-05 until:2026-01-05T10:00:00Z', {
      since: Date.UTC(2026, 0, 5),
      until: Date.UTC(2026, 0, 5, 10),
    });
  });

  it('that cannot be read is refused with the part and what it may be', () => {
    refuses('typ:subscribe', /unknown filter key "typ"/);
    refuses('type:', /"type:" needs a value/);
    refuses('type:a,,b', /"type:" needs a value/);
    refuses('state:sending', /"state:sending": expected one of failed, waiting, held, sent, discarded/);
    refuses('kind:x', /expected one of event, test, rejected/);
    refuses('source:x', /expected one of campaign-monitor, open-connectors/);
    refuses('since:soon', /"since:soon": expected a time span such as 2h/);
    refuses('until:2026-13-45', /expected a time span/);
    refuses('duplicate:maybe', /expected one of yes, no/);
    refuses('signature:wrong', /expected one of invalid, missing, valid, unchecked/);
    refuses('delivery:e7', /expected an ID such as d7/);
  });

  it('is read or refused with a FilterError, whatever the text, and loses no word', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        try {
          parseFilter(text, now);
        } catch (error) {
          assert.ok(error instanceof FilterError, String(error));
        }
      }),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[\p{L}\p{N}][\p{L}\p{N}@.-]*$/u)), (words) => {
        assert.deepEqual(parseFilter(words.join(' '), now).words, words);
      }),
    );
  });
});

describe('the language of filters', () => {
  it('is told by docs/history.md with every key, and every value where there are few', () => {
    const docs = readFileSync(new URL('../../docs/history.md', import.meta.url), 'utf8');
    const rows = [...docs.matchAll(/^\| `(\w+):.*\|$/gm)];
    const told = rows.flatMap(([row]) => [...row.matchAll(/`(\w+):[^`]*`/g)].map(([, key = '']) => key));
    assert.deepEqual([...told].sort(), [...filterKeys].sort());
    for (const [key, values] of Object.entries(filterValues)) {
      const row = rows.find(([, each]) => each === key)?.[0] ?? '';
      for (const value of values) assert.ok(row.includes(`\`${value}\``), `${key}:${value}`);
    }
  });
});

describe('a filter on the history', () => {
  it('finds by type, list, address, kind, time, duplicate and text', async () => {
    const relay = await startTestRelay();
    await relay.deliver(sampleBody({ events: 2, email: 'ada@example.org' }));
    await relay.deliver(sampleBody({ type: 'Update', list: 'a'.repeat(32), email: 'chidi@example.org', seed: 7 }));
    await relay.deliver(sampleBody({ type: 'Update', list: 'a'.repeat(32), email: 'chidi@example.org', seed: 7 }));
    await relay.deliver('');
    await relay.deliver('no json');
    const found = async (filter: string): Promise<string[]> =>
      (await relay.client.request('events/query', { filter })).events.map((event) => event.id);
    assert.deepEqual(await found('answered:as-usual'), await found(''));
    assert.deepEqual(await found('answered:on-purpose'), []);
    assert.deepEqual(await found(''), ['e6', 'e5', 'e4', 'e3', 'e2', 'e1']);
    assert.deepEqual(await found('type:subscribe'), ['e2', 'e1']);
    assert.deepEqual(await found('type:subscribe,UPDATE'), ['e4', 'e3', 'e2', 'e1']);
    assert.deepEqual(await found(`list:${'a'.repeat(32)}`), ['e4', 'e3']);
    assert.deepEqual(await found('address:ada@example.org'), ['e2', 'e1']);
    assert.deepEqual(await found('kind:test'), ['e5']);
    assert.deepEqual(await found('kind:rejected'), ['e6']);
    assert.deepEqual(await found('duplicate:yes'), ['e4']);
    assert.deepEqual(await found('delivery:d2'), ['e3']);
    assert.deepEqual(await found('since:1h type:update duplicate:no'), ['e3']);
    assert.deepEqual(await found('until:1h'), []);
    assert.deepEqual(await found('chidi'), ['e4', 'e3']);
    assert.deepEqual(await found('source:open-connectors'), []);
    await assert.rejects(found('nokey:1'), /unknown filter key "nokey"/);
  });
});
