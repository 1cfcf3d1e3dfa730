/**
 * The suite `host`: mocha inside VS Code, through its API. Bundles the specs of this folder and runs them.
 * `npm run test:host -- <text>`: only the tests whose title contains the text.
 */
import { globSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { build } from 'esbuild';
import '../own-state.ts';
import { root } from '../vscode/install.ts';
import { runInVsCode } from '../vscode/launch.ts';

const outDir = join(root, '.cache', 'host-tests');
const bundle = join(outDir, 'index.cjs');

/** One bundle for all specs, so that what they share exists once. Mocha and VS Code's API stay outside. */
async function bundleSpecs(): Promise<void> {
  const folder = join(root, 'test', 'host');
  const specs = globSync('**/*.test.ts', { cwd: folder }).sort();
  if (specs.length === 0) throw new Error(`There is no *.test.ts in ${relative(root, folder)}.`);
  mkdirSync(outDir, { recursive: true });
  writeFileSync(join(outDir, 'package.json'), '{ "type": "commonjs" }\n');
  const requires = specs.map((spec) => `require(${JSON.stringify(`./${spec.replaceAll('\\', '/')}`)});`);
  await build({
    stdin: {
      contents: `globalThis.requireSpecs = () => { ${requires.join(' ')} };\nexport { run } from './index.ts';\n`,
      resolveDir: folder,
      loader: 'ts',
    },
    outfile: bundle,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node22.13',
    external: ['vscode', 'mocha', 'esbuild', 'playwright-core'],
    sourcemap: true,
    logLevel: 'warning',
    // Specs that look for files of the repository find them from the bundle's place by HOST_TESTS_ROOT.
    define: { 'import.meta.url': JSON.stringify(new URL('run.ts', import.meta.url).href) },
  });
}

const folder = mkdtempSync(join(tmpdir(), 'cm-host-'));
try {
  await bundleSpecs();
  process.exitCode = await runInVsCode({
    extensionDevelopmentPath: root,
    extensionTestsPath: bundle,
    folder,
    env: {
      HOST_TESTS_ROOT: root,
      HOST_TESTS_GREP: process.argv[2] ?? '',
      COUNTS_FILE: process.env['COUNTS_FILE'] ?? join(root, '.cache', 'host-tests', 'counts.json'),
    },
  });
} finally {
  rmSync(folder, { recursive: true, force: true });
}
