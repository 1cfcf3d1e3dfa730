import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir as linkedTmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { checkDataDirectory, DataDirectoryError, prepareDataDirectory } from '../../src/protocol/data-directory.ts';
import type { RelayAdvice } from '../../src/protocol/advice.ts';
import { NoRelayError } from '../../src/protocol/errors.ts';
import { connectToRelay } from '../../src/protocol/relay-client.ts';
import { openHistory } from '../../src/relay/history/history.ts';
import { readRemembered } from '../../src/relay/remembered.ts';
import { run } from '../cli/harness.ts';
import { afterward, temporaryFolder as makeTemporaryFolder } from '../relay/afterward.ts';
import { readyRelay, spawnRelay } from '../relay/processes.ts';
import { send } from '../relay/requests.ts';
import { sampleBody, startTestRelay } from '../relay/stage.ts';

const isRoot = process.getuid?.() === 0;
/** Only root can give a file away, or run a program as somebody else. */
const itAsRoot = isRoot ? it : it.skip;
/** Two users that this machine need not know. */
const stranger = 12_345;
const otherUser = 12_346;

/** On macOS that is behind a link. */
const tmpdir = (): string => realpathSync(linkedTmpdir());
const temporaryFolder = (): string => realpathSync(makeTemporaryFolder());

/** Windows has no modes: there what a folder holds is judged, and that alone. */
const hasModes = process.platform !== 'win32';

/** Everything below a folder with its mode, owner and content, and the folder itself. */
function snapshot(path: string): unknown {
  const stat = lstatSync(path);
  const facts = [path, stat.mode, stat.uid, stat.nlink];
  if (stat.isSymbolicLink()) return [...facts, readlinkSync(path)];
  if (stat.isFile()) return [...facts, readFileSync(path, 'utf8')];
  return stat.isDirectory() ? [...facts, ...readdirSync(path).map((name) => snapshot(join(path, name)))] : facts;
}

function modeOf(path: string): number {
  return statSync(path).mode & 0o777;
}

/** A folder with a mode, whatever the umask. */
function folderOf(mode: number, parent = temporaryFolder(), name = 'data'): string {
  const folder = join(parent, name);
  mkdirSync(folder);
  chmodSync(folder, mode);
  return folder;
}

/** As the umask says, until the test has ended. */
function withUmask(mask: number): void {
  const before = process.umask(mask);
  afterward(() => process.umask(before));
}

/** That the relay, its clients and whoever reads refuse a folder, and leave it as it is. */
async function assertRefused(dataDir: string, message: RegExp, advice: RelayAdvice): Promise<DataDirectoryError> {
  const parent = dirname(dataDir);
  const before = parent.startsWith(tmpdir()) && existsSync(parent) ? snapshot(parent) : null;
  let refused: DataDirectoryError | undefined;
  for (const use of [
    () => startTestRelay({ dataDir }),
    () => connectToRelay(dataDir),
    () => Promise.resolve().then(() => openHistory(dataDir)),
    () => Promise.resolve().then(() => readRemembered(dataDir)),
  ]) {
    await assert.rejects(use(), (error) => {
      assert.ok(error instanceof DataDirectoryError, String(error));
      assert.match(error.message, message);
      assert.equal(error.advice, advice);
      assert.notEqual(error.next, '');
      refused = error;
      return true;
    });
  }
  if (before !== null) assert.deepEqual(snapshot(parent), before, 'nothing was changed');
  return refused!;
}

