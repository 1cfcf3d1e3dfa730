import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Figures } from '../../bench/endurance/part.ts';

const program = join(import.meta.dirname, '..', '..', 'bench', 'endurance.ts');

describe('Endurance, in its short form', function () {
  this.timeout(180_000);

  it('loses nothing that was acknowledged, whatever is killed, hangs or goes meanwhile', async () => {
    const args = ['--seconds', '20', '--per-second', '100', '--keep', '1000', '--source', '--json'];
    const { stdout } = await promisify(execFile)(process.execPath, [program, ...args]);
    const { lost, acknowledged, happened } = JSON.parse(stdout) as Figures;
    assert.deepEqual(lost, []);
    assert.ok(acknowledged > 1000, String(acknowledged));
    for (const [what, times] of Object.entries(happened)) assert.ok(times > 0, `${what}: ${times}`);
  });
});
