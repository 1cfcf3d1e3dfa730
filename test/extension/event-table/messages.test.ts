import assert from 'node:assert/strict';
import fc from 'fast-check';
import { readTableMessage } from '../../../src/extension/event-table/messages.ts';

const sight = { first: 3, count: 20, anchor: { id: 'e7', at: 3 } };

describe('What the table’s page says', () => {
  it('is understood', () => {
    const messages = [
      { type: 'ready', sort: null, sight: null },
      { type: 'ready', sort: { by: 'time', descending: true }, sight },
      { type: 'see', again: false, sight: { ...sight, anchor: null } },
      { type: 'want', snapshot: 'abc', offsets: [200, 0] },
      { type: 'sort', sort: { by: 'status', descending: false } },
      { type: 'pause', on: true },
      { type: 'filter', text: 'state:failed', done: false },
      { type: 'select', ids: ['e1', 'e2'] },
      { type: 'act', action: 'open', ids: ['e1'] },
      { type: 'act', action: 'release', ids: ['e1', 'e2'] },
      { type: 'continueSending' },
      { type: 'sendNext' },
      { type: 'start' },
    ];
    for (const message of messages) assert.deepEqual(readTableMessage(message), message);
  });

  it('is passed over where the page cannot have said it', () => {
    const wrong = [
      { type: 'ready', sort: { by: 'address', descending: true }, sight: null },
      { type: 'see', again: false, sight: { ...sight, first: -1 } },
      { type: 'see', again: false, sight: { ...sight, anchor: { id: 'd7', at: 3 } } },
      { type: 'want', snapshot: 'abc', offsets: new Array(9).fill(0) },
      { type: 'filter', text: 'x'.repeat(1001), done: true },
      { type: 'select', ids: ['command:x'] },
      { type: 'act', action: 'clearHistory', ids: ['e1'] },
      { type: 'act', action: 'drop', ids: ['e1'] },
      { type: 'sendNext', id: 'e1' },
      { type: 'act', action: 'replay', ids: [] },
      { type: 'start', extra: 1 },
    ];
    for (const message of wrong) assert.equal(readTableMessage(message), undefined, JSON.stringify(message));
    fc.assert(fc.property(fc.anything(), (message) => assert.equal(readTableMessage(message), undefined)));
  });
});
