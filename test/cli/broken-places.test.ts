import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../relay/afterward.ts';
import { cleanEnvironment, delivery, post, run, Workplace, type Ended } from './harness.ts';

const runLines = [process.execPath, '--disable-warning=ExperimentalWarning', join(import.meta.dirname, 'run-lines.ts')];

/** Runs commands one after another, without the rights by which root reads and writes whatever there is. */
function runAsOther(commands: readonly (readonly string[])[]): Ended[] {
  const [program, ...args] =
    process.getuid?.() === 0 ? ['setpriv', '--bounding-set=-dac_override,-dac_read_search', ...runLines] : runLines;
  const out = execFileSync(program!, [...args, JSON.stringify(commands)], { env: cleanEnvironment() });
  return JSON.parse(out.toString()) as Ended[];
}

/** An error in one sentence, and what to do next below it. */
function assertExplained({ code, err }: Ended, what: RegExp, next: RegExp, about = ''): void {
  assert.equal(code, 1, `${about}: ${err}`);
  assert.match(err, /^error: .*\n {2}\S.*\n$/, about);
  const [message = '', advice = ''] = err.split('\n');
  assert.match(message, what, about);
  assert.match(advice, next, about);
}

describe('a data directory that cannot be used', function () {
  this.timeout(120_000);
  let place: Workplace;
  beforeEach(() => {
    place = new Workplace();
  });
  afterEach(() => place.close());

  /** Has a relay take one delivery, and end. */
  async function received(): Promise<void> {
    const listening = place.listen();
    const { campaignMonitorUrl } = await listening.ready();
    assert.equal(await post(campaignMonitorUrl, delivery('jane@example.org')), 200);
    assert.equal(await listening.end(), 0);
  }

  const reading = [['events'], ['show', 'e1'], ['export', 'e1', '--as', 'json'], ['status'], ['status', '--json']];

  it('is told where the system makes none there, and the command ends', async () => {
    for (const command of ['listen', 'events']) {
      const ended = await run([command, '--data-dir', '/proc/no-such-folder/x']);
      assert.equal(ended.code, 1);
      const what = command === 'listen' ? /cannot be used: ENOENT/ : /no history yet/;
      assertExplained(ended, what, command === 'listen' ? /choose another data directory/ : /cm-relay listen/);
    }
  });

  it('is told where it may not be looked at, also by stop', async () => {
    await received();
    for (const mode of [0o000, 0o200, 0o400, 0o600]) {
      chmodSync(place.dataDir, mode);
      try {
        const commands = [...reading, ['listen'], ['stop'], ['trigger', 'subscribe'], ['resend', 'e1']];
        const ended = runAsOther(commands.map((command) => [...command, '--data-dir', place.dataDir]));
        for (const [at, [command]] of commands.entries()) {
          const about = `${mode.toString(8)} ${command}`;
          assertExplained(ended[at]!, /cannot be used: EACCES/, /Check that the folder/, about);
        }
      } finally {
        chmodSync(place.dataDir, 0o700);
      }
    }
  });

  it('is told where it is a file, or below one', async () => {
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    for (const dataDir of [file, join(file, 'x')]) {
      for (const command of ['events', 'stop', 'listen']) {
        assertExplained(await run([command, '--data-dir', dataDir]), /is not a folder/, /--data-dir/, dataDir);
      }
    }
  });

  it('is told where its history is damaged, and what sets that aside', async () => {
    await received();
    const file = join(place.dataDir, 'relay.sqlite');
    writeFileSync(file, 'no database at all, and that for much more than a hundred bytes '.repeat(100));
    for (const [command = '', ...flags] of reading) {
      const ended = await place.run(command, ...flags);
      assertExplained(ended, /the history at \S+ is damaged: file is not a database/, /cm-relay listen/, command);
      assert.doesNotMatch(ended.err, /room/);
    }
    const listening = place.listen();
    const { campaignMonitorUrl } = await listening.ready();
    await listening.line((line) => /was damaged .* set aside/.test(line), 'errors');
    assert.equal(await post(campaignMonitorUrl, delivery('jane@example.org')), 200);
    assert.equal(await listening.end(), 0);
    assert.match((await place.run('events')).out, /jane@example\.org/);
  });

  it('is told where its lock is damaged, or may not be written', async () => {
    await received();
    const lock = join(place.dataDir, 'lock.sqlite');
    writeFileSync(lock, 'no database at all, and that for much more than a hundred bytes '.repeat(100));
    const needingIt = [['listen', '--port', '0'], ['status'], ['trigger', 'subscribe'], ['retry']];
    for (const [command = '', ...flags] of needingIt) {
      assertExplained(
        await place.run(command, ...flags),
        /cannot be locked: \S+lock\.sqlite is damaged/,
        /lock\.sqlite contains no data: .*delete it/,
        command,
      );
    }
    assert.match((await place.run('events')).out, /jane@example\.org/);
    const doctor = await place.run('doctor');
    assert.equal(doctor.code, 1);
    assert.match(doctor.out, /Problems found\n\n- .*lock\.sqlite is damaged .*delete it and try again\./);
    rmSync(lock);
    const remembered = join(place.dataDir, 'relay.json');
    const kept = readFileSync(remembered, 'utf8');
    writeFileSync(remembered, JSON.stringify({ ...(JSON.parse(kept) as object), version: 99 }));
    assert.match((await place.run('doctor')).out, /Problems found\n\n- .*newer version/);
    writeFileSync(remembered, kept);
    assert.equal((await place.run('doctor')).code, 0);
    assert.equal(existsSync(lock), false);
    mkdirSync(lock);
    assertExplained(await place.run('listen', '--port', '0'), /its lock\.sqlite is not a file/, /remove it/);
  });
});
