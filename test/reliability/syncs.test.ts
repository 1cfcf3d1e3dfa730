import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readHookUrl } from '../../src/common/hook-path.ts';
import { nameOfSecret } from '../../src/common/secret-name.ts';
import { connectToRelay } from '../../src/protocol/relay-client.ts';
import { openForReading, openForWriting } from '../../src/relay/log/database.ts';
import { readyRelay } from '../relay/processes.ts';
import { ownDirectory, temporaryFolder } from '../relay/afterward.ts';
import { send } from '../relay/requests.ts';
import { sampleBody } from '../relay/stage.ts';
import { until } from '../relay/until.ts';

const failingProgram = fileURLToPath(new URL('failing-sync-program.ts', import.meta.url));
const indexProgram = fileURLToPath(new URL('index-program.ts', import.meta.url));

/** Why syncs cannot be counted here, or null. */
function whyNot(): string | null {
  if (process.platform !== 'linux') return `strace is a tool of Linux, and this is ${process.platform}`;
  const tried = spawnSync('strace', ['-f', '-o', '/dev/null', 'true'], { encoding: 'utf8' });
  if (tried.error !== undefined)
    return 'strace is not installed: install it with the package manager (apt-get install strace)';
  if (tried.status !== 0) return `strace may not trace here: ${tried.stderr.trim()}`;
  return null;
}

/** The arguments of strace that write every sync, with its file's path, and every write to standard output. */
function straceTo(log: string): [string, ...string[]] {
  // -D: the traced program is our child, and strace is not in between.
  return ['strace', '-D', '-f', '-q', '-y', '-e', 'trace=fsync,fdatasync,write', '-e', 'signal=none', '-o', log];
}

/** Where the kernel cannot be watched, what makes SQLite sync at each commit is looked at, and the reason is printed. */
function assertSettingsOnly(why: string): void {
  process.stderr.write(`      syncs are not counted: ${why}\n`);
  assert.notEqual(process.env['REQUIRE_STRACE'], '1', why);
  const { db } = openForWriting(join(temporaryFolder(), 'relay.sqlite'));
  assert.equal(db.prepare('PRAGMA synchronous').get()?.['synchronous'], 2, 'FULL');
  assert.equal(db.prepare('PRAGMA journal_mode').get()?.['journal_mode'], 'wal');
  db.close();
}

/** What a line of strace says of a file: `wal` the write-ahead log of the index, `file` the index itself. */
function ofIndex(line: string): { readonly of: 'wal' | 'file'; readonly sync: boolean; readonly at: number } | null {
  const [, call = '', wal, rest = ''] = /(\w+)\(\d+<[^>]*\/search\.sqlite(-wal)?>(.*)\) += /.exec(line) ?? [];
  if (call === '') return null;
  return { of: wal === undefined ? 'file' : 'wal', sync: call.endsWith('sync'), at: Number(rest.split(', ').at(-1)) };
}

