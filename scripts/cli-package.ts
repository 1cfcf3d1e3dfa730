/**
 * `npm run package:cli`: builds the command line's npm package, campaign-monitor-relay-<version>.tgz in the repository's folder or
 * the one named as argument, of the bundles in dist/. package.json at the root is the repository's and the extension's; what is
 * published to npm is put together here.
 */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runNpm } from '../test/npm.ts';
import { linksWithin, publishedPage } from './extension-page.ts';
import { publicAddress } from './release.ts';
import type { ReleasedManifest } from './release.ts';

const root = join(import.meta.dirname, '..');

/** What its messages, its README and its pages name, beside the files of the manifest (a test holds it complete). */
const others = [
  'docs/cm-relay.config.schema.json',
  'media/cm-scenario.schema.json',
  'examples/callback.cm-scenario.json',
];
const pages = [
  ...['assistants', 'assumptions', 'check', 'ci', 'cli', 'debugging', 'forwarding', 'history', 'instances', 'oauth'],
  ...['sandbox', 'scenarios', 'tunnels'],
].map((name) => `docs/${name}.md`);

interface Manifest extends ReleasedManifest {
  readonly license: string;
  readonly bin: Readonly<Record<string, string>>;
  readonly files: readonly string[];
  readonly engines: { readonly node: string };
}

/**
 * Puts together what is packed.
 * @param dist the folder of the bundles
 * @param staged the folder that is made; what was there is removed
 */
export function stageCommandLine(dist: string, staged: string): void {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;
  rmSync(staged, { recursive: true, force: true });
  const inDist = (file: string): boolean => dirname(file) === 'dist';
  for (const file of [...manifest.files, ...others, ...pages]) {
    mkdirSync(dirname(join(staged, file)), { recursive: true });
    cpSync(inDist(file) ? join(dist, basename(file)) : join(root, file), join(staged, file));
  }
  const edit = (file: string, change: (text: string) => string): void =>
    writeFileSync(join(staged, file), change(readFileSync(join(root, file), 'utf8')));
  const address = publicAddress(manifest);
  // npm's site resolves no link to a file of the package; what is installed has them beside it.
  const there = [...manifest.files, ...others, ...pages];
  edit('README.md', (text) => publishedPage(text, { address, there: address === null ? there : [] }));
  for (const page of pages) edit(page, (text) => linksWithin(text, { address, folder: 'docs', there }));
  const { name, version, license, repository, bugs, homepage, bin, files, engines } = manifest;
  const own = {
    ...{ name, version, license, repository, bugs, homepage, bin },
    description:
      'Receives Campaign Monitor webhooks on your machine, directly from Campaign Monitor or through SAP Open Connectors, and forwards, lists, and resends them.',
    keywords: ['campaign-monitor', 'open-connectors', 'webhook', 'relay', 'tunnel', 'cli'],
    engines: { node: engines.node },
    files: [...files, 'docs', ...others.filter((file) => dirname(file) !== 'docs')],
  };
  writeFileSync(join(staged, 'package.json'), `${JSON.stringify(own, null, 2)}\n`);
}

/**
 * Packs what was put together.
 * @param staged its folder
 * @param out the folder that the package is put into, which is made
 * @returns the package's path
 */
export async function packCommandLine(staged: string, out: string): Promise<string> {
  mkdirSync(out, { recursive: true });
  await runNpm(['pack', '--pack-destination', out], staged);
  const { name, version } = JSON.parse(readFileSync(join(staged, 'package.json'), 'utf8')) as Manifest;
  return join(out, `${name}-${version}.tgz`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const staged = join(root, '.cache', 'cli-package');
  try {
    stageCommandLine(join(root, 'dist'), staged);
    const packed = await packCommandLine(staged, resolve(process.argv[2] ?? root));
    console.log(relative(process.cwd(), packed));
  } catch (error) {
    console.error((error as Error).message);
    process.exitCode = 1;
  }
}
