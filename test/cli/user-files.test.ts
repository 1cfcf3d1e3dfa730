import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bodyFileName } from '../../src/export/item.ts';
import { Callback, delivery, post, run, runInShell, Workplace } from './harness.ts';

describe('A file that a command writes for its user', function () {
  this.timeout(60_000);
  let place: Workplace;
  let callback: Callback;
  let folder: string;
  /** A body that a REST client would act on, so that it is kept in a file of its own. */
  const acted = `{\n${delivery('jane@example.org').slice(1)}`;

  before(function () {
    // Permissions, links and pipes as POSIX has them.
    if (process.platform === 'win32') this.skip();
  });

  beforeEach(async () => {
    place = new Workplace();
    callback = await Callback.open();
    folder = mkdtempSync(join(tmpdir(), 'cm-relay-files-'));
    const { campaignMonitorUrl } = await place.listen().ready();
    assert.equal(await post(campaignMonitorUrl, acted), 200);
  });

  afterEach(async () => {
    await place.close();
    await callback.close();
    rmSync(folder, { recursive: true });
  });

  const writers: Readonly<Record<string, (file: string) => Promise<{ code: number | null; err: string }>>> = {
    'export --out': (file) => place.run('export', 'd1', '--as', 'json', '--with-secrets', '--out', file),
    'record --out': (file) => place.run('record', 'd1', '--out', file),
    'check --report': (file) => run(['check', callback.url, '--only', 'older-shape', '--report', `junit=${file}`]),
  };
  for (const [what, write] of Object.entries(writers)) {
    it(`is its user's alone, made anew, and follows no link: ${what}`, async () => {
      const file = join(folder, 'out');
      const victim = join(folder, 'of somebody else');
      for (const before of ['nothing', ...(what === 'check --report' ? ['an open file', 'a link'] : [])]) {
        rmSync(file, { force: true });
        writeFileSync(victim, 'theirs');
        if (before === 'an open file') {
          writeFileSync(file, 'old');
          chmodSync(file, 0o666);
        }
        if (before === 'a link') symlinkSync(victim, file);
        const { code, err } = await write(file);
        assert.equal(code, 0, err);
        assert.equal(readFileSync(victim, 'utf8'), 'theirs', before);
        const now = lstatSync(file);
        assert.ok(now.isFile() && now.size > 10, before);
        assert.equal(now.mode & 0o777, 0o600, before);
        assert.deepEqual(readdirSync(folder).sort(), ['of somebody else', 'out']);
      }
    });

    it(`is written as it is where it is a pipe: ${what}`, async () => {
      const pipe = join(folder, 'pipe');
      execFileSync('mkfifo', [pipe]);
      const [{ code, err }, read] = await Promise.all([
        write(pipe),
        runInShell(`timeout 30 cat "${pipe}"`, []).then(({ out }) => out),
      ]);
      assert.equal(code, 0, err);
      assert.ok(read.length > 10);
      assert.ok(lstatSync(pipe).isFIFO());
      assert.deepEqual(readdirSync(folder), ['pipe']);
    });
  }

  for (const what of ['export --out', 'record --out']) {
    it(`is left where it exists, and so is a link, which is said: ${what}`, async () => {
      const file = join(folder, 'out');
      const link = join(folder, 'link');
      writeFileSync(file, 'old');
      symlinkSync(file, link);
      for (const existing of [file, link]) {
        const { code, err } = (await writers[what]?.(existing)) ?? {};
        assert.equal(code, 1, err);
        assert.match(err ?? '', /it already exists\n[^]*Choose another file with --out\./);
      }
      assert.equal(readFileSync(file, 'utf8'), 'old');
      assert.deepEqual(readdirSync(folder).sort(), ['link', 'out']);
    });
  }

  it('has bodies beside it that follow no link either, whose names a sender can know', async () => {
    const victim = join(folder, 'of somebody else');
    writeFileSync(victim, 'theirs');
    const name = bodyFileName(Buffer.from(acted));
    symlinkSync(victim, join(folder, name));
    const file = join(folder, 'it.http');
    const { code, err } = await place.run('export', 'd1', '--as', 'http', '--out', file);
    assert.equal(code, 0, err);
    assert.equal(readFileSync(victim, 'utf8'), 'theirs');
    assert.equal(readFileSync(join(folder, name), 'utf8'), acted);
    assert.equal(lstatSync(join(folder, name)).mode & 0o777, 0o600);
  });

  it('is not there, and nothing else, where it cannot be written whole', async () => {
    const { code } = await place.run('export', 'd1', 'd99', '--as', 'json', '--out', join(folder, 'out'));
    assert.equal(code, 1);
    assert.deepEqual(readdirSync(folder), []);
  });
});
