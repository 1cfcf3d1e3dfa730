import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  linkSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterward, temporaryFolder } from './afterward.ts';

const module = join(import.meta.dirname, '../../src/relay/compiled-program.ts');

const starter = `
  import { createRequire } from 'node:module';
  const { run } = await import(process.env.MODULE);
  const { file, source, digest, keeps } = JSON.parse(process.env.PROGRAM);
  console.log(run({ file, source, digest, require: createRequire(file), module: { exports: {} } }, keeps));
`;

interface Start {
  readonly source?: string;
  readonly digest?: string;
  readonly keeps?: boolean;
}

const source = "console.log(require('node:path').basename(__filename), (function unused() { return 7 })());";

/** Runs a program in a process of its own that lives as long as it takes; returns the lines that it wrote. */
function start(file: string, given: Start = {}): string[] {
  const program = { file, source, digest: 'abc', keeps: true, ...given };
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', starter], {
    encoding: 'utf8',
    env: { ...process.env, MODULE: module, PROGRAM: JSON.stringify(program) },
  });
  assert.equal(status, 0, stderr);
  return stdout.trim().split('\n');
}

function bundle(): { readonly file: string; readonly folder: string; readonly kept: string } {
  const place = temporaryFolder();
  const file = join(place, 'bundle.js');
  writeFileSync(file, '');
  return { file, folder: join(place, '.compiled'), kept: join(place, '.compiled', 'bundle.js.abc') };
}

const posix = process.platform !== 'win32';

describe('a program that keeps its compiled code', function () {
  this.timeout(60_000);

  it('is compiled once, and what is kept is its user’s alone', () => {
    const { file, folder, kept } = bundle();
    assert.deepEqual(start(file), ['bundle.js 7', 'compiled']);
    assert.deepEqual(readdirSync(folder), ['bundle.js.abc']);
    if (posix) assert.deepEqual([statSync(folder).mode & 0o777, statSync(kept).mode & 0o777], [0o700, 0o600]);
    assert.deepEqual(start(file), ['bundle.js 7', 'kept']);
  });

  it('runs as it is now when it is another one, and the code of the one before goes', () => {
    const { file, folder } = bundle();
    start(file);
    writeFileSync(join(folder, 'gone.js.123'), 'of a bundle that is there no more');
    assert.deepEqual(start(file, { source: "console.log('new')", digest: 'def' }), ['new', 'compiled']);
    assert.deepEqual(readdirSync(folder), ['bundle.js.def']);
  });

  const broken: Record<string, (bytes: Buffer) => Buffer> = {
    empty: () => Buffer.alloc(0),
    'of a few bytes': (bytes) => bytes.subarray(0, 3),
    'cut off': (bytes) => bytes.subarray(0, bytes.length / 2),
    'with other bytes in it': (bytes) => {
      const other = Buffer.from(bytes);
      for (let at = 100; at < other.length; at += 37) other.writeUInt8(other.readUInt8(at) ^ 0xff, at);
      return other;
    },
    'something else': () => Buffer.from('x'.repeat(10_000)),
  };
  for (const [how, spoil] of Object.entries(broken)) {
    it(`runs all the same where what was kept is ${how}, and keeps it anew`, () => {
      const { file, kept } = bundle();
      start(file);
      writeFileSync(kept, spoil(readFileSync(kept)));
      assert.deepEqual(start(file), ['bundle.js 7', 'compiled']);
      assert.deepEqual(start(file), ['bundle.js 7', 'kept']);
    });
  }

  const planted: Record<string, (place: ReturnType<typeof bundle>) => void> = {
    'a folder that others can write to': ({ folder }) => chmodSync(folder, 0o777),
    'a file that others can write to': ({ kept }) => chmodSync(kept, 0o666),
    'a file that has another name elsewhere': ({ file, kept }) => linkSync(kept, `${file}.other`),
    'a file that is a link': ({ file, kept }) => {
      renameSync(kept, `${file}.elsewhere`);
      symlinkSync(`${file}.elsewhere`, kept);
    },
    'a folder that is a link': ({ file, folder }) => {
      renameSync(folder, `${file}.elsewhere`);
      symlinkSync(`${file}.elsewhere`, folder);
    },
  };
  for (const [what, plant] of Object.entries(planted)) {
    it(`does not run the code of ${what}`, function () {
      if (!posix) this.skip();
      const place = bundle();
      start(place.file);
      plant(place);
      assert.deepEqual(start(place.file), ['bundle.js 7', 'compiled']);
    });
  }

  it('leaves nothing beside a bundle of another user', function () {
    if (process.getuid?.() !== 0) this.skip();
    const { file, folder } = bundle();
    const place = join(file, '..');
    spawnSync('chown', ['12345', place]);
    afterward(() => spawnSync('chown', ['0', place]));
    assert.deepEqual(start(file), ['bundle.js 7', 'compiled']);
    assert.equal(existsSync(folder), false);
  });
});
