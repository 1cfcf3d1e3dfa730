import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { OwnFileError, readOwnFile } from '../../src/check/own-file.ts';
import { temporaryFolder } from '../relay/afterward.ts';

describe('A file that came with scenarios', () => {
  let folder: string;
  let outside: string;

  beforeEach(() => {
    outside = temporaryFolder();
    folder = join(outside, 'scenarios');
    mkdirSync(join(folder, 'below'), { recursive: true });
    writeFileSync(join(folder, 'own.json'), 'own');
    writeFileSync(join(folder, 'below', 'deep.json'), 'deep');
    writeFileSync(join(outside, 'secret.json'), 'a secret');
  });

  async function refused(name: string, most = 100): Promise<string> {
    try {
      await readOwnFile(folder, name, most);
    } catch (error) {
      assert.ok(error instanceof OwnFileError, String(error));
      assert.doesNotMatch(error.message, /a secret/);
      return error.message;
    }
    return assert.fail(`${name} was read`);
  }

  it('is read where it lies in the folder or below it, also by a link that stays there', async () => {
    symlinkSync('below/deep.json', join(folder, 'link.json'));
    symlinkSync(folder, join(outside, 'by-another-name'));
    const read = async (name: string, from = folder): Promise<string> =>
      (await readOwnFile(from, name, 100)).toString();
    assert.equal(await read('own.json'), 'own');
    assert.equal(await read('./below/../below/deep.json'), 'deep');
    assert.equal(await read('link.json'), 'deep');
    assert.equal(await read('own.json', join(outside, 'by-another-name')), 'own');
    assert.equal(await read(join(folder, 'own.json'), join(outside, 'by-another-name')), 'own');
  });

  it('is not read where a path, a link or a linked folder leads elsewhere', async () => {
    symlinkSync('../secret.json', join(folder, 'link.json'));
    symlinkSync('link.json', join(folder, 'link-of-link.json'));
    symlinkSync('..', join(folder, 'up'));
    for (const name of [
      '../secret.json',
      join(outside, 'secret.json'),
      'link.json',
      'link-of-link.json',
      'up/secret.json',
    ]) {
      assert.match(await refused(name), /is outside the scenario folder/, name);
    }
  });

  it('is no folder, device or pipe, none of which is waited for', async () => {
    execFileSync('mkfifo', [join(folder, 'pipe.json')]);
    symlinkSync('/dev/zero', join(folder, 'zeros.json'));
    assert.match(await refused('pipe.json'), /isn’t a file/);
    assert.match(await refused('below'), /isn’t a file/);
    assert.match(await refused('zeros.json'), /is outside/);
  });

  it('is not read where it is longer than may be', async () => {
    writeFileSync(join(folder, 'long.json'), 'x'.repeat(101));
    assert.equal(await refused('long.json'), 'long.json is longer than 100 bytes');
    assert.equal((await readOwnFile(folder, 'long.json', 101)).byteLength, 101);
  });
});
