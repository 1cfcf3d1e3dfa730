import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Figures } from '../../bench/endurance/part.ts';
import { describeLong } from '../long.ts';

const program = join(import.meta.dirname, '..', '..', 'bench', 'endurance.ts');

/** One part of `npm run endurance`, which runs six. */
const seconds = 600;

describeLong('Endurance', function () {
  this.timeout(seconds * 3000);

  it('loses nothing that was acknowledged, whatever is killed, hangs or goes meanwhile', async () => {
    const args = ['--seconds', String(seconds), '--per-second', '100', '--keep', '10000', '--source', '--json'];
    const { stdout } = await promisify(execFile)(process.execPath, [program, ...args], { maxBuffer: 1e9 });
    const { lost, acknowledged, happened } = JSON.parse(stdout) as Figures;
    assert.deepEqual(lost, []);
    assert.ok(acknowledged > 1000, String(acknowledged));
    for (const [what, times] of Object.entries(happened)) assert.ok(times > 0, `${what}: ${times}`);
  });
});
