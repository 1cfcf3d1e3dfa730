import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { createProgram } from '../../../../src/cli/program.ts';
import { run } from '../../harness.ts';

describe('the completion of the command line', function () {
  this.timeout(60_000);
  let bash = '';
  let zsh = '';

  before(async () => {
    const [first, second] = await Promise.all([run(['completion', 'bash']), run(['completion', 'zsh'])]);
    assert.deepEqual([first.code, first.err, second.code, second.err], [0, '', 0, '']);
    [bash, zsh] = [first.out, second.out];
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
    const { commands } = createProgram();
    const [all = [], ...flags] = offered([
      [''],
      ...commands.flatMap((command) => [
        [command.name(), '--'],
        ...command.commands.map((each) => [command.name(), each.name(), '--']),
      ]),
    ]);
    for (const command of commands) assert.ok(all.includes(command.name()), command.name());
    for (const command of commands.flatMap((each) => [each, ...each.commands])) {
      const found = flags.shift() ?? [];
      for (const { long } of command.options) assert.ok(found.includes(long ?? ''), `${command.name()} ${long}`);
    }
  });

  it('offers the values that are known', function () {
    if (spawnSync('bash', ['--version']).status !== 0) this.skip();
    assert.deepEqual(
      offered([
        ['listen', '--retry', 's'],
        ['trigger', 'up'],
        ['instances', 'cr'],
        ['listen', '--port', ''],
      ]),
      [['sap'], ['update'], ['create'], []],
    );
  });

  it('is a script that zsh reads', function () {
    assert.match(zsh, /^#compdef cm-relay\n/);
    for (const command of createProgram().commands) assert.ok(zsh.includes(`'${command.name()}:`), command.name());
    if (spawnSync('zsh', ['--version']).status !== 0) this.skip();
    assert.equal(spawnSync('zsh', ['-n'], { input: zsh }).status, 0);
  });
});
