/** The real build, into a folder of its own, once for all specs that ask. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundledFile, type Bundled } from '../../scripts/bundled.ts';

export const root = join(import.meta.dirname, '..', '..');

export interface Built {
  /** As dist/. */
  readonly folder: string;
  readonly bundled: Bundled;
}

let built: Built | undefined;
after(() => {
  if (built !== undefined) rmSync(join(built.folder, '..'), { recursive: true, force: true });
});

/** Builds the bundles, where that was not done yet. */
export function build(): Built {
  if (built === undefined) {
    const folder = join(mkdtempSync(join(tmpdir(), 'cm-relay-build-')), 'dist');
    execFileSync(process.execPath, ['esbuild.mjs', folder], { cwd: root, stdio: 'pipe' });
    built = { folder, bundled: JSON.parse(readFileSync(join(folder, bundledFile), 'utf8')) as Bundled };
  }
  return built;
}
