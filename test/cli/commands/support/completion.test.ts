import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandsOf, createProgram } from '../../../../src/cli/program.ts';
import { run } from '../../harness.ts';

describe('the completion of the command line', function () {
  this.timeout(60_000);
  let bash = '';

  before(async () => {
    const { code, out, err } = await run(['completion', 'bash']);
    assert.deepEqual([code, err], [0, '']);
    bash = out;
  });

  /** What bash offers for command lines, the last word of each begun. */
  function offered(lines: readonly (readonly string[])[]): string[][] {
    const asked = lines.map((line) => {
      const words = ['cm-relay', ...line].map((word) => `'${word}'`).join(' ');
      return `COMP_WORDS=(${words}); COMP_CWORD=${line.length}; _cm_relay; echo "\${COMPREPLY[@]}"`;
    });
    const out = execFileSync('bash', ['-c', [bash, ...asked].join('\n')], { encoding: 'utf8' });
    return out
      .split('\n')
      .slice(0, -1)
      .map((line) => line.split(' ').filter((word) => word !== ''));
  }

  it('offers in bash every command, and after each every flag of its own', function () {
    if (spawnSync('bash', ['--version']).status !== 0) this.skip();
    const all = commandsOf(createProgram());
    const found = offered(
      all.flatMap(({ words }) => [
        [...words, ''],
        [...words, '--'],
      ]),
    );
    for (const { words, command } of all) {
      const [next = [], flags = []] = found.splice(0, 2);
      for (const each of command.commands) assert.ok(next.includes(each.name()), `${words.join(' ')} ${each.name()}`);
      const shown = command.options.map(({ long }) => long ?? '');
      const common = ['--data-dir', '--trust-data-dir', '--help'];
      assert.deepEqual(flags.toSorted(), [...new Set([...shown, ...common])].toSorted(), words.join(' '));
    }
  });

  it('offers the values that are known', function () {
    if (spawnSync('bash', ['--version']).status !== 0) this.skip();
    assert.deepEqual(
      offered([
        ['listen', '--retry', 's'],
        ['trigger', 'up'],
        ['instances', 'cr'],
        ['--data-dir', '/tmp', 'debug', 'break', 'a'],
        ['listen', '--port', ''],
      ]),
      [['sap'], ['update'], ['create'], ['add'], []],
    );
  });

  it('offers folders where one is wanted, and files where that is', function () {
    if (spawnSync('bash', ['--version']).status !== 0) this.skip();
    const folder = mkdtempSync(join(tmpdir(), 'cm-relay-completion-'));
    try {
      mkdirSync(join(folder, 'a folder'));
      writeFileSync(join(folder, 'a file'), '');
      const line = (...words: string[]): string =>
        `COMP_WORDS=(cm-relay ${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length}; _cm_relay; printf '%s\\n' "\${COMPREPLY[@]}"; echo`;
      const lines = [
        line('listen', '--data-dir', 'a'),
        line('listen', '--data-dir', '=', 'a'),
        line('listen', '--config', 'a'),
      ];
      const out = execFileSync('bash', ['-c', [bash, ...lines].join('\n')], { encoding: 'utf8', cwd: folder });
      const found = out.split('\n\n').map((each) =>
        each
          .split('\n')
          .filter((word) => word !== '')
          .sort(),
      );
      assert.deepEqual(found.slice(0, 3), [['a folder'], ['a folder'], ['a file', 'a folder']]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
