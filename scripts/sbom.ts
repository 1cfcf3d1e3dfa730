/**
 * `npm run sbom`: writes what the bundles are made of as a CycloneDX 1.6 document, dist/sbom.cdx.json or the file named
 * as argument; a second one names the folder of the bundles. `npm sbom` cannot: all that is bundled stands under devDependencies here. The same sources and the same
 * package-lock.json give the same bytes.
 */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { bundledFile, bundledPackages, vendored } from './bundled.ts';
import type { Bundled, BundledPackage, Vendored } from './bundled.ts';

/** What of package-lock.json is needed. */
interface LockedPackage {
  readonly name?: string;
  readonly version?: string;
  readonly license?: string;
  /** Of the package's archive, as in Subresource Integrity. */
  readonly integrity?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}
export interface Lock {
  readonly packages: Readonly<Record<string, LockedPackage>>;
}

interface Component {
  readonly 'bom-ref': string;
  readonly [field: string]: unknown;
}

/**
 * The document.
 * @param packages what is bundled
 * @param lock package-lock.json, which knows the versions' hashes and what needs what
 * @throws Error where the lock and what is installed differ, or it has no SHA-512 of a package
 */
export function sbomOf(packages: readonly BundledPackage[], lock: Lock): Record<string, unknown> {
  const own = lock.packages[''];
  if (own?.name === undefined || own.version === undefined) throw new Error('package-lock.json has no root package');
  const root = npmUrl(own.name, own.version);
  const refs = new Map(packages.map(({ folder, name, version }) => [folder, npmUrl(name, version)]));
  const components = new Map<string, Component>();
  const needs = new Map<string, Set<string>>([[root, new Set()]]);
  /** Adds what a package needs; through one of which nothing was left over, such as one that only passes on. */
  const add = (on: Set<string>, folder: string, wanted: Readonly<Record<string, string>>, seen: Set<string>): void => {
    for (const place of Object.keys(wanted).map((name) => placeOf(name, folder, lock))) {
      if (place === undefined || seen.has(place)) continue;
      seen.add(place);
      const ref = refs.get(place);
      if (ref !== undefined) on.add(ref);
      else if (folder !== '') add(on, place, needsOf(lock.packages[place]), seen);
    }
  };
  for (const [folder, from] of [['', root] as const, ...refs]) {
    const locked = lock.packages[folder];
    const on = needs.get(from) ?? new Set<string>();
    needs.set(from, on);
    add(on, folder, { ...needsOf(locked), ...locked?.devDependencies }, new Set([folder]));
  }
  for (const each of packages) {
    const ref = npmUrl(each.name, each.version);
    components.set(ref, packageComponent(ref, each, lock));
    for (const inside of vendored.filter(({ holder }) => holder === each.name)) {
      components.set(inside.purl, vendoredComponent(inside, each));
      needs.set(inside.purl, new Set());
      needs.get(ref)?.add(inside.purl);
    }
  }
  const body = {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      lifecycles: [{ phase: 'build' }],
      component: {
        type: 'application',
        'bom-ref': root,
        name: own.name,
        version: own.version,
        licenses: licenses(own.license ?? ''),
        purl: root,
      },
    },
    components: [...components.values()].sort((a, b) => (a['bom-ref'] < b['bom-ref'] ? -1 : 1)),
    dependencies: [...needs]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([ref, on]) => ({ ref, dependsOn: [...on].sort() })),
  };
  return { serialNumber: `urn:uuid:${uuidOf(JSON.stringify(body))}`, ...body };
}

function packageComponent(ref: string, each: BundledPackage, lock: Lock): Component {
  const locked = lock.packages[each.folder];
  if (locked?.version !== each.version) {
    throw new Error(
      `${each.folder} is ${each.version}, but ${locked?.version ?? 'missing'} in package-lock.json: run npm ci`,
    );
  }
  const hash = /^sha512-([\w+/]+=*)$/.exec(locked.integrity ?? '')?.[1];
  if (hash === undefined) throw new Error(`${each.folder} has no SHA-512 in package-lock.json`);
  const [, group, name = each.name] = /^(@[^/]+)\/(.+)$/.exec(each.name) ?? [];
  return {
    type: 'library',
    'bom-ref': ref,
    ...(group !== undefined && { group }),
    name,
    version: each.version,
    hashes: [{ alg: 'SHA-512', content: Buffer.from(hash, 'base64').toString('hex') }],
    licenses: licenses(each.license),
    purl: ref,
    ...(each.source !== null && { externalReferences: [{ type: 'vcs', url: each.source }] }),
    properties: bundleProperties(each),
  };
}

function vendoredComponent(inside: Vendored, holder: BundledPackage): Component {
  return {
    type: 'library',
    'bom-ref': inside.purl,
    name: inside.name,
    description: `Inside ${holder.name} ${holder.version}`,
    licenses: licenses(inside.license),
    purl: inside.purl,
    externalReferences: [{ type: 'vcs', url: inside.source }],
    properties: bundleProperties(holder),
  };
}

function bundleProperties({ bundles }: BundledPackage): { name: string; value: string }[] {
  return bundles.map((bundle) => ({ name: 'cm-relay:bundle', value: bundle }));
}

function licenses(license: string): object[] {
  return / (?:OR|AND|WITH) /.test(license) ? [{ expression: license }] : [{ license: { id: license } }];
}

function needsOf(locked: LockedPackage | undefined): Readonly<Record<string, string>> {
  return { ...locked?.dependencies, ...locked?.optionalDependencies, ...locked?.peerDependencies };
}

/** Where Node finds a dependency of the package in a folder: beside it, or further up. */
function placeOf(name: string, folder: string, lock: Lock): string | undefined {
  for (let at = folder; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
    const place = `${at === '' ? '' : `${at}/`}node_modules/${name}`;
    if (lock.packages[place] !== undefined) return place;
    if (at === '') return undefined;
  }
}

/** A package URL of type npm (github.com/package-url/purl-spec). */
function npmUrl(name: string, version: string): string {
  return `pkg:npm/${name.replace('@', '%40')}@${encodeURIComponent(version)}`;
}

/** A UUID of version 8, whose bits are the maker's own (RFC 9562), of a text. */
function uuidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

if (import.meta.main) {
  const root = join(import.meta.dirname, '..');
  const built = process.argv[3] ?? join(root, 'dist');
  const bundled = JSON.parse(readFileSync(join(built, bundledFile), 'utf8')) as Bundled;
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as Lock;
  const file = resolve(process.argv[2] ?? join(root, 'dist', 'sbom.cdx.json'));
  const sbom = sbomOf(bundledPackages(root, bundled), lock);
  writeFileSync(file, `${JSON.stringify(sbom, null, 2)}\n`);
  console.log(`${relative(process.cwd(), file)}: ${(sbom['components'] as unknown[]).length} components`);
}
