import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { cleanEnvironment } from '../../../src/common/programs/bounded-output.ts';
import { findProgram, pathWithout, workingDirectory } from '../../../src/common/programs/find-program.ts';

describe('Where a program is found', function () {
  let folder: string;

  before(function () {
    // Links and modes are those of Unix.
    if (process.platform === 'win32') this.skip();
  });
  beforeEach(() => (folder = realpathSync(mkdtempSync(join(tmpdir(), 'cm-relay-find-')))));
  afterEach(() => rmSync(folder, { recursive: true }));

  /** Makes a program there. @returns its path */
  function program(...way: string[]): string {
    const file = join(folder, ...way);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, '#!/bin/sh\n', { mode: 0o755 });
    return file;
  }
  const find = (name: string, folders: readonly string[], notBelow: readonly string[] = []): unknown =>
    findProgram(name, { path: folders.map((each) => join(folder, each)).join(delimiter), notBelow });

  it('is the first in the PATH that can be executed', () => {
    const first = program('a', 'tool');
    const second = program('b', 'tool');
    assert.deepEqual(find('tool', ['none', 'a', 'b']), { path: first });
    chmodSync(first, 0o644);
    assert.deepEqual(find('tool', ['a', 'b']), { path: second });
    assert.deepEqual(find('other', ['a', 'b']), { missing: true });
  });

  it('is no folder of that name, and no relative entry of the PATH', () => {
    mkdirSync(join(folder, 'a', 'tool'), { recursive: true });
    assert.deepEqual(find('tool', ['a']), { missing: true });
    program('b', 'tool');
    const before = process.cwd();
    process.chdir(join(folder, 'b'));
    try {
      assert.deepEqual(findProgram('tool', { path: ['', '.', '../b'].join(delimiter), notBelow: [] }), {
        missing: true,
      });
      assert.deepEqual(workingDirectory(), [join(folder, 'b')]);
    } finally {
      process.chdir(before);
    }
  });

  it('is not below a folder that is named, nor in node_modules/.bin, also by a link', () => {
    const inside = program('workspace', 'bin', 'tool');
    const inPackage = program('project', 'node_modules', '.bin', 'tool');
    const outside = program('usr', 'tool');
    const workspace = join(folder, 'workspace');
    assert.deepEqual(find('tool', ['workspace/bin'], [workspace]), { refused: inside });
    assert.deepEqual(find('tool', ['workspace/bin', 'project/node_modules/.bin', 'usr'], [workspace]), {
      path: outside,
    });
    assert.deepEqual(find('tool', ['project/node_modules/.bin']), { refused: inPackage });
    for (const [name, target] of [
      ['to-workspace', inside],
      ['to-package', inPackage],
    ] as const) {
      const link = join(folder, 'usr', name);
      symlinkSync(target, link);
      assert.deepEqual(find(name, ['usr'], [workspace]), { refused: link });
      assert.deepEqual(find(link, [], [workspace]), { refused: link });
    }
    // As npm does it, what is in node_modules/.bin is itself a link, whose target is not there.
    const target = program('project', 'node_modules', 'tool', 'cli.js');
    symlinkSync(target, join(folder, 'project', 'node_modules', '.bin', 'linked'));
    symlinkSync(join(folder, 'project', 'node_modules', '.bin', 'linked'), join(folder, 'usr', 'to-linked'));
    symlinkSync(join(folder, 'project', 'node_modules', '.bin'), join(folder, 'bin'));
    for (const [name, where] of [
      ['linked', 'bin'],
      ['to-linked', 'usr'],
    ] as const)
      assert.deepEqual(find(name, [where]), { refused: join(folder, where, name) });
    // What is installed for all is no project's.
    symlinkSync(target, join(folder, 'usr', 'installed'));
    assert.deepEqual(find('installed', ['usr']), { path: join(folder, 'usr', 'installed') });
    // A link to the workspace names the same folder.
    symlinkSync(workspace, join(folder, 'link'));
    assert.deepEqual(find(inside, [], [join(folder, 'link')]), { refused: inside });
    // Of a similar name.
    assert.deepEqual(find(program('workspace-2', 'tool'), [], [workspace]), {
      path: join(folder, 'workspace-2', 'tool'),
    });
  });

  it('gets a PATH without the places from where nothing is started', () => {
    for (const each of ['usr', 'workspace/bin', 'project/node_modules/.bin'])
      mkdirSync(join(folder, each), { recursive: true });
    symlinkSync(join(folder, 'workspace'), join(folder, 'link'));
    const places = ['workspace/bin', 'link/bin', 'project/node_modules/.bin', 'usr', 'not-there'];
    const path = ['', '.', 'bin', ...places.map((each) => join(folder, each))].join(delimiter);
    assert.equal(
      pathWithout(path, [join(folder, 'workspace')]),
      [join(folder, 'usr'), join(folder, 'not-there')].join(delimiter),
    );
    assert.deepEqual(cleanEnvironment({ PATH: path }, [], [join(folder, 'workspace')]), {
      PATH: pathWithout(path, [join(folder, 'workspace')]),
    });
  });

  it('may be below a working directory that holds the home of the user', () => {
    const before = process.cwd();
    process.chdir(homedir());
    try {
      assert.deepEqual(workingDirectory(), []);
    } finally {
      process.chdir(before);
    }
  });
});
