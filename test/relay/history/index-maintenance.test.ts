import assert from 'node:assert/strict';
import { IndexMaintenance } from '../../../src/relay/history/index-maintenance.ts';
import { afterward } from '../afterward.ts';
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
  afterward(() => maintenance.close());
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

  it('begins with what earlier relays left', async () => {
    const { maintenance, asked } = watched();
    maintenance.begin();
    await until(() => asked.length > 0);
    assert.deepEqual(asked, ['changed']);
  });
});
