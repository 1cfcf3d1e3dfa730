import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { documentWith } from '../../bench/document.ts';
import { rateRow, timeRow, type Result } from '../../bench/report.ts';
import { letters, type KeptResult } from '../../bench/results.ts';
import { spread } from '../../bench/statistics.ts';

const file = new URL('../../docs/performance.md', import.meta.url).pathname;

const of = (letter: string, ...rows: Result['rows']): KeptResult => ({
  result: { letter, title: 'A thing', rows, remarks: ['A remark.'] },
  date: '2026-02-03',
  seconds: 12.4,
  circumstances: '- machine: a quiet one',
});

const document = `# Performance

Prose that stays.

<!-- bench machine -->

- machine: an old one

<!-- bench end -->

<!-- bench summary -->

| what    | figure | aim | |
| ------- | ------ | --- | --- |
| (a) old | 1      |     |     |
| (g) kept by hand | 8 ms (6 to 29) | ≤ 10 ms | met |

<!-- bench end -->

<!-- bench a -->

### (a) old

<!-- bench end -->

More prose.
`;

describe('the document of the benchmarks', () => {
  it('gets the tables of the results, and keeps prose and what there is no result of', async () => {
    const kept = of(
      'a',
      rateRow('the relay’s process', 'requests/s', spread([900, 1000, 1100]), spread([1000]), 1, 1.2),
    );
    const written = await documentWith(document, [kept], file);
    assert.match(written, /Prose that stays\./);
    assert.match(written, /More prose\./);
    assert.match(written, /machine: a quiet one/);
    assert.match(written, /### \(a\) A thing/);
    assert.match(written, /Measured on 2026-02-03, in 12 s\./);
    assert.match(
      written,
      /\| \(a\) the relay’s process +\| 1: 1,000 requests\/s, baseline 1,000 +\| ≥ 1, then 1\.2 \| the first met \|/,
    );
    assert.match(written, /\| \(g\) kept by hand +\| 8 ms \(6 to 29\) +\| ≤ 10 ms +\| met +\|/);
    assert.doesNotMatch(written, /old/);
    assert.equal(await documentWith(written, [kept], file), written, 'the same again changes nothing');
  });

  it('says of each aim that is not met why, as measured, and what was tried', () => {
    const lines = readFileSync(file, 'utf8').split('\n');
    const cells = (line: string): string[] => line.split('|').map((cell) => cell.trim());
    const reasons = lines.slice(lines.indexOf("## The aims that aren't met")).filter((line) => line.startsWith('| ('));
    for (const line of lines.filter((each) => /^\| \(\w\).*\| not met +\|$/.test(each))) {
      const what = cells(line)[1] ?? '';
      const its = reasons.map(cells).filter(([, rows = '']) => rows.includes(what.slice(0, 3)));
      assert.ok(its.length > 0, what);
      for (const [, , reason = '', tried = ''] of its) assert.ok(/\d/.test(reason) && /\d/.test(tried), what);
    }
  });

  it('has a place for every benchmark', async () => {
    const all = letters.map((letter) => of(letter));
    const written = await documentWith(readFileSync(file, 'utf8'), all, file);
    for (const letter of letters) assert.ok(written.includes(`### (${letter}) A thing`), letter);
  });

  it('says of an aim only what the figures say', () => {
    const verdict = (ours: number, ...aims: number[]) => rateRow('', '', spread([ours]), spread([100]), ...aims).aim;
    assert.equal(verdict(99, 1, 1.2)?.verdict, 'not met');
    assert.equal(verdict(100, 1, 1.2)?.verdict, 'the first met');
    assert.equal(verdict(120, 1, 1.2)?.verdict, 'met');
    assert.equal(verdict(120), null);
    assert.equal(timeRow('', '', spread([3.1]), spread([2]), 1.5).aim?.verdict, 'not met');
    assert.equal(timeRow('', '', spread([3]), spread([2]), 1.5).aim?.verdict, 'met');
  });
});
