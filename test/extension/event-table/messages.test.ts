import assert from 'node:assert/strict';
import fc from 'fast-check';
import { maxChosen } from '../../../src/protocol/event-filter.ts';
import { readChosen, readTableMessage } from '../../../src/extension/event-table/messages.ts';

const chosen = { ids: ['e1', 'e2'], active: 'e1' };
const all = { filter: 'state:failed', before: 'e9', except: ['e3'], count: 7, active: null };
const sight = { first: 3, count: 20, anchor: { id: 'e7', at: 3 } };

describe('What the table’s page says', () => {
  it('is understood', () => {
    const messages = [
      { type: 'ready', sort: null, sight: null },
      { type: 'ready', sort: { by: 'time', descending: true }, sight },
      { type: 'see', again: false, sight: { ...sight, anchor: null } },
      { type: 'want', generation: 3, offsets: [200, 0] },
      { type: 'range', turn: 7, generation: 3, from: 0, to: 9999 },
      { type: 'sort', sort: { by: 'status', descending: false } },
      { type: 'pause', on: true },
      { type: 'filter', text: 'state:failed', done: false },
      { type: 'choose', turn: 7, chosen: { ...chosen, active: null } },
      { type: 'act', action: 'open', chosen },
      { type: 'choose', turn: 8, chosen: all },
      { type: 'act', action: 'release', chosen: all },
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
      { type: 'want', generation: 3, offsets: new Array(9).fill(0) },
      { type: 'range', turn: 7, generation: 3, from: -1, to: 9 },
      { type: 'choose', turn: 7, chosen: { ...chosen, ids: new Array(maxChosen + 1).fill('e1') } },
      { type: 'filter', text: 'x'.repeat(1001), done: true },
      { type: 'choose', turn: 7, chosen: { ...chosen, ids: ['command:x'] } },
      { type: 'choose', turn: -1, chosen },
      { type: 'act', action: 'clearHistory', chosen },
      { type: 'act', action: 'drop', chosen },
      { type: 'sendNext', id: 'e1' },
      { type: 'act', action: 'resend', chosen: { ...all, before: 'd9' } },
      { type: 'act', action: 'resend', chosen: { ...all, ids: ['e1'] } },
      { type: 'act', action: 'resend', ids: ['e1'] },
      { type: 'start', extra: 1 },
    ];
    for (const message of wrong) assert.equal(readTableMessage(message), undefined, JSON.stringify(message));
    fc.assert(fc.property(fc.anything(), (message) => assert.equal(readTableMessage(message), undefined)));
  });

  it('is with the menu of a row which rows that is about', () => {
    for (const each of [chosen, all]) assert.deepEqual(readChosen(each), each);
    fc.assert(fc.property(fc.anything(), (context) => assert.equal(readChosen(context), undefined)));
  });
});