const isSync = (line: string): boolean => /(?:fsync|fdatasync)\(\d+<[^>]*relay\.sqlite-wal>/.test(line);

describe('Disk syncs', function () {
  this.timeout(180_000);

  it('that fail refuse what they were for, and nothing that comes later', () => {
    const why = whyNot();
    if (why !== null) {
      assertSettingsOnly(why);
      return;
    }
    const folder = realpathSync(temporaryFolder());
    const file = join(folder, 'relay.sqlite');
    const fail = ['-P', `${file}-wal`, '-e', 'trace=fsync,fdatasync', '-e', 'inject=fsync,fdatasync:error=EIO:when=4'];
    const node = ['node', '--disable-warning=ExperimentalWarning', failingProgram, file];
    const { status, stdout } = spawnSync('strace', ['-f', '-q', ...fail, '-o', join(folder, 'strace'), ...node], {
      encoding: 'utf8',
    });
    const refused = ['check-data-directory', 'cannot write the history: disk I/O error', 'works'];
    assert.deepEqual(
      [status, stdout.trimEnd().split('\n')],
      [0, [...refused, 'stored', 'stored', 'stored', '3 deliveries']],
    );
    const db = openForReading(file);
    assert.equal(db.prepare('SELECT count(*) AS n FROM deliveries').get()?.['n'], 3);
    db.close();
  });

  it('keep the index whole: its file is written after its log is on disk, and that begins anew after its file is', async function () {
    const why = whyNot();
    if (why !== null) {
      assertSettingsOnly(why);
      return;
    }
    const dataDir = ownDirectory();
    const log = join(temporaryFolder(), 'strace');
    const traced = [
      '-D',
      '-f',
      '-q',
      '-y',
      '-s',
      '8',
      '-e',
      'trace=fsync,fdatasync,write,pwrite64',
      '-e',
      'signal=none',
    ];
    const node = ['node', '--disable-warning=ExperimentalWarning', indexProgram, dataDir, '250'];
    const child = spawn('strace', [...traced, '-o', log, ...node], { stdio: ['ignore', 'ignore', 'inherit'] });
    const [code] = (await once(child, 'close')) as [number];
    assert.equal(code, 0);
    const lines = await until(() => {
      const all = readFileSync(log, 'utf8').split('\n');
      return all.some((line) => line.includes('"end')) && all;
    });
    const notOnDisk = { wal: false, file: false };
    const seen = { restarts: 0, writes: 0 };
    for (const line of lines.slice(lines.findIndex((each) => each.includes('"begin')))) {
      const said = ofIndex(line);
      if (said === null) continue;
      if (said.of === 'file' && !said.sync) {
        seen.writes += 1;
        assert.equal(notOnDisk.wal, false, `written before its log is on disk: ${line}`);
      }
      if (said.of === 'wal' && !said.sync && said.at === 0) {
        seen.restarts += 1;
        assert.equal(notOnDisk.file, false, `begun anew before the file is on disk: ${line}`);
      }
      notOnDisk[said.of] = !said.sync;
    }
    assert.ok(seen.restarts > 0 && seen.writes > 0, JSON.stringify(seen));
  });

  it('come before each answer of the webhook endpoint, and are shared under load', async () => {
    const why = whyNot();
    if (why !== null) {
      assertSettingsOnly(why);
      return;
    }
    const log = join(temporaryFolder(), 'strace');
    const dataDir = temporaryFolder();
    const relay = await readyRelay(['--data-dir', dataDir], straceTo(log));
    const syncs = (): number => readFileSync(log, 'utf8').split('\n').filter(isSync).length;
    // What is logged before an answer has been written, since strace stops the process at each call.
    const beforeAlone = syncs();
    for (let i = 1; i <= 30; i++) {
      assert.equal((await send(relay.url, { body: sampleBody({ seed: i }) })).status, 200);
      assert.ok(syncs() >= beforeAlone + i, `answer ${i} came after its sync`);
    }
    const beforeTogether = syncs();
    const answers = await Promise.all(
      Array.from({ length: 300 }, (_, i) => send(relay.url, { body: sampleBody({ seed: 1000 + i }) })),
    );
    assert.ok(answers.every((each) => each.status === 200));
    const shared = syncs() - beforeTogether;
    assert.ok(shared >= 1 && shared < 300, `${shared} syncs for 300 deliveries at once`);
    const client = await connectToRelay(dataDir);
    assert.equal((await client.request('relay/status', {})).counts.deliveries, 330);
    await client.request('relay/stop', {});
    assert.equal(await relay.ended, 0);
  });

  it('come before a new secret is told, of relay.json and then of its folder', async () => {
    const why = whyNot();
    if (why !== null) {
      assertSettingsOnly(why);
      return;
    }
    const log = join(temporaryFolder(), 'strace');
    const dataDir = realpathSync(temporaryFolder());
    const relay = await readyRelay(['--data-dir', dataDir], straceTo(log));
    const client = await connectToRelay(dataDir);
    const replaces = nameOfSecret(readHookUrl(relay.url)?.secret ?? '');
    const before = readFileSync(log, 'utf8').length;
    await client.request('relay/newSecret', { replaces });
    const synced = [
      ...readFileSync(log, 'utf8')
        .slice(before)
        .matchAll(/fsync\(\d+<([^>]*)>/g),
    ].map(([, path]) => path);
    const file = synced.findIndex((path) => path === join(dataDir, `relay.json.${relay.pid}`));
    assert.ok(file !== -1 && synced.slice(file + 1).includes(dataDir), synced.join());
    await client.request('relay/stop', {});
    assert.equal(await relay.ended, 0);
  });
});
