import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { createMessageConnection } from 'vscode-jsonrpc/node';
import {
  controlChannelOf,
  keptChannelOf,
  prepareFolder,
  proveToClient,
  proveToServer,
  UnsafeSocketFolderError,
  writeToken,
} from '../../src/protocol/control-channel.ts';
import type { ControlChannel } from '../../src/protocol/control-channel.ts';
import { NoRelayError, RelayRequestError } from '../../src/protocol/errors.ts';
import { connectToRelay } from '../../src/protocol/relay-client.ts';
import { takeLock } from '../../src/relay/lock.ts';
import { RelayRunningError } from '../../src/relay/relay.ts';
import { afterward, ownDirectory, temporaryFolder } from '../relay/afterward.ts';
import { startTestRelay, type TestRelay } from '../relay/stage.ts';

const folderName = `cm-relay-${process.getuid?.() ?? 0}`;

/** Sets an environment variable until the test has ended. */
function setEnvironment(name: string, value: string | undefined): void {
  const before = process.env[name];
  const set = (to: string | undefined): void => {
    if (to === undefined) Reflect.deleteProperty(process.env, name);
    else process.env[name] = to;
  };
  set(value);
  afterward(() => set(before));
}

describe('The endpoint of a data directory', () => {
  it('is the same by whatever path the directory is named, and another for another', () => {
    const [dataDir, other] = [temporaryFolder(), temporaryFolder()];
    const link = join(temporaryFolder(), 'link');
    symlinkSync(dataDir, link);
    assert.equal(controlChannelOf(link).path, controlChannelOf(dataDir).path);
    assert.equal(
      controlChannelOf(join(dataDir, '..', dataDir.split('/').at(-1)!)).path,
      controlChannelOf(dataDir).path,
    );
    assert.notEqual(controlChannelOf(other).path, controlChannelOf(dataDir).path);
    assert.equal(controlChannelOf(link).tokenFile, join(realpathSync(dataDir), 'token'));
  });

  it('is short whatever the folders are called, and works', async () => {
    const long = join(temporaryFolder(), 'x'.repeat(60), 'y'.repeat(60));
    mkdirSync(long, { recursive: true });
    setEnvironment('XDG_RUNTIME_DIR', long);
    setEnvironment('TMPDIR', long);
    const { path } = controlChannelOf(long);
    assert.ok(Buffer.byteLength(path) <= 103, path);
    const relay = await startTestRelay({ dataDir: long });
    const socket = connect(path);
    await once(socket, 'connect');
    socket.destroy();
    await relay.stop();
  });
});

