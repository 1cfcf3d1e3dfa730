import assert from 'node:assert/strict';
import { meantBy } from '../../src/cli/chosen.ts';

describe('What --only means', () => {
  const checks = [
    { id: 'twice', name: 'The same twice' },
    { id: 'twice-at-once', name: 'The same twice at the same time' },
    { id: 'speed', name: 'How fast your callback answers' },
  ];
  const scenarios = [{ name: 'right' }, { name: 'right too' }, { name: 'one, and another' }];

  const cases: readonly (readonly [
    all: readonly { id?: string; name: string }[],
    text: string,
    meant: number[],
    unknown?: string,
  ])[] = [
    [checks, 'twice', [0]],
    [checks, 'speed, twice', [2, 0]],
    [checks, 'The same twice', [0]],
    [checks, 'The same', [0, 1]],
    [checks, 'How fast your callback answers,twice-at-once', [2, 1]],
    [checks, 'speed,twise', [2], 'twise'],
    [checks, '', [], ''],
    [scenarios, 'right', [0, 1]],
    [scenarios, 'too,another', [1, 2]],
    [scenarios, 'one, and', [2]],
    [scenarios, 'wrong', [], 'wrong'],
  ];
  for (const [all, text, meant, unknown] of cases) {
    it(`finds ${meant.length} by "${text}"`, () => {
      const found = meantBy(text, all, (each) => each);
      assert.deepEqual(found, { meant: meant.map((index) => all[index]), unknown });
    });
  }
});
