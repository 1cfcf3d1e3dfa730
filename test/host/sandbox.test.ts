import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { SandboxProcess } from '../../src/extension/sandbox/sandbox-process.ts';
import type { RunningSandbox } from '../../src/extension/sandbox/shared-sandbox.ts';
import { run, until } from './relay-stage.ts';

/** Each stands for a window: all of them share the global storage. */
function windowOn(storage: string): SandboxProcess {
  const context = {
    globalStorageUri: vscode.Uri.file(storage),
    asAbsolutePath: (path: string) => join(process.env['HOST_TESTS_ROOT'] ?? '', path),
    extension: { packageJSON: { version: '0.0.0' } },
  };
  return new SandboxProcess(context as unknown as vscode.ExtensionContext);
}

async function status({ openConnectorsApi, credentials }: RunningSandbox): Promise<number> {
  const { userSecret, organizationSecret } = credentials.openConnectors;
  const headers = { authorization: `User ${userSecret}, Organization ${organizationSecret}` };
  return (await fetch(`${openConnectorsApi}/instances`, { headers })).status;
}

describe('the sandbox’s process', function () {
  this.timeout(120_000);
  let storage: string;
  const windows: SandboxProcess[] = [];
  const open = (): SandboxProcess => {
    const window = windowOn(storage);
    windows.push(window);
    return window;
  };

  beforeEach(() => (storage = mkdtempSync(join(tmpdir(), 'cm-sandbox-'))));
  afterEach(async () => {
    for (const window of windows.splice(0)) {
      await window.stop();
      window.dispose();
    }
    rmSync(storage, { recursive: true, force: true });
  });

  it('is shared by all windows, found again after a reload, and ended by any of them', async () => {
    const [one, two] = [open(), open()];
    assert.equal(await one.find(), undefined);
    const [first, second] = await Promise.all([one.start(), two.start()]);
    assert.equal(first.control, second.control);
    assert.equal(await status(first), 404, 'the secrets are right, and there is no instance');

    one.dispose();
    const reloaded = open();
    const changes: (RunningSandbox | undefined)[] = [];
    reloaded.onDidChange((change) => changes.push(change));
    assert.deepEqual(await reloaded.find(), second);
    assert.deepEqual(await reloaded.start(), second);
    await reloaded.stop();
    assert.deepEqual([changes.length, changes[0]?.control, changes[1]], [2, second.control, undefined]);
    await until(() =>
      status(second).then(
        () => false,
        () => true,
      ),
    );
    assert.equal(await two.find(), undefined);
    await reloaded.stop();
  });

  it('keeps its credentials in a file of the user alone, and takes none that lies about a sandbox', async () => {
    const file = join(storage, 'sandbox.json');
    const window = open();
    const running = await window.start();
    if (process.platform !== 'win32') assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.ok(readFileSync(file, 'utf8').includes(running.credentials.openConnectors.userSecret));
    assert.deepEqual(
      readdirSync(storage).filter((name) => !name.endsWith('.cjs')),
      ['sandbox.json'],
    );
    await window.stop();

    writeFileSync(file, JSON.stringify(running));
    const next = await open().start();
    assert.notDeepEqual(next.credentials, running.credentials);
    assert.equal(await status(next), 404);
  });

  it('is started anew where the file about it says something else', async () => {
    const file = join(storage, 'sandbox.json');
    const window = open();
    const { control, credentials, ...addresses } = await window.start();
    await window.stop();
    const others: unknown[] = [null, [], 'text', {}, { control, credentials: {} }, { control, credentials }];
    others.push({ ...addresses, credentials, control: 'no URL' }, { ...addresses, credentials, control: 'ftp://a/' });
    for (const other of others) {
      writeFileSync(file, JSON.stringify(other));
      assert.equal(await open().find(), undefined, JSON.stringify(other));
    }
    assert.equal(await status(await open().start()), 404);
  });

  it('is given up at once where what is noted takes connections and says nothing', async () => {
    const first = open();
    const running = await first.start();
    await first.stop();
    const asked: Socket[] = [];
    const silent = createServer((socket) => void asked.push(socket.on('error', () => undefined)));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const control = `http://127.0.0.1:${(silent.address() as AddressInfo).port}/sandbox/0123456789abcdef`;
    const file = join(storage, 'sandbox.json');
    writeFileSync(file, JSON.stringify({ ...running, control }));
    try {
      const stop = new AbortController();
      const start = open().start(stop.signal);
      await until(() => asked.length > 0);
      stop.abort();
      await assert.rejects(start, { name: 'AbortError' });
      assert.equal(asked.length, 1, 'the answer is not waited for, before which nobody asks again');
    } finally {
      rmSync(file);
      for (const socket of asked) socket.destroy();
      silent.close();
    }
  });

  it('is started and stopped by commands, and what it needs is copied as lines for a shell', async () => {
    await run('toggleSandbox');
    await vscode.env.clipboard.writeText('');
    // Whatever else can be copied stands before it.
    const ended = Promise.resolve(run('copyUrl')).then(() => true);
    const soon = (): Promise<boolean> => new Promise((resolve) => setTimeout(() => resolve(false), 50));
    do {
      await vscode.commands.executeCommand('workbench.action.quickOpenSelectPrevious');
      await vscode.commands.executeCommand('workbench.action.acceptSelectedQuickOpenItem');
    } while (!(await Promise.race([ended, soon()])));
    const lines = (await vscode.env.clipboard.readText()).trimEnd().split('\n');
    assert.match(lines[0] ?? '', /^export CAMPAIGN_MONITOR_API=http:\/\/127\.0\.0\.1:\d+\/api\/v3\.3$/);
    assert.match(lines[1] ?? '', /^export API_KEY=[0-9a-f]{40}$/);
    assert.ok(lines.length > 5 && lines.slice(2).every((line) => line.startsWith('# ')), lines.join('\n'));
    await run('toggleSandbox');
  });
});