describe('The folder of the socket', () => {
  let base: string;
  let dataDir: string;
  beforeEach(() => {
    base = temporaryFolder();
    dataDir = temporaryFolder();
    setEnvironment('XDG_RUNTIME_DIR', base);
  });

  it('is made for its owner alone, whatever the umask', () => {
    const before = process.umask(0);
    try {
      prepareFolder(controlChannelOf(dataDir));
    } finally {
      process.umask(before);
    }
    assert.equal(statSync(join(base, folderName)).mode & 0o777, 0o700);
    prepareFolder(controlChannelOf(dataDir));
  });

  const prepared: Record<string, [(folder: string) => void, RegExp]> = {
    'open to others': [
      (folder) => {
        mkdirSync(folder);
        chmodSync(folder, 0o755);
      },
      /is accessible to other users/,
    ],
    'writable for the group': [
      (folder) => {
        mkdirSync(folder);
        chmodSync(folder, 0o720);
      },
      /is accessible to other users/,
    ],
    'a symbolic link to a good one': [(folder) => symlinkSync(temporaryFolder(), folder), /is not a folder/],
    'a link to nothing': [(folder) => symlinkSync(join(base, 'nothing'), folder), /is not a folder/],
    'a file': [(folder) => writeFileSync(folder, ''), /is not a folder/],
  };
  for (const [what, [prepare, why]] of Object.entries(prepared)) {
    it(`is not used where somebody else has prepared it, and keeps no relay and no client out: ${what}`, async () => {
      const folder = join(base, folderName);
      const good = controlChannelOf(dataDir);
      prepare(folder);
      const before = lstatSync(folder).mode;
      assert.throws(
        () => prepareFolder(good),
        (error) => {
          assert.ok(error instanceof UnsafeSocketFolderError);
          assert.match(error.message, why);
          assert.match(error.next, /remove it, or set XDG_RUNTIME_DIR/);
          return true;
        },
      );
      await assert.rejects(connectToRelay(dataDir), NoRelayError);
      await isReachedElsewhere(why);
      assert.equal(lstatSync(folder).mode, before, 'it is left as it is');
    });
  }

  /** That a relay starts, at a socket of its own that the user's clients find, in a folder that goes with it. */
  async function isReachedElsewhere(why: RegExp): Promise<void> {
    const before = readdirSync(base);
    const relay = await startTestRelay({ dataDir });
    const { path } = keptChannelOf(dataDir)!;
    assert.notEqual(dirname(path), join(base, folderName));
    assert.equal(statSync(dirname(path)).mode & 0o777, 0o700);
    assert.ok(Buffer.byteLength(path) <= 103, path);
    assert.match(relay.log.map(({ message }) => message).join('\n'), why);
    const client = await connectToRelay(dataDir);
    assert.equal((await client.request('relay/status', {})).pid, process.pid);
    client.close();
    await relay.stop();
    assert.deepEqual(readdirSync(base), before);
  }

  it('is not used where it belongs to another user, and keeps no relay and no client out', async function () {
    // Only root can give a folder away.
    if (process.getuid?.() !== 0) this.skip();
    const folder = join(base, folderName);
    mkdirSync(folder, { mode: 0o700 });
    chownSync(folder, 12_345, 12_345);
    await isReachedElsewhere(/belongs to another user/);
    assert.equal(lstatSync(folder).uid, 12_345);
    assert.deepEqual(readdirSync(folder), []);
  });
});

describe('A relay that was started in another environment', () => {
  let relay: TestRelay;
  /** Where its socket is. */
  let folder: string;
  beforeEach(async () => {
    const base = temporaryFolder();
    folder = join(base, folderName);
    setEnvironment('XDG_RUNTIME_DIR', base);
    relay = await startTestRelay();
    setEnvironment('XDG_RUNTIME_DIR', temporaryFolder());
  });

  async function refused(why: RegExp): Promise<void> {
    await assert.rejects(connectToRelay(relay.dataDir), (error) => {
      assert.ok(error instanceof RelayRequestError, String(error));
      assert.equal(error.code, 'no-answer');
      assert.match(error.message, new RegExp(`a relay is running for .*process ${process.pid}.* cannot be reached`));
      assert.match(error.message, why);
      assert.match(error.next ?? '', /XDG_RUNTIME_DIR and TMPDIR/);
      return true;
    });
  }

  for (const [name, other] of [
    ['XDG_RUNTIME_DIR', undefined],
    ['XDG_RUNTIME_DIR', 'another'],
    ['TMPDIR', 'another'],
  ] as const) {
    it(`is reached all the same: ${name} is ${other ?? 'not set'}`, async () => {
      if (name === 'TMPDIR') setEnvironment('XDG_RUNTIME_DIR', undefined);
      setEnvironment(name, other === undefined ? undefined : temporaryFolder());
      assert.notEqual(controlChannelOf(relay.dataDir).folder, folder);
      const client = await connectToRelay(relay.dataDir);
      afterward(() => client.close());
      assert.equal((await client.request('relay/status', {})).pid, process.pid);
    });
  }

  it('is not reached through a folder that is open to others, which is said', async () => {
    chmodSync(folder, 0o755);
    await refused(/is accessible to other users/);
  });

  it('is not reached through a socket of another user', async function () {
    if (process.getuid?.() !== 0) this.skip();
    const [socket = ''] = readdirSync(folder);
    lchownSync(join(folder, socket), 12_345, 12_345);
    await refused(/belongs to another user/);
  });

  it('is said to run, and not to be reached, where its socket is gone', async () => {
    rmSync(folder, { recursive: true });
    await refused(/ENOENT/);
  });
});

