import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tooOld } from '../../src/cli/supported-node.ts';
import { packedProgram } from '../packed.ts';
import { temporaryFolder } from '../relay/afterward.ts';

describe('The oldest Node.js', function () {
  this.timeout(120_000);

  it('is told to an older one, and to no newer one', () => {
    for (const old of ['v22.12.0', 'v20.19.5', 'v18.0.0']) assert.match(tooOld(old, '22.13') ?? '', /22\.13 or later/);
    for (const fine of ['v22.13.0', 'v22.20.1', 'v24.0.0', 'v25.1.0-nightly'])
      assert.equal(tooOld(fine, '22.13'), null);
  });

  it('is told at once, by every command', () => {
    const older = join(temporaryFolder(), 'older.cjs');
    writeFileSync(older, "Object.defineProperty(process, 'version', { value: 'v20.19.5' });\n");
    for (const args of [['--version'], ['help'], ['events'], ['listen', '3000'], ['doctor'], ['nonsense'], ['mcp']]) {
      const { status, stdout, stderr } = spawnSync(process.execPath, ['-r', older, packedProgram(), ...args], {
        encoding: 'utf8',
      });
      assert.deepEqual([status, stdout], [1, ''], args.join(' '));
      assert.match(
        stderr,
        /^error: cm-relay requires Node\.js 22\.13 or later, but you are using v20\.19\.5 .*\n {2}Install/,
      );
    }
  });
});
