/**
 * What a user installs, for the specs that use it as one does: the command line's npm package, installed from its file,
 * and the extension's VSIX. Both are made once of the sources as they are, and again when one of these has changed.
 * `npm test` does it before its specs: `node test/packed.ts`.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, globSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packCommandLine, stageCommandLine } from '../scripts/cli-package.ts';
import { packExtension } from '../scripts/package.ts';
import { runNpm, runProgram } from './npm.ts';

const root = join(import.meta.dirname, '..');
const allPacked = join(root, '.cache', 'packed');

/** What the packages are made of. */
const sources = [
  ...['src/**/*', 'scripts/**/*', 'l10n/*', 'media/**/*', 'docs/*', '*.md', 'LICENSE', 'esbuild.mjs', 'package*.json'],
];

let folder: string | undefined;

/**
 * Where the packages of the sources as they are stand, or will: it is named by when a source was changed last, so that
 * who uses one keeps it. PACKED names it for a run, which ends with what it has begun with.
 */
export function packedFolder(): string {
  folder ??= process.env['PACKED'];
  if (folder === undefined) {
    const changed = globSync(sources, { cwd: root }).map((path) => statSync(join(root, path)).mtimeMs);
    folder = join(allPacked, String(Math.round(Math.max(...changed))));
  }
  return folder;
}

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

function packWhereNeeded(): void {
  if (!existsSync(packedFolder())) execFileSync(process.execPath, [fileURLToPath(import.meta.url)], { stdio: 'pipe' });
}

/** The program of the installed npm package. */
export function packedProgram(): string {
  packWhereNeeded();
  return join(packedFolder(), 'cli', 'node_modules', 'campaign-monitor-relay', 'dist', 'cm-relay.js');
}

/** The extension's VSIX. */
export function packedExtension(): string {
  packWhereNeeded();
  return join(packedFolder(), 'extension.vsix');
}

// Those of earlier sources go; dist/ becomes what was packed, for who runs the extension from there.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.env['PACKED'] !== undefined) rmSync(allPacked, { recursive: true, force: true });
  await pack();
  if (process.env['PACKED'] !== undefined) {
    rmSync(join(root, 'dist', 'extension'), { recursive: true, force: true });
    cpSync(join(packedFolder(), 'dist'), join(root, 'dist'), { recursive: true });
  }
}
