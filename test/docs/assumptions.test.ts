import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

const page = readFileSync(new URL('../../docs/assumptions.md', import.meta.url), 'utf8');

/** The IDs in the first column of a part of the page. */
function findIds(part: string): string[] {
  return [...part.matchAll(/^\| `([a-z-]+)` /gm)].map(([, id = '']) => id);
}

describe('docs/assumptions.md', () => {
  it('says of each assumption with an ID, once, how to find out whether it holds', () => {
    const [assumptions = '', rest = ''] = page.split('\n## Find out with an account\n');
    const ids = findIds(assumptions);
    assert.ok(ids.length > 20, `${ids.length} IDs`);
    assert.deepEqual(findIds(rest.split('\n## ')[0] ?? '').sort(), ids.sort());
  });
});
