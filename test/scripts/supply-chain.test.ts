import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './build.ts';

interface LockedPackage {
  readonly version?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly link?: boolean;
  readonly hasInstallScript?: boolean;
}

const read = (path: string): unknown => JSON.parse(readFileSync(join(root, path), 'utf8'));
const manifest = read('package.json') as {
  readonly dependencies?: object;
  readonly optionalDependencies?: object;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly overrides: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly allowScripts: Readonly<Record<string, boolean>>;
};
const lock = read('package-lock.json') as { readonly packages: Readonly<Record<string, LockedPackage>> };
const locked = Object.entries(lock.packages).filter(([folder]) => folder !== '');

describe('What is installed', () => {
  it('is held to its bytes: every package of the lock has a SHA-512, and comes from the registry', () => {
    assert.ok(locked.length > 400);
    for (const [folder, { integrity, resolved, link, version }] of locked) {
      assert.match(integrity ?? '', /^sha512-[A-Za-z0-9+/]{86}==$/, folder);
      // The lock names no registry (.npmrc); what comes from elsewhere would be named all the same.
      assert.equal(resolved, undefined, folder);
      assert.equal(link, undefined, folder);
      assert.match(version ?? '', /^\d+\.\d+\.\d+/, folder);
    }
  });

  it('is asked for by version alone: by no URL, repository, folder or tag', () => {
    const overridden = Object.values(manifest.overrides).flatMap((each) => Object.entries(each));
    for (const [name, range] of [...Object.entries(manifest.devDependencies), ...overridden]) {
      assert.match(range, /^\^?\d+\.\d+(?:\.\d+)?$/, name);
    }
    assert.equal(manifest.dependencies, undefined);
    assert.equal(manifest.optionalDependencies, undefined);
  });

  it('runs the scripts of two packages, which bring their programs, and of no other', () => {
    const withScripts = locked.filter(([, { hasInstallScript }]) => hasInstallScript === true);
    assert.deepEqual(
      withScripts.map(([folder]) => folder.replace('node_modules/', '')).sort(),
      Object.keys(manifest.allowScripts).sort(),
      'each is decided on in allowScripts',
    );
    assert.deepEqual(
      Object.entries(manifest.allowScripts)
        .filter(([, allowed]) => allowed)
        .map(([name]) => name),
      ['esbuild', 'node'],
    );
  });
});

describe('The workflows', () => {
  const files = globSync('.github/workflows/*.{yml,yaml}', { cwd: root });

  it('run actions by their commit, of which the version is said', () => {
    assert.ok(files.length > 0);
    for (const file of files) {
      const uses = readFileSync(join(root, file), 'utf8')
        .split('\n')
        .filter((line) => /^\s*(?:- )?uses:/.test(line));
      assert.ok(uses.length > 0, file);
      for (const line of uses)
        assert.match(line, /uses: [\w-]+\/[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/, `${file}: ${line}`);
    }
  });

  it('may read the repository and nothing else, and keep no token', () => {
    for (const file of files) {
      const text = readFileSync(join(root, file), 'utf8');
      assert.match(text, /^permissions:\n {2}contents: read\n\n/m, file);
      assert.equal([...text.matchAll(/permissions:/g)].length, 1, file);
      assert.doesNotMatch(text, /pull_request_target|secrets\./, file);
      const checkouts = [...text.matchAll(/uses: actions\/checkout@.*\n(\s+with:\n\s+persist-credentials: false)?/g)];
      assert.ok(checkouts.length > 0 && checkouts.every(([, kept]) => kept !== undefined), file);
    }
  });
});
