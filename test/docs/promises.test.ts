import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');
const count = 34;

function readSource(path: string): string | null {
  const file = join(root, path);
  return existsSync(file) ? readFileSync(file, 'utf8') : null;
}

/** The titles of a spec file as its source has them: a template keeps its `${…}`. */
function readTitles(source: string): string[] {
  const calls = source.matchAll(/\b(?:describe|it)(?:\.\w+)?\(\s*(['"`])((?:\\.|(?!\1).)*)\1/g);
  return [...calls].map(([, , title = '']) => title.replaceAll(/\\(['"`])/g, '$1'));
}

/** @returns what is wrong with one part of what holds a promise, if anything */
function findFault(held: string): string | null {
  const match = /^(?:[^:]+: )?(?:`((?:test|bench)\/[\w./-]+) › (.+)`|issue \d+)$/.exec(held);
  if (match === null) return `names neither a spec nor an issue: ${held}`;
  const [, path, title] = match;
  if (path === undefined || title === undefined) return null;
  const source = readSource(path);
  if (source === null) return `there is no ${path}`;
  const isThere = path.startsWith('bench/') ? source.includes(title) : readTitles(source).includes(title);
  return isThere ? null : `${path} has no "${title}"`;
}

/**
 * Checks the table of promises.
 * @returns what is wrong, each with the number of its row
 */
function findFaults(table: string): string[] {
  const rows = [...table.matchAll(/^\| (\d+) \| (.+?) \| (.*) \|$/gm)];
  const numbers = rows.map(([, number]) => Number(number));
  const expected = Array.from({ length: count }, (_, index) => index + 1);
  const order = numbers.join() === expected.join() ? [] : [`the rows are ${numbers.join()}`];
  const parts = rows.flatMap(([, number = '', , held = '']) => held.split('<br>').map((part) => ({ number, part })));
  return [
    ...order,
    ...parts.flatMap(({ number, part }) => {
      const fault = findFault(part);
      return fault === null ? [] : [`${number}: ${fault}`];
    }),
  ];
}

describe('The promises', () => {
  const table = readFileSync(join(root, 'test/promises.md'), 'utf8');

  it('are all there, in order, each part with a spec that exists or an issue', () => {
    assert.deepEqual(findFaults(table), []);
  });

  it('are not held by a spec or a line of the benchmarks that does not exist', () => {
    const own = 'test/docs/promises.test.ts';
    const row = (held: string): string => table.replace(/^\| 17 \|.*$/m, `| 17 | compare two events | ${held} |`);
    assert.deepEqual(findFaults(row(`\`${own} › The promises\``)), []);
    assert.deepEqual(findFaults(row('part: issue 33')), []);
    assert.deepEqual(findFaults(row(`part: \`${own} › No such title\`<br>issue 33`)), [
      `17: ${own} has no "No such title"`,
    ]);
    assert.deepEqual(findFaults(row('`test/docs/none.test.ts › The promises`')), [
      '17: there is no test/docs/none.test.ts',
    ]);
    assert.deepEqual(findFaults(row('`bench/start.ts › no such line`')), ['17: bench/start.ts has no "no such line"']);
    assert.deepEqual(findFaults(row('later')), ['17: names neither a spec nor an issue: later']);
    assert.deepEqual(findFaults(row('')), ['17: names neither a spec nor an issue: ']);
  });

  it('are not dropped, doubled or moved', () => {
    const line = /^\| 17 \|.*\n/m;
    const numbers = Array.from({ length: count }, (_, index) => index + 1);
    const [row = ''] = line.exec(table) ?? [];
    assert.deepEqual(findFaults(table.replace(line, '')), [
      `the rows are ${numbers.filter((each) => each !== 17).join()}`,
    ]);
    assert.deepEqual(findFaults(table.replace(line, () => row + row)).length, 1);
    assert.deepEqual(findFaults(table.replace(line, '') + row).length, 1);
  });
});
