/**
 * What a user installs, for the specs that use it as one does: the command line's npm package, installed from its file,
 * and the extension's VSIX. Both are made once of the sources as they are, and again when one of these has changed.
 * `npm test` does it before its specs.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, globSync, statSync } from 'node:fs';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '..');
export const allPacked = join(root, '.cache', 'packed');

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

function packWhereNeeded(): void {
  if (!existsSync(packedFolder())) execFileSync(process.execPath, ['test/pack.ts'], { cwd: root, stdio: 'pipe' });
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
