import assert from 'node:assert/strict';
import { settledPart, suggest } from '../../../src/extension/event-tree/filter-suggestions.ts';
import { parseFilter } from '../../../src/protocol/event-filter.ts';

const lists = [
  { id: '96c0bbda', name: 'Newsletter' },
  { id: 'b1000000', name: undefined },
];
const words = (text: string): readonly string[] => suggest(text, lists).suggestions.map(({ word }) => word);

describe('How a filter may go on', () => {
  it('is by the values of a key, of the last word alone', () => {
    assert.deepEqual(words('state:'), ['state:failed', 'state:waiting', 'state:held', 'state:sent', 'state:discarded']);
    assert.deepEqual(words('ann state:f'), ['state:failed']);
    assert.equal(suggest('ann state:f', lists).suggestions[0]?.filter, 'ann state:failed');
    assert.deepEqual(words('state:failed,wa'), ['state:failed,waiting']);
    assert.deepEqual(words('state:failed'), []);
    assert.deepEqual(words('state:broken').length, 5);
    assert.deepEqual(words('type:sub'), ['type:Subscribe']);
    assert.deepEqual(words('answered:'), ['answered:on-purpose', 'answered:as-usual']);
  });

  it('is in force while it is typed but for what has only begun', () => {
    const settled = (text: string): string => settledPart(text, suggest(text, lists));
    for (const [typed, inForce] of [
      ...[
        ['state:fa', ''] as const,
        ['state:failed', 'state:failed'] as const,
        ['state:failed si', 'state:failed'] as const,
      ],
      ...[['state:failed,', 'state:failed'] as const, ['state:failed,wa', 'state:failed'] as const],
      ...[['ann', 'ann'] as const, ['a', ''] as const, ['ann type:', 'ann'] as const, ['type:sub', ''] as const],
      ...[
        ['', ''] as const,
        ['state:broken', ''] as const,
        ['since:2h', 'since:2h'] as const,
        ['since:2', ''] as const,
      ],
    ])
      assert.equal(settled(typed), inForce, typed);
  });

  it('is by a key that begins so, which is to be typed on', () => {
    assert.deepEqual(words('st'), ['state:']);
    assert.equal(suggest('st', lists).suggestions[0]?.open, true);
    assert.deepEqual(words(''), []);
    assert.deepEqual(words('ann@example.com'), []);
  });

  it('is a filter that can be read', () => {
    for (const text of [
      'state:',
      'kind:t',
      'source:',
      'duplicate:',
      'answered:',
      'type:',
      'since:',
      'until:',
      'list:',
    ]) {
      const { suggestions } = suggest(`ann ${text}`, lists);
      assert.ok(suggestions.length > 0, text);
      for (const { filter } of suggestions) parseFilter(filter, 0);
    }
  });
});
