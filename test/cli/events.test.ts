import assert from 'node:assert/strict';
import { pages } from '../../src/cli/commands/events.ts';
import type { History } from '../../src/cli/connection.ts';
import type { EventRow } from '../../src/protocol/history.ts';

/** A history that has these rows, and so many that were not looked at. */
function historyOf(rows: number, unseen: number): History {
  const events = Array.from({ length: rows }, (_, index) => ({ id: `e${rows - index}` }) as EventRow);
  const query = ({ limit }: { limit: number }): object => ({ events: events.slice(0, limit), next: null, unseen });
  return { request: (_: string, params: { limit: number }) => Promise.resolve(query(params)) } as unknown as History;
}

/** How many rows come, and what is remarked beside them. */
async function read(history: History, limit: number): Promise<{ rows: number; notes: string }> {
  const write = process.stderr.write.bind(process.stderr);
  let notes = '';
  process.stderr.write = (text) => {
    notes += String(text);
    return true;
  };
  try {
    let rows = 0;
    for await (const page of pages(history, '', limit)) rows += page.length;
    return { rows, notes };
  } finally {
    process.stderr.write = write;
  }
}

describe('Pages of events on the command line', () => {
  it('say how many were not looked at, where one of them may be missing', async () => {
    assert.match((await read(historyOf(3, 700), 50)).notes, /^700 older events not searched/);
    assert.match((await read(historyOf(3, 1), 50)).notes, /^1 older event not searched/);
    assert.match((await read(historyOf(3, 700), Infinity)).notes, /^700 older events/);
    assert.deepEqual(await read(historyOf(3, 700), 3), { rows: 3, notes: '' });
    assert.deepEqual(await read(historyOf(3, 0), 50), { rows: 3, notes: '' });
  });
});
