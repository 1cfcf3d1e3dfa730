import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chownSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { UserFileError, writeUserFile } from '../../src/common/user-file.ts';
import { temporaryFolder } from '../relay/afterward.ts';

describe('A file for the user', () => {
  let folder: string;
  before(function () {
    // Permissions, links and pipes as POSIX has them.
    if (process.platform === 'win32') this.skip();
  });
  beforeEach(() => {
    folder = temporaryFolder();
  });

  it('takes the place of another name of a file, which stays as it is', async () => {
    const [file, other] = [join(folder, 'file'), join(folder, 'other')];
    writeFileSync(other, 'theirs');
    linkSync(other, file);
    await writeUserFile(file, ['a', Buffer.from('b')], '');
    assert.equal(readFileSync(file, 'utf8'), 'ab');
    assert.equal(readFileSync(other, 'utf8'), 'theirs');
  });

  it('is not written where what is written fails, and what was there stays', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, 'old');
    const failing = function* (): Generator<string> {
      yield 'half';
      throw new Error('no more');
    };
    await assert.rejects(writeUserFile(file, failing(), ''), /^Error: no more$/);
    assert.equal(readFileSync(file, 'utf8'), 'old');
    assert.deepEqual(readdirSync(folder), ['file']);
  });

  it('says what is in the way: a folder, and a folder that is not there', async () => {
    mkdirSync(join(folder, 'there'));
    for (const [name, why] of [
      ['there', /^cannot write .*there: it is a folder$/],
      ['none/file', /^cannot write .*file: its folder does not exist$/],
    ] as const) {
      await assert.rejects(writeUserFile(join(folder, name), ['x'], 'Name another.'), (error: unknown) => {
        assert.ok(error instanceof UserFileError);
        assert.match(error.message, why);
        assert.equal(error.next, 'Name another.');
        return true;
      });
    }
    assert.deepEqual(readdirSync(folder), ['there']);
  });

  it('is not handed to a pipe of another user, nor to one behind a link', async function () {
    const [pipe, link] = [join(folder, 'pipe'), join(folder, 'link')];
    execFileSync('mkfifo', [pipe]);
    symlinkSync(pipe, link);
    await writeUserFile(link, ['x'], '');
    assert.ok(statSync(link).isFile());
    // Only root gives a pipe away.
    if (process.getuid?.() !== 0) this.skip();
    chownSync(pipe, 12_345, 12_345);
    await assert.rejects(writeUserFile(pipe, ['x'], ''), /it is another user's device or pipe/);
  });
});
