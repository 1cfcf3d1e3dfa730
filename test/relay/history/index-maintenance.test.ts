import assert from 'node:assert/strict';
import { IndexMaintenance } from '../../../src/relay/history/index-maintenance.ts';
import { afterwards } from '../afterwards.ts';
import { until } from '../until.ts';

interface Watched {
  readonly maintenance: IndexMaintenance;
  /** What the history was asked to do, in order. */
  readonly asked: string[];
}

function watched(): Watched {
  const asked: string[] = [];
  const maintenance = new IndexMaintenance({
    history: { tell: (what) => void asked.push(what) },
    store: {
      setIndexSize: (bytes, events) => void asked.push(`${bytes} bytes for ${events}`),
    },
    announcer: { statusChanged: () => void asked.push('status') },
    log: (level, message) => void asked.push(`${level}: ${message}`),
  });
  afterwards(() => maintenance.close());
  return { maintenance, asked };
}

function store({ maintenance }: Watched, count: number): void {
  for (let i = 0; i < count; i++) maintenance.stored();
}

describe('the upkeep of the history', () => {
  it('comes when a burst is over, and writes the log back only after a burst of some size', async () => {
    const few = watched();
    const many = watched();
    store(few, 20);
    store(many, 600);
    await until(() => few.asked.length > 0 && many.asked.length > 2);
    assert.deepEqual(few.asked, ['changed']);
    assert.deepEqual(many.asked, ['changing', 'changed', 'checkpoint'], 'not while it may go on');
  });

  it('comes in the middle of a burst that goes on, and counts on from there', async () => {
    const long = watched();
    store(long, 5000);
    await until(() => long.asked.length === 2);
    assert.deepEqual(long.asked, ['changing', 'checkpoint'], 'and the index follows a little meanwhile');
    store(long, 20);
    await until(() => long.asked.length === 3);
    assert.deepEqual(long.asked.slice(2), ['changed'], 'few have come since the log was written back');
  });

  it('begins with what earlier relays left', async () => {
    const { maintenance, asked } = watched();
    maintenance.begin();
    await until(() => asked.length > 0);
    assert.deepEqual(asked, ['changed']);
  });

  it('passes on what is said of the index, and says once that it does not follow', () => {
    const { maintenance, asked } = watched();
    const index = { events: 3, of: 9, bytes: 700 };
    maintenance.indexed({ index, failure: null });
    assert.deepEqual(asked, ['700 bytes for 3', 'status']);
    assert.deepEqual(maintenance.index, { events: 3, of: 9, failure: null });
    for (let i = 0; i < 2; i++) maintenance.indexed({ index, failure: 'disk full' });
    assert.equal(asked.filter((each) => each.startsWith('warn: the text of the history is not indexed')).length, 1);
    assert.equal(maintenance.index.failure, 'disk full');
  });

  it('comes no more after its end', async () => {
    const ended = watched();
    const going = watched();
    store(ended, 1);
    store(going, 1);
    ended.maintenance.close();
    await until(() => going.asked.length === 1);
    assert.deepEqual(ended.asked, []);
  });
});
