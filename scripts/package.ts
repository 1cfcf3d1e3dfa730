/**
 * `npm run package`: builds campaign-monitor-relay-<version>.vsix in the repository's folder, or the file named as
 * argument. What goes in is listed here; everything else stays out.
 */
import { cpSync, globSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createVSIX } from '@vscode/vsce';
import { publishedPage } from './extension-page.ts';
import { isPreRelease, publicAddress } from './release.ts';
import type { ReleasedManifest } from './release.ts';

const root = join(import.meta.dirname, '..');

/** Everything that the package holds, beside its package.json. */
const contents = [
  'dist/extension',
  // Our pages in webviews.
  ...globSync('src/pages/*/page.ts', { cwd: root }).map((path) => `dist/${basename(dirname(path))}.js`),
  'dist/cm-relay.js',
  'dist/cm-relay-mcp.js',
  'dist/package.json',
  'dist/third-party-licenses.txt',
  // VS Code reads the bundle of the user's language; English stands in the code (extHostLocalizationService.ts of
  // https://github.com/microsoft/vscode).
  'l10n/bundle.l10n.de.json',
  'media',
  'package.nls.json',
  'package.nls.de.json',
  'README.md',
  'CHANGELOG.md',
  'LICENSE',
];

/** Members of package.json that concern the repository and npm, not VS Code. `type` would make modules of the bundles. */
const foreign = ['type', 'bin', 'files', 'scripts', 'devDependencies', 'optionalDependencies', 'overrides'];

interface Manifest extends ReleasedManifest {
  readonly engines: { readonly vscode: string };
}

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;

/**
 * Packs the extension.
 * @param dist the folder of the bundles
 * @param staged the folder in which it is put together; what was there is removed
 * @param packagePath the VSIX that is made
 */
export async function packExtension(dist: string, staged: string, packagePath: string): Promise<void> {
  rmSync(staged, { recursive: true, force: true });
  for (const path of contents) {
    mkdirSync(dirname(join(staged, path)), { recursive: true });
    const from = path.startsWith('dist/') ? join(dist, relative('dist', path)) : join(root, path);
    cpSync(from, join(staged, path), { recursive: true });
  }
  const readme = join(staged, 'README.md');
  writeFileSync(readme, publishedPage(readFileSync(readme, 'utf8'), { address: publicAddress(manifest) }));
  const own = Object.fromEntries(Object.entries(manifest).filter(([name]) => !foreign.includes(name)));
  writeFileSync(
    join(staged, 'package.json'),
    `${JSON.stringify({ ...own, files: ['**'], engines: { vscode: manifest.engines.vscode } }, null, 2)}\n`,
  );
  await createVSIX({
    cwd: staged,
    packagePath,
    dependencies: false,
    preRelease: isPreRelease(manifest.version),
    // They are by now.
    rewriteRelativeLinks: false,
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const packagePath = resolve(process.argv[2] ?? join(root, `${manifest.name}-${manifest.version}.vsix`));
  await packExtension(join(root, 'dist'), join(root, '.cache', 'vsix'), packagePath);
  console.log(`${relative(process.cwd(), packagePath)}: ${(statSync(packagePath).size / 1e6).toFixed(2)} MB`);
}
