/**
 * What a user installs, for the specs that use it as one does: the command line's npm package, installed from its file,
 * and the extension's VSIX. Both are made once of the sources as they are, and again where one of these is newer.
 * `npm test` does it before its specs: `node test/packed.ts`.
 */
import { execFileSync } from 'node:child_process';
import { globSync, mkdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packCommandLine, stageCommandLine } from '../scripts/cli-package.ts';
import { packExtension } from '../scripts/package.ts';
import { runNpm, runProgram } from './npm.ts';

const root = join(import.meta.dirname, '..');
const folder = join(root, '.cache', 'packed');
/** Written when all is there, with the time at which it was begun. */
const stamp = join(folder, 'stamp');

/** What the packages are made of. */
const sources = [
  ...['src/**/*', 'scripts/**/*', 'l10n/*', 'media/**/*', 'docs/*', '*.md', 'LICENSE', 'esbuild.mjs', 'package*.json'],
];

function isFresh(): boolean {
  const made = statSync(stamp, { throwIfNoEntry: false })?.mtimeMs;
  return (
    made !== undefined && globSync(sources, { cwd: root }).every((path) => statSync(join(root, path)).mtimeMs <= made)
  );
}

async function pack(): Promise<void> {
  const began = new Date();
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, 'cli'), { recursive: true });
  await runProgram(process.execPath, ['esbuild.mjs'], root);
  const staged = join(folder, 'cli-package');
  stageCommandLine(join(root, 'dist'), staged);
  const tarball = await packCommandLine(staged, folder);
  writeFileSync(join(folder, 'cli', 'package.json'), '{ "private": true }\n');
  await runNpm(['install', '--offline', tarball], join(folder, 'cli'));
  await packExtension(join(folder, 'extension.vsix'));
  writeFileSync(stamp, '');
  utimesSync(stamp, began, began);
}

let looked = false;

/** Packs where that was not done since the sources were last changed. */
function packWhereNeeded(): void {
  // What a run has begun with it ends with.
  looked ||= process.env['PACKED'] === 'yes';
  if (!looked && !isFresh()) execFileSync(process.execPath, [fileURLToPath(import.meta.url)], { stdio: 'pipe' });
  looked = true;
}

/** The program of the installed npm package. */
export function packedProgram(): string {
  packWhereNeeded();
  return join(folder, 'cli', 'node_modules', 'campaign-monitor-relay', 'dist', 'cm-relay.js');
}

/** The extension's VSIX. */
export function packedExtension(): string {
  packWhereNeeded();
  return join(folder, 'extension.vsix');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await pack();
