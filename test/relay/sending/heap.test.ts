import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** What is left when 100 MB were needed for a moment, in bytes. */
async function leftOver(how: 'usual' | 'saving' | 'burst' | 'busy' | 'calm'): Promise<number> {
  const program = fileURLToPath(new URL('heap-program.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', program, how]);
  return Number(stdout);
}

describe('The memory of the relay', function () {
  this.timeout(300_000);
  const much = 40_000_000;

  it('is given back when it is free, but while the thread is busy for long', async () => {
    const [usual, saving] = [await leftOver('usual'), await leftOver('saving')];
    assert.ok(saving < usual - much, `${saving} of ${usual}`);
    assert.ok((await leftOver('burst')) < usual - much);
    const [busy, calm] = [await leftOver('busy'), await leftOver('calm')];
    assert.ok(busy > saving + much, `${busy}, ${saving} without the load`);
    assert.ok(calm < busy - much, `${calm} of ${busy}`);
  });
});
