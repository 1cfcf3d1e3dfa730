import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { checkDataDirectory, trustDataDirectory } from '../../src/protocol/data-directory.ts';
import { defaultDataDir } from '../../src/protocol/known-directories.ts';
import { connectToRelay } from '../../src/protocol/relay-client.ts';
import { openHistory, storeFile } from '../../src/relay/history/history.ts';
import { readRemembered } from '../../src/relay/remembered.ts';
import { run, runProcess } from '../cli/harness.ts';
import { temporaryFolder } from './afterward.ts';
import { readyRelay, spawnRelay } from './processes.ts';
import { startReceiver, type Receiver } from './receiver.ts';
import { send } from './requests.ts';
import { sampleBody, startTestRelay } from './stage.ts';

/** A data directory as a clone brings it along: its author's relay made it, with a destination of the author's. */
async function cloned(author: Receiver): Promise<string> {
  const made = await startTestRelay({ settings: { destinations: [{ url: author.url }] } });
  await made.stop();
  const dataDir = join(temporaryFolder(), 'data');
  cpSync(made.dataDir, dataDir, { recursive: true });
  return dataDir;
}

function contentsOf(folder: string): unknown {
  return readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'base64')]);
}

describe('A data directory that came with a cloned repository', function () {
  this.timeout(120_000);
  let author: Receiver;
  let dataDir: string;
  beforeEach(async () => {
    author = await startReceiver();
    dataDir = await cloned(author);
  });

  it('is used by nobody before the user has said so, and left as it is', async () => {
    const before = contentsOf(dataDir);
    for (const use of [
      () => startTestRelay({ dataDir }),
      () => connectToRelay(dataDir),
      () => Promise.resolve().then(() => openHistory(dataDir)),
      () => Promise.resolve().then(() => readRemembered(dataDir)),
    ]) {
      await assert.rejects(use(), {
        name: 'DataDirectoryError',
        advice: 'trust-data-directory',
        message: /was not created by your relay/,
      });
    }
    const relay = spawnRelay(['--data-dir', dataDir]);
    assert.match(JSON.stringify(await relay.firstLine), /was not created by your relay/);
    assert.deepEqual(contentsOf(dataDir), before);
    // Once it is the user's, it is as any other.
    trustDataDirectory(dataDir);
    const trusted = await startTestRelay({ dataDir });
    await trusted.deliver(sampleBody());
    await author.received(1);
  });

  it('is refused in the terminal with 2 and the flag that takes it, which is remembered', async () => {
    const commands = [
      ['events'],
      ['status'],
      ['show', 'e1'],
      ['export', 'e1', '--as', 'json'],
      ['stop'],
      ['url'],
      ['trigger', 'subscribe'],
      ['mcp'],
      ['listen', '--port', '0'],
      ['listen', '--port', '0', '--detach'],
    ];
    for (const [name = '', ...args] of commands) {
      const { code, out, err } = await run([name, '--data-dir', dataDir, ...args]);
      assert.equal(code, 2, `${name}: ${err}`);
      assert.equal(out, '');
      assert.match(err, /was not created by your relay/);
      assert.match(err, /--trust-data-dir/);
      const byVariable = await run([name, ...args], { CM_RELAY_DATA_DIR: dataDir });
      assert.equal(byVariable.code, 2, `${name}: ${byVariable.err}`);
    }
    const taken = await run(['status', '--data-dir', dataDir, '--trust-data-dir']);
    assert.equal(taken.code, 0, taken.err);
    const after = await run(['status', '--data-dir', dataDir]);
    assert.equal(after.code, 0, after.err);
  });

  it('sends nothing to its author by a trigger in its store: it is not opened, whoever trusts the directory', async () => {
    const db = new DatabaseSync(storeFile(dataDir));
    const own = await startReceiver();
    const config = JSON.stringify({ url: author.url, mode: 'normalized' });
    db.exec(`INSERT INTO destinations (id, config, position) VALUES (66, '${config}', 1);
      CREATE TRIGGER copy AFTER INSERT ON forwardings WHEN new.destination_id <> 66 BEGIN
        INSERT INTO forwardings (notification_id, destination_id, state, attempts, round_start)
          VALUES (new.notification_id, 66, 0, 0, 0); END`);
    db.close();
    trustDataDirectory(dataDir);
    await assert.rejects(startTestRelay({ dataDir, settings: { destinations: [{ url: own.url }] } }), {
      name: 'StoreError',
      advice: 'move-history',
      message: /contains data that no version of this program writes: trigger copy/,
    });
    assert.equal(author.requests.length, 0);
    const { code, err } = await run(['events', '--data-dir', dataDir]);
    assert.equal(code, 1);
    assert.match(err, /trigger copy[^]*Move that file away/);
  });

  it('is not the default one since HOME is empty or relative, which leads into the folder that a program runs in', () => {
    const here = process.cwd();
    const { HOME: home = '', XDG_STATE_HOME: state } = process.env;
    const folder = temporaryFolder();
    const hookChange = join(folder, '.local', 'state', 'cm-relay');
    mkdirSync(join(hookChange, '..'), { recursive: true });
    cpSync(dataDir, hookChange, { recursive: true });
    process.chdir(folder);
    delete process.env['XDG_STATE_HOME'];
    try {
      for (const empty of ['', '.']) {
        process.env['HOME'] = empty;
        assert.throws(() => checkDataDirectory(hookChange), { advice: 'trust-data-directory' });
        assert.ok(isAbsolute(defaultDataDir('linux', {})));
        assert.ok(isAbsolute(defaultDataDir('win32', { LOCALAPPDATA: empty })) || process.platform !== 'win32');
      }
    } finally {
      process.chdir(here);
      process.env['HOME'] = home;
      process.env['XDG_STATE_HOME'] = state;
    }
  });

  it('is not taken for the user’s by whatever stands in it as its id', async () => {
    const own = await startTestRelay();
    await own.stop();
    for (const id of ['', 'x', '0'.repeat(32), '../'.repeat(10), readFileSync(join(own.dataDir, 'directory-id'))]) {
      writeFileSync(join(dataDir, 'directory-id'), id, { mode: 0o600 });
      assert.throws(() => checkDataDirectory(dataDir), { advice: 'trust-data-directory' });
    }
    rmSync(join(dataDir, 'directory-id'));
    assert.throws(() => checkDataDirectory(dataDir), { advice: 'trust-data-directory' });
    checkDataDirectory(own.dataDir);
  });

  it('is asked about again where another took the place of one that was the user’s', async () => {
    const own = await startTestRelay();
    await own.stop();
    rmSync(own.dataDir, { recursive: true });
    cpSync(dataDir, own.dataDir, { recursive: true });
    assert.throws(() => checkDataDirectory(own.dataDir), { advice: 'trust-data-directory' });
  });
});

