/**
 * Packs what a user installs (packed.ts). For a run of `npm test`, which names the folder by PACKED, the packages of
 * earlier sources go, and dist/ becomes what was packed, for who runs the extension from there.
 */
import { cpSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packCommandLine, stageCommandLine } from '../scripts/cli-package.ts';
import { packExtension } from '../scripts/package.ts';
import { runNpm, runProgram } from './npm.ts';
import { allPacked, packedFolder, root } from './packed.ts';

async function pack(): Promise<void> {
  const whole = packedFolder();
  // Under another name until it is whole: another process may do the same.
  const unfinished = `${whole}-${process.pid}`;
  const dist = join(unfinished, 'dist');
  mkdirSync(join(unfinished, 'cli'), { recursive: true });
  try {
    await runProgram(process.execPath, ['esbuild.mjs', dist], root);
    stageCommandLine(dist, join(unfinished, 'cli-package'));
    const tarball = await packCommandLine(join(unfinished, 'cli-package'), unfinished);
    writeFileSync(join(unfinished, 'cli', 'package.json'), '{ "private": true }\n');
    await runNpm(['install', '--offline', tarball], join(unfinished, 'cli'));
    await packExtension(dist, join(unfinished, 'vsix'), join(unfinished, 'extension.vsix'));
    if (!existsSync(whole)) renameSync(unfinished, whole);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

const ofRun = process.env['PACKED'] !== undefined;
if (ofRun) rmSync(allPacked, { recursive: true, force: true });
await pack();
if (ofRun) {
  rmSync(join(root, 'dist', 'extension'), { recursive: true, force: true });
  cpSync(join(packedFolder(), 'dist'), join(root, 'dist'), { recursive: true });
}
