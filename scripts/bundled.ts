/** What the bundles are made of: which packages the build took code from, and what each says of itself. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';

/** Each package's folder, such as `node_modules/zod`, with the bundles that hold code of it; both in order. */
export type Bundled = Readonly<Record<string, readonly string[]>>;

/** The build writes it beside the bundles. */
export const bundledFile = 'bundled.json';

/**
 * Which packages have code in the bundles; one of which nothing was left over is none.
 * @param metafiles esbuild's account of each bundle, by the bundle's name
 */
export function bundledOf(metafiles: Readonly<Record<string, readonly Metafile[]>>): Bundled {
  const bundles = new Map<string, Set<string>>();
  for (const [bundle, files] of Object.entries(metafiles)) {
    for (const output of files.flatMap(({ outputs }) => Object.values(outputs))) {
      for (const [input, { bytesInOutput }] of Object.entries(output.inputs)) {
        const folder = packageFolder(input);
        if (folder === null || bytesInOutput === 0) continue;
        bundles.set(folder, (bundles.get(folder) ?? new Set()).add(bundle));
      }
    }
  }
  const inOrder = [...bundles].sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(inOrder.map(([folder, names]) => [folder, [...names].sort()]));
}

/** The folder of the package that a file belongs to, innermost first; null for the project's own. */
function packageFolder(input: string): string | null {
  return /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(input)?.[0] ?? null;
}

/** A package whose code is in a bundle. */
export interface BundledPackage {
  readonly folder: string;
  readonly name: string;
  readonly version: string;
  /** An SPDX expression, as its package.json has it; empty where it has none. */
  readonly license: string;
  /** Where its source is; null where it does not say. */
  readonly source: string | null;
  readonly bundles: readonly string[];
  /** The texts of its license and notices, by the name of their file. */
  readonly texts: readonly { readonly file: string; readonly text: string }[];
}

/**
 * What the packages say of themselves.
 * @param root the folder that `bundled` speaks of
 */
export function bundledPackages(root: string, bundled: Bundled): BundledPackage[] {
  return Object.entries(bundled).map(([folder, bundles]) => {
    const manifest = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as {
      name: string;
      version: string;
      license?: unknown;
      homepage?: string;
      repository?: string | { url?: string };
    };
    const { name, version, license, repository, homepage } = manifest;
    const said = typeof repository === 'string' ? repository : repository?.url;
    return {
      folder,
      name,
      version,
      license: typeof license === 'string' ? license : '',
      source: sourceUrl(said) ?? homepage ?? null,
      bundles,
      texts: readdirSync(join(root, folder))
        .filter((file) => /^(?:licen[cs]e|copying|notice|third-?party-?notices)(?:[.-]|$)/i.test(file))
        .sort()
        .map((file) => ({
          file,
          text: readFileSync(join(root, folder, file), 'utf8')
            .replaceAll('\r\n', '\n')
            .trim(),
        }))
        .filter(({ text }) => text !== ''),
    };
  });
}

/** The forms that npm knows, as one that a browser opens. */
function sourceUrl(said: string | undefined): string | null {
  if (said === undefined) return null;
  const short = /^(?:github:)?([\w.-]+\/[\w.-]+)$/.exec(said)?.[1];
  const url = short === undefined ? said : `https://github.com/${short}`;
  return url
    .replace(/^git\+/, '')
    .replace(
      /^(?:git|ssh):\/\/(?:git@)?|^git@([^:/]+):/,
      (_all, host?: string) => `https://${host === undefined ? '' : `${host}/`}`,
    )
    .replace(/\.git(?=#|$)/, '');
}

/** Code of others inside a package, which no package.json names: looked for by hand when a package is added. */
export interface Vendored {
  readonly name: string;
  /** The package that holds it. */
  readonly holder: string;
  readonly license: string;
  readonly source: string;
  readonly purl: string;
  readonly text: string;
}

function licenseText(name: string): string {
  return readFileSync(join(import.meta.dirname, 'licenses', `${name}.txt`), 'utf8').trim();
}

export const vendored: readonly Vendored[] = [
  {
    // Its parser of HTTP, compiled (lib/llhttp).
    name: 'llhttp',
    holder: 'undici',
    license: 'MIT',
    source: 'https://github.com/nodejs/llhttp',
    purl: 'pkg:github/nodejs/llhttp',
    text: licenseText('llhttp'),
  },
  {
    // What lib/web/websocket/receiver.js is influenced by, it says.
    name: 'ws',
    holder: 'undici',
    license: 'MIT',
    source: 'https://github.com/websockets/ws',
    purl: 'pkg:github/websockets/ws',
    text: licenseText('ws'),
  },
];