describe('The lock of a data directory, for a client', () => {
  it('says that a relay runs, though nothing says where', async function () {
    this.timeout(30_000);
    const refusals = [null, '', '[]', '{"pid":"x"}'].map(async (text) => {
      const dataDir = ownDirectory();
      const lock = takeLock(dataDir);
      afterward(() => lock?.release());
      if (text !== null) writeFileSync(join(dataDir, 'channel.json'), text, { mode: 0o600 });
      await assert.rejects(connectToRelay(dataDir), (error) => {
        assert.ok(error instanceof RelayRequestError, String(error));
        assert.match(error.message, /^a relay is running for \S+ but cannot be reached/);
        return true;
      });
    });
    await Promise.all(refusals);
  });

  it('is asked for as long as a relay may take to open its channel', async () => {
    const dataDir = ownDirectory();
    const lock = takeLock(dataDir);
    const connecting = connectToRelay(dataDir);
    await assert.rejects(startTestRelay({ dataDir }), RelayRunningError);
    // The relay takes it before anybody else has a turn.
    lock?.release();
    await startTestRelay({ dataDir });
    const client = await connecting;
    afterward(() => client.close());
    assert.equal((await client.request('relay/status', {})).pid, process.pid);
  });

  it('is taken by one that starts though clients ask all the time', async () => {
    const dataDir = ownDirectory();
    takeLock(dataDir)?.release();
    let asking = true;
    const clients = Array.from({ length: 4 }, async () => {
      while (asking)
        await connectToRelay(dataDir).then(
          (client) => client.close(),
          () => undefined,
        );
    });
    for (let i = 0; i < 10; i++) await (await startTestRelay({ dataDir })).stop();
    asking = false;
    await Promise.all(clients);
  });
});

describe('The proof over a pipe', () => {
  /** A client's and a server's end of one connection. */
  async function socketPair(): Promise<[Socket, Socket]> {
    const server = createServer();
    server.listen(join(temporaryFolder(), 'pair.sock'));
    await once(server, 'listening');
    const client = connect(server.address() as string);
    const [[accepted]] = (await Promise.all([once(server, 'connection'), once(client, 'connect')])) as [
      [Socket],
      unknown,
    ];
    for (const socket of [client, accepted]) socket.on('error', () => undefined);
    afterward(() => {
      client.destroy();
      accepted.destroy();
      server.close();
    });
    return [client, accepted];
  }

  function endpointWithToken(): ControlChannel {
    const endpoint = { path: '', folder: null, proofNeeded: true, tokenFile: join(temporaryFolder(), 'token') };
    writeToken(endpoint);
    return endpoint;
  }

  it('is a token of 32 bytes for its owner alone, new each time', () => {
    const endpoint = endpointWithToken();
    const first = readFileSync(endpoint.tokenFile);
    assert.equal(first.byteLength, 32);
    assert.equal(statSync(endpoint.tokenFile).mode & 0o777, 0o600);
    writeToken(endpoint);
    assert.notDeepEqual(readFileSync(endpoint.tokenFile), first);
  });

  it('succeeds where both read the same token, and what follows passes', async () => {
    const endpoint = endpointWithToken();
    const [client, server] = await socketPair();
    const proven = proveToClient(server, endpoint).then(() => {
      const connection = createMessageConnection(server, server);
      connection.onRequest('echo', (params: unknown) => params);
      connection.listen();
    });
    await proveToServer(client, endpoint);
    const connection = createMessageConnection(client, client);
    connection.listen();
    assert.deepEqual(await connection.sendRequest('echo', { said: 'x'.repeat(100_000) }), {
      said: 'x'.repeat(100_000),
    });
    await proven;
    connection.dispose();
  });

  it('fails on both sides where the tokens differ, and ends the connection', async () => {
    const [client, server] = await socketPair();
    const closed = Promise.all([once(client, 'close'), once(server, 'close')]);
    const results = await Promise.allSettled([
      proveToServer(client, endpointWithToken()),
      proveToClient(server, endpointWithToken()),
    ]);
    assert.deepEqual(
      results.map((each) => each.status),
      ['rejected', 'rejected'],
    );
    await closed;
  });
});
