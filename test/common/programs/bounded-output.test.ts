import assert from 'node:assert/strict';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { eachLine, runBounded } from '../../../src/common/programs/bounded-output.ts';

describe('The lines of an output', () => {
  it('are the same however it is cut into pieces, without what a terminal would act on', async () => {
    const line = fc.stringMatching(/^[ -~äß€]*$/);
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { maxLength: 8 }),
        fc.array(fc.nat(40), { maxLength: 8 }),
        async (lines, cuts) => {
          const bytes = Buffer.from(lines.map((each) => `\u001b[1;32m${each}\u001b[0m\r\n`).join(''));
          const output = new PassThrough();
          const got: string[] = [];
          let characters = 0;
          eachLine(
            output,
            (each) => got.push(each),
            (count) => (characters += count),
          );
          const end = once(output, 'end');
          let at = 0;
          for (const cut of cuts) output.write(bytes.subarray(at, (at += cut)));
          output.end(bytes.subarray(at));
          await end;
          assert.deepEqual(got, lines);
          assert.equal(characters, bytes.toString().length);
        },
      ),
    );
  });
});

describe('A command that is run to its end', function () {
  const run = (script: string, bounds: { ms: number; characters: number; signal?: AbortSignal }) =>
    runBounded([process.execPath, '-e', script], { PATH: process.env['PATH'] }, bounds);

  it('is ended after its time, and as soon as somebody says so', async () => {
    const forever = 'setInterval(() => {}, 1000)';
    assert.equal((await run(forever, { ms: 50, characters: 100 })).ending.signal, 'SIGTERM');
    const stop = new AbortController();
    const running = run(forever, { ms: 60_000, characters: 100, signal: stop.signal });
    stop.abort(new Error('enough'));
    await assert.rejects(running, /enough/);
  });
});
