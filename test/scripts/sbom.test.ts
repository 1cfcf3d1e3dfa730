import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import { bundledPackages, vendored } from '../../scripts/bundled.ts';
import { sbomOf, type Lock } from '../../scripts/sbom.ts';
import { temporaryFolder } from '../relay/afterward.ts';
import { build, root } from './build.ts';

interface Sbom {
  readonly serialNumber: string;
  readonly metadata: { readonly component: { readonly 'bom-ref': string } };
  readonly components: {
    readonly 'bom-ref': string;
    readonly name: string;
    readonly version?: string;
    readonly purl: string;
    readonly hashes?: { readonly alg: string; readonly content: string }[];
    readonly licenses: unknown[];
    readonly properties: { readonly name: string; readonly value: string }[];
  }[];
  readonly dependencies: { readonly ref: string; readonly dependsOn: string[] }[];
}

const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as Lock;

function made(): Sbom {
  return sbomOf(bundledPackages(root, build().bundled), lock) as unknown as Sbom;
}

/** CycloneDX's own schema of version 1.6, with those that it names. */
function schema(): ValidateFunction {
  const library = createRequire(import.meta.url).resolve('@cyclonedx/cyclonedx-library/package.json');
  const read = (name: string): object =>
    JSON.parse(readFileSync(join(dirname(library), 'res', 'schema', `${name}.SNAPSHOT.schema.json`), 'utf8')) as object;
  const ajv = new Ajv({
    strict: false,
    // Those of a later draft, as far as they are used here.
    formats: { 'iri-reference': (text: string) => URL.canParse(text), 'idn-email': true },
  });
  addFormats.default(ajv);
  for (const name of ['spdx', 'jsf-0.82', 'cryptography-defs']) {
    ajv.addSchema(read(name), `http://cyclonedx.org/schema/${name}.SNAPSHOT.schema.json`);
  }
  return ajv.compile(read('bom-1.6'));
}

describe('The bill of materials', function () {
  this.timeout(60_000);

  it('is CycloneDX 1.6, and would be refused where it were not', () => {
    const valid = schema();
    const sbom = made();
    assert.ok(valid(sbom), JSON.stringify(valid.errors));
    assert.equal((sbom as unknown as { specVersion: string }).specVersion, '1.6');
    const [component, ...others] = sbom.components;
    for (const wrong of [
      { ...sbom, bomFormat: 'SPDX' },
      { ...sbom, serialNumber: 'none' },
      { ...sbom, components: [{ ...component, licenses: [{ license: { id: 'Mine-1.0' } }] }, ...others] },
      { ...sbom, components: [{ ...component, hashes: [{ alg: 'SHA-512', content: 'xyz' }] }, ...others] },
      { ...sbom, components: [{ ...component, externalReferences: [{ type: 'vcs', url: 'no url' }] }, ...others] },
      { ...sbom, components: [{ ...component, type: 'thing' }, ...others] },
    ]) {
      assert.equal(valid(wrong), false, JSON.stringify(wrong).slice(0, 900));
    }
  });

  it('has every package that is bundled, with version, hash, license and the bundles that it is in', () => {
    const { bundled } = build();
    const { components } = made();
    for (const [folder, bundles] of Object.entries(bundled)) {
      const locked = lock.packages[folder]!;
      const name = folder.split('node_modules/').at(-1)!;
      const purl = `pkg:npm/${name.replace('@', '%40')}@${locked.version}`;
      const component = components.find((each) => each.purl === purl);
      assert.ok(component !== undefined, purl);
      assert.equal(component.version, locked.version);
      const [hash] = component.hashes ?? [];
      assert.equal(`sha512-${Buffer.from(hash?.content ?? '', 'hex').toString('base64')}`, locked.integrity, purl);
      assert.deepEqual(component.licenses, [{ license: { id: locked.license } }]);
      assert.deepEqual(
        component.properties.map(({ value }) => value),
        bundles,
      );
    }
    assert.equal(components.length, Object.keys(bundled).length + vendored.length);
  });

  it('says what needs what, down to each of them', () => {
    const { metadata, components, dependencies } = made();
    const needs = new Map(dependencies.map(({ ref, dependsOn }) => [ref, dependsOn]));
    const root = metadata.component['bom-ref'];
    const reached = new Set<string>();
    const follow = (ref: string): void => {
      if (reached.has(ref)) return;
      reached.add(ref);
      for (const each of needs.get(ref)!) follow(each);
    };
    follow(root);
    assert.deepEqual(
      components.map((each) => each['bom-ref']).filter((ref) => !reached.has(ref)),
      [],
    );
    const names = (ref: string): string[] => needs.get(ref)!.map((each) => each.replace(/^pkg:npm\/|@[^@]+$/g, ''));
    for (const name of ['express', 'undici', 'zod']) assert.ok(names(root).includes(name), name);
    const express = needs.get(root)!.find((ref) => ref.startsWith('pkg:npm/express@'))!;
    assert.ok(names(express).includes('router'));
  });

  it('is written by the script, the same bytes each time', () => {
    build();
    const folder = temporaryFolder();
    const write = (name: string): Buffer => {
      const file = join(folder, name);
      execFileSync(process.execPath, ['scripts/sbom.ts', file, build().folder], { cwd: root, stdio: 'pipe' });
      return readFileSync(file);
    };
    const first = write('first.json');
    assert.deepEqual(write('second.json'), first);
    assert.deepEqual(JSON.parse(first.toString()), made());
  });
});
