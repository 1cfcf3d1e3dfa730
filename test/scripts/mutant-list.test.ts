import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { mutants } from '../../scripts/mutant-list.ts';
import { root } from './build.ts';

describe('The mutants', () => {
  it('change what stands in the sources exactly once, and name specs that there are', () => {
    assert.ok(mutants.length >= 40);
    for (const { name, file, text, by, specs } of mutants) {
      assert.equal(readFileSync(join(root, file), 'utf8').split(text).length, 2, `${name}: ${file}`);
      assert.notEqual(text, by, name);
      for (const spec of specs) assert.ok(existsSync(join(root, spec)), `${name}: ${spec}`);
    }
  });

  it('have names of their own', () => {
    const names = mutants.map(({ name }) => name);
    assert.equal(new Set(names).size, names.length);
  });
});
