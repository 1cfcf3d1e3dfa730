import assert from 'node:assert/strict';
import fc from 'fast-check';
import { readChosen, readTableMessage } from '../../../src/extension/event-table/messages.ts';

const chosen = { snapshot: 'abc', stretches: [[0, 1199]], ids: ['e1', 'e2'], active: 'e1' };
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
      { type: 'choose', turn: 7, chosen: { ...chosen, active: null } },
      { type: 'act', action: 'open', chosen },
      { type: 'act', action: 'release', chosen: { ...chosen, ids: [] } },
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
      { type: 'choose', turn: 7, chosen: { ...chosen, ids: ['command:x'] } },
      { type: 'choose', turn: -1, chosen },
      { type: 'act', action: 'clearHistory', chosen },
      { type: 'act', action: 'drop', chosen },
      { type: 'sendNext', id: 'e1' },
      { type: 'act', action: 'resend', chosen: { ...chosen, stretches: [[-1, 3]] } },
      { type: 'act', action: 'resend', ids: ['e1'] },
      { type: 'start', extra: 1 },
    ];
    for (const message of wrong) assert.equal(readTableMessage(message), undefined, JSON.stringify(message));
    fc.assert(fc.property(fc.anything(), (message) => assert.equal(readTableMessage(message), undefined)));
  });

  it('is with the menu of a row which rows that is about', () => {
    assert.deepEqual(readChosen(chosen), chosen);
    fc.assert(fc.property(fc.anything(), (context) => assert.equal(readChosen(context), undefined)));
  });
});