(hasModes ? describe : describe.skip)('A folder that cannot be a data directory', function () {
  this.timeout(120_000);

  /** One of somebody else's: as another user than root, one of the system's. */
  function strangersFolder(): string {
    if (!isRoot) return '/usr';
    const folder = folderOf(0o755);
    chownSync(folder, stranger, stranger);
    return folder;
  }

  it('is one of another user: refused by all, and left as it is', async () => {
    await assertRefused(strangersFolder(), /belongs to another user$/, 'choose-data-directory');
  });

  it('is one that contains other files and nothing of a relay’s', async () => {
    for (const mode of [0o700, 0o755]) {
      const folder = folderOf(mode);
      writeFileSync(join(folder, 'thesis.txt'), 'mine');
      mkdirSync(join(folder, '.ssh'));
      await assertRefused(folder, /contains other files, such as .+, and no relay data$/, 'choose-data-directory');
    }
  });

  it('is whatever contains other files, by whatever names', () => {
    const name = fc
      .oneof(
        fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme' }),
        fc.constantFrom(
          'relay',
          'relay.sqlite2',
          'xrelay.json',
          'relay.json.bak',
          'lock',
          'token.txt',
          'relay.sqlite-x',
        ),
      )
      .filter((each) => !/[/\0]/.test(each) && each !== '.' && each !== '..' && Buffer.byteLength(each) < 200);
    const folder = folderOf(0o755);
    fc.assert(
      fc.property(fc.uniqueArray(name, { minLength: 1, maxLength: 5 }), (names) => {
        for (const each of names) writeFileSync(join(folder, each), '');
        try {
          assert.throws(() => prepareDataDirectory(folder), /contains other files/);
          assert.throws(() => checkDataDirectory(folder), /contains other files/);
          assert.equal(modeOf(folder), 0o755);
        } finally {
          for (const each of names) rmSync(join(folder, each));
        }
      }),
      { numRuns: 200 },
    );
  });

  it('is one that others can write to, until the command is run that the error names', async () => {
    for (const mode of [0o777, 0o702, 0o757, 0o1777]) {
      const folder = folderOf(mode);
      const { next } = await assertRefused(
        folder,
        /is writable by other users \(mode 1?7\d\d\)$/,
        'close-data-directory',
      );
      const [, command = ''] = /`(.+)`/.exec(next) ?? [];
      execFileSync('sh', ['-c', `${command} "$0"`, folder]);
      assert.equal(modeOf(folder), 0o700);
      await (await startTestRelay({ dataDir: folder })).stop();
    }
  });

  itAsRoot('is one that another group can write to; the user’s own first group is his alone', async () => {
    const folder = folderOf(0o770);
    chownSync(folder, 0, stranger);
    await assertRefused(folder, /is writable by other users/, 'close-data-directory');
    chownSync(folder, 0, process.getgid!());
    const relay = await startTestRelay({ dataDir: folder });
    assert.equal(modeOf(folder), 0o700);
    await relay.stop();
  });

  it('is behind a link to any of these, or behind a circular one', async () => {
    const links = temporaryFolder();
    const full = folderOf(0o755);
    writeFileSync(join(full, 'thesis.txt'), 'mine');
    symlinkSync(full, join(links, 'full'));
    await assertRefused(join(links, 'full'), /contains other files/, 'choose-data-directory');
    const open = folderOf(0o777);
    symlinkSync(open, join(links, 'open'));
    await assertRefused(join(links, 'open'), /is writable by other users/, 'close-data-directory');
    symlinkSync('circle', join(links, 'circle'));
    await assertRefused(join(links, 'circle'), /cannot be used: ELOOP/, 'check-folder');
  });

  itAsRoot('is one behind the link of another user, if that user owns it', async () => {
    const theirs = folderOf(0o700);
    chownSync(theirs, stranger, stranger);
    const link = join(temporaryFolder(), 'link');
    symlinkSync(theirs, link);
    lchownSync(link, stranger, stranger);
    await assertRefused(link, /belongs to another user$/, 'choose-data-directory');
  });

  /** What a repository or an archive may have put there: made at a path, with a file of the user's as the bait. */
  const planted: Record<string, readonly [(path: string, bait: string) => void, RegExp]> = {
    'a link to a file': [(path, bait) => symlinkSync(bait, path), /is a symbolic link$/],
    'a link to nothing yet': [(path, bait) => symlinkSync(`${bait}.new`, path), /is a symbolic link$/],
    'a folder': [(path) => mkdirSync(path), /is not a file$/],
    'a pipe': [(path) => execFileSync('mkfifo', [path]), /is not a file$/],
  };
  const names = [
    ...['relay', 'search', 'lock'].flatMap((name) =>
      ['', '-wal', '-shm', '-journal'].map((end) => `${name}.sqlite${end}`),
    ),
    'relay.sqlite.suspect',
    'relay.json',
    'relay.json.damaged',
    `relay.json.${process.pid}`,
    'relay.log',
    'relay.log.1',
    'token',
  ];
  for (const [what, [plant, why]] of Object.entries(planted)) {
    it(`is one that holds ${what} where a file of the relay’s would be`, async () => {
      for (const name of names) {
        const folder = folderOf(0o700);
        const bait = join(dirname(folder), 'bait');
        writeFileSync(bait, 'bait', { mode: 0o600 });
        plant(join(folder, name), bait);
        const error = await assertRefused(folder, why, 'look-at-data-directory');
        assert.ok(error.message.includes(`: its ${name} `), error.message);
        assert.equal(existsSync(`${bait}.new`), false);
      }
    });
  }

  itAsRoot('is one that cannot be made or written, which is said', async () => {
    const asOther = ['setpriv', `--reuid=${otherUser}`, `--regid=${otherUser}`, '--clear-groups'];
    const closed = folderOf(0o700);
    chownSync(closed, otherUser, otherUser);
    chmodSync(dirname(closed), 0o755);
    afterward(() => rmSync(join(tmpdir(), `cm-relay-${otherUser}`), { recursive: true, force: true }));
    for (const [dataDir, mode] of [
      [closed, 0o500],
      [closed, 0o300],
      [join(closed, 'new'), 0o500],
    ] as const) {
      chmodSync(closed, mode);
      const line = await spawnRelay(['--data-dir', dataDir], asOther).firstLine;
      assert.equal(line.type, 'failed');
      assert.match(
        JSON.stringify(line),
        /cannot be used: EACCES.*Check that the folder exists, belongs to you, and has free space/,
      );
    }
    assert.equal(modeOf(closed), 0o500);
  });

  it('is refused by every command and by the relay’s process, with what to do, before anything is believed', async () => {
    const full = folderOf(0o755);
    writeFileSync(join(full, 'thesis.txt'), 'mine');
    for (const [folder, why] of [
      [strangersFolder(), /belongs to another user/],
      [full, /contains other files, such as thesis\.txt/],
    ] as const) {
      const commands = [
        ['events'],
        ['show', 'e1'],
        ['export', 'e1', '--as', 'json'],
        ['stop'],
        ['trigger', 'subscribe'],
        ['listen', '--port', '0'],
      ];
      const ends = await Promise.all(
        commands.map(([name = '', ...args]) => run([name, '--data-dir', folder, ...args])),
      );
      for (const { code, out, err } of ends) {
        assert.equal(code, 1);
        assert.equal(out, '');
        assert.match(err, why);
        assert.match(err, /choose an empty folder that belongs to you/);
      }
      const relay = spawnRelay(['--data-dir', folder, '--log-file', join(folder, 'relay.log')]);
      assert.match(JSON.stringify(await relay.firstLine), why);
      assert.equal(await relay.ended, 1);
    }
    assert.deepEqual(readdirSync(full), ['thesis.txt']);
    assert.equal(modeOf(full), 0o755);
  });

  itAsRoot('is the trap of another user who runs a relay there: nobody else’s command reaches it', async () => {
    // In /tmp, as it would be; open, so that all in it could be read and used.
    const trap = folderOf(0o755);
    chmodSync(dirname(trap), 0o755);
    chownSync(trap, stranger, stranger);
    afterward(() => rmSync(join(tmpdir(), `cm-relay-${stranger}`), { recursive: true, force: true }));
    const as = (user: number): string[] => ['setpriv', `--reuid=${user}`, `--regid=${user}`, '--clear-groups'];
    const relay = await readyRelay(['--data-dir', trap], as(stranger));
    execFileSync('chmod', ['-R', 'a+rX', trap]);
    const script = join(import.meta.dirname, '../../src/cli/cm-relay.ts');
    for (const user of [0, otherUser]) {
      for (const args of [['events'], ['trigger', 'subscribe'], ['stop']]) {
        const [command, ...rest] = [...as(user), process.execPath, script, ...args, '--data-dir', trap];
        assert.throws(
          () => execFileSync(command, rest, { stdio: 'pipe', env: { ...process.env, HOME: tmpdir() } }),
          /belongs to another user/,
        );
      }
    }
    afterward(() => rmSync(join(tmpdir(), `cm-relay-${otherUser}`), { recursive: true, force: true }));
    assert.equal(relay.child.exitCode, null, 'it was not stopped');
    assert.equal((await send(relay.url, { body: sampleBody() })).status, 200);
  });
});