describe('A data directory of the user’s', () => {
  it('is one that was missing, or empty: nothing is asked, of whatever process', async () => {
    for (const make of [false, true]) {
      const dataDir = join(temporaryFolder(), 'data');
      if (make) {
        mkdirSync(dataDir, { mode: 0o700 });
        writeFileSync(join(dataDir, '.gitignore'), '*');
      }
      const relay = await startTestRelay({ dataDir });
      await relay.deliver(sampleBody());
      (await connectToRelay(dataDir)).close();
      await relay.stop();
      const events = await run(['events', '--data-dir', dataDir]);
      assert.equal(events.code, 0, events.err);
      const process = await readyRelay(['--data-dir', dataDir]);
      assert.equal((await send(process.url, { body: sampleBody() })).status, 200);
    }
  });

  it('stays the user’s where it is moved, and a copy of it is asked about', async () => {
    const relay = await startTestRelay();
    await relay.stop();
    const moved = join(temporaryFolder(), 'moved');
    renameSync(relay.dataDir, moved);
    await (await startTestRelay({ dataDir: moved })).stop();
    const copy = join(temporaryFolder(), 'copy');
    cpSync(moved, copy, { recursive: true });
    await assert.rejects(startTestRelay({ dataDir: copy }), { advice: 'trust-data-directory' });
  });

  it('is used by its process where the user’s state folder cannot be written, and by others if they trust it', async () => {
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    const before = process.env['XDG_STATE_HOME'];
    process.env['XDG_STATE_HOME'] = file;
    try {
      const relay = await startTestRelay();
      await relay.stop();
      await (await startTestRelay({ dataDir: relay.dataDir })).stop();
      const other = await runProcess(['status', '--data-dir', relay.dataDir]);
      assert.equal(other.code, 2, other.err);
      assert.match(other.err, /--trust-data-dir/);
      const trusting = await runProcess(['status', '--data-dir', relay.dataDir, '--trust-data-dir']);
      assert.equal(trusting.code, 0, trusting.err);
    } finally {
      process.env['XDG_STATE_HOME'] = before;
    }
  });
});
