import assert from 'node:assert/strict';
import { durationText } from '../../../src/pages/table/words.ts';

const texts = { milliseconds: '{0} ms', seconds: '{0} s', minutes: '{0} min', hours: '{0} h' };

describe('Words of the table', () => {
  it('say spans of time in the unit that they fill', () => {
    const all = [2.5, 999, 1500, 100_000, 300_000, 32_768_000].map((ms) => durationText(ms, texts, 'en'));
    assert.deepEqual(all, ['2.5 ms', '999 ms', '1.5 s', '100 s', '5 min', '9.1 h']);
    assert.equal(durationText(2500, texts, 'de'), '2,5 s');
  });
});
