import assert from 'node:assert/strict';
import { compareVersions } from '../../../src/common/programs/versions.ts';

describe('compareVersions', () => {
  const table: readonly [string, string, number][] = [
    ['1.2.3', '1.2.3', 0],
    ['1.2.3', '1.2.4', -1],
    ['1.10.0', '1.9.9', 1],
    ['2.0.0', '1.99.99', 1],
    ['0.1.0', '0.0.99', 1],
    ['1.2.3-beta.1', '1.2.3', 0],
    ['1.2.3+build.5', '1.2.3', 0],
    ['1.2.4-rc', '1.2.3+x-y', 1],
    ['1.2', '1.2.0', 0],
  ];
  for (const [a, b, sign] of table) {
    it(`says that ${a} is ${sign === 0 ? 'the same as' : sign < 0 ? 'older than' : 'newer than'} ${b}`, () => {
      assert.equal(Math.sign(compareVersions(a, b)), sign);
      assert.equal(Math.sign(compareVersions(b, a)), sign === 0 ? 0 : -sign);
    });
  }
});
