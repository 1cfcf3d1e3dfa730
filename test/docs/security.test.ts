import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');
const text = readFileSync(join(root, 'docs/security.md'), 'utf8');

/** The rows of the tables that say what shows them, by the heading above. */
const rows = [...text.matchAll(/^\| (?!at worst|-|of )(.+?) +\| (.+?) +\| (`test\/.+?) +\|$/gm)].map(
  ([, worst = '', , shownBy = '']) => ({ worst, shownBy }),
);

describe('The threat model', () => {
  it('names for each threat specs that there are', () => {
    assert.ok(rows.length > 40, `${rows.length} rows`);
    const missing: string[] = [];
    for (const { worst, shownBy } of rows) {
      const specs = [...shownBy.matchAll(/`(test\/[\w./-]+\.test\.ts)`: “([^”]+)”/g)];
      if (specs.length === 0 || specs.length !== shownBy.split('`test/').length - 1) missing.push(`${worst}: no spec`);
      for (const [, file = '', title = ''] of specs) {
        const source = existsSync(join(root, file))
          ? readFileSync(join(root, file), 'utf8').replaceAll("\\'", "'")
          : '';
        if (!source.includes(title)) missing.push(`${worst}: ${file}: ${title}`);
      }
    }
    assert.deepEqual(missing, []);
  });

  it('leaves no row without what shows it', () => {
    const tables = [...text.matchAll(/\| at worst[^\n]*\n\| -[^\n]*\n((?:\|[^\n]*\n)+)/g)];
    const all = tables.flatMap(([, body = '']) => body.trim().split('\n'));
    assert.equal(all.length, rows.length);
  });

  it('is led to by what says how to report a hole, and the other way round', () => {
    assert.match(readFileSync(join(root, 'SECURITY.md'), 'utf8'), /docs\/security\.md/);
    assert.match(text, /SECURITY\.md/);
  });
});