(hasModes ? describe : describe.skip)('A folder that can be a data directory', function () {
  this.timeout(120_000);

  it('is one that does not exist: made for its owner alone with those above it, whatever the umask', async () => {
    for (const mask of [0, 0o022, 0o077]) {
      const parent = temporaryFolder();
      withUmask(mask);
      const relay = await startTestRelay({ dataDir: join(parent, 'a', 'b', 'data') });
      for (const path of ['a', 'a/b', 'a/b/data']) assert.equal(modeOf(join(parent, path)), 0o700);
      assert.deepEqual((await relay.client.request('relay/status', {})).notices, []);
      await relay.stop();
    }
  });

  it('is believed by no reader before it is there, and made by none', async () => {
    const folder = join(temporaryFolder(), 'not', 'yet');
    await assert.rejects(connectToRelay(folder), NoRelayError);
    assert.throws(() => openHistory(folder), /no history yet/);
    assert.equal(readRemembered(folder), null);
    const { code, err } = await run(['events', '--data-dir', folder]);
    assert.equal(code, 1);
    assert.match(err, /no history yet/);
    assert.deepEqual(readdirSync(dirname(dirname(folder))), []);
  });

  it('is an empty one of the user’s: closed to others where it was open, which is said in log and status', async () => {
    const folder = folderOf(0o755);
    writeFileSync(join(folder, '.DS_Store'), '');
    const first = await startTestRelay({ dataDir: folder });
    assert.equal(modeOf(folder), 0o700);
    const { notices } = await first.client.request('relay/status', {});
    const said = `The data directory ${folder} was accessible to other users (mode 755). It is now private (700).`;
    assert.deepEqual(notices, [said]);
    assert.deepEqual(
      first.log.filter(({ level }) => level === 'warn').map(({ message }) => message),
      [said],
    );
    await first.stop();
    const second = await startTestRelay({ dataDir: folder });
    assert.deepEqual((await second.client.request('relay/status', {})).notices, [], 'once');
  });

  it('is one that a relay has used, as it was copied or unpacked: the folder is closed', async () => {
    const first = await startTestRelay();
    assert.equal((await first.deliver(sampleBody())).status, 200);
    await first.stop();
    for (const name of readdirSync(first.dataDir)) chmodSync(join(first.dataDir, name), 0o644);
    chmodSync(first.dataDir, 0o755);
    const reader = openHistory(first.dataDir);
    assert.equal(reader.event('e1').event.type, 'Subscribe');
    reader.close();
    assert.equal(modeOf(first.dataDir), 0o755, 'a reader changes nothing');
    const second = await startTestRelay({ dataDir: first.dataDir });
    assert.equal(second.secret, first.secret);
    assert.equal((await second.delivery()).delivery.id, 'd1');
    assert.equal(modeOf(first.dataDir), 0o700);
    const { notices } = await second.client.request('relay/status', {});
    assert.match(notices.join(), /was accessible to other users \(mode 755\)/);
  });

  it('holds nothing that others can read, and nothing that is not known as a relay’s', async () => {
    const dataDir = folderOf(0o755);
    withUmask(0);
    const log = join(dataDir, 'relay.log');
    const first = await readyRelay(['--data-dir', dataDir, '--log-file', log]);
    assert.equal((await send(first.url, { body: sampleBody() })).status, 200);
    const client = await connectToRelay(dataDir);
    // Makes the index.
    await client.request('events/query', { filter: 'nothing-like-it' });
    client.close();
    const assertClosed = (): void => {
      const made = readdirSync(dataDir);
      for (const name of made) assert.equal(modeOf(join(dataDir, name)), 0o600, name);
      for (const name of [
        'relay.sqlite',
        'relay.sqlite-wal',
        'relay.sqlite-shm',
        'search.sqlite',
        'lock.sqlite',
        'relay.json',
        'relay.log',
      ]) {
        assert.ok(made.includes(name), name);
      }
    };
    assertClosed();
    // What is left of a kill, of damage and of the relays before.
    await first.kill();
    writeFileSync(join(dataDir, 'relay.json'), 'damaged');
    const damaged = new DatabaseSync(join(dataDir, 'relay.sqlite'));
    damaged.exec('DROP TABLE deliveries');
    damaged.close();
    writeFileSync(log, 'x'.repeat(1_100_000));
    const second = await readyRelay(['--data-dir', dataDir, '--log-file', log]);
    assert.equal((await send(second.url, { body: sampleBody() })).status, 200);
    const again = await connectToRelay(dataDir);
    await again.request('events/query', { filter: 'nothing-like-it' });
    await again.request('relay/stop', {});
    assert.equal(await second.ended, 0);
    for (const name of ['relay.sqlite', 'lock.sqlite']) rmSync(join(dataDir, name));
    const left = readdirSync(dataDir);
    for (const name of left) assert.equal(modeOf(join(dataDir, name)), 0o600, name);
    for (const like of [/^relay\.sqlite\.damaged-/, /^relay\.json\.damaged$/, /^relay\.log\.1$/]) {
      assert.ok(
        left.some((name) => like.test(name)),
        `${String(like)}: ${left.join()}`,
      );
    }
    // Each is known: without the files that mark a relay's folder, one that is not would be somebody else's.
    prepareDataDirectory(dataDir);
  });
});
