import assert from 'node:assert/strict';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as vscode from 'vscode';
import { setting } from '../../src/extension/configuration.ts';
import type { Status } from '../../src/protocol/status.ts';
import { closeEditors, run, startStage, until, type HostStage } from './relay-stage.ts';

const prefix = 'campaignMonitorRelay';

/** Takes what each quick pick or input box offers, until the command has ended. */
async function accepting(command: Thenable<unknown>): Promise<void> {
  const ended = Promise.resolve(command).then(() => true);
  const soon = (): Promise<boolean> => new Promise((resolve) => setTimeout(() => resolve(false), 50));
  do await vscode.commands.executeCommand('workbench.action.acceptSelectedQuickOpenItem');
  while (!(await Promise.race([ended, soon()])));
}

describe('The settings', function () {
  this.timeout(180_000);
  let stage: HostStage;
  const config = (): vscode.WorkspaceConfiguration => vscode.workspace.getConfiguration(prefix);
  const status = (): Promise<Status> => stage.client.request('relay/status', {});
  const set = (name: string, value: unknown): Thenable<void> =>
    config().update(name, value, vscode.ConfigurationTarget.Global);
  const changed = ['partSize', 'timeZone', 'retryPolicy', 'mapping', 'limits'];

  before(async () => {
    stage = await startStage();
  });
  after(async () => {
    for (const name of changed) await set(name, undefined);
    await stage.stop();
  });
  afterEach(closeEditors);

  it('apply to the running relay, which goes on', async () => {
    const before = await status();
    await set('partSize', 3);
    await set('timeZone', 'Europe/Berlin');
    await set('retryPolicy', 'sap');
    await set('mapping', { eventTypes: { Subscribe: 'NEW' } });
    await set('limits', { maxDeliveries: 777 });
    const { settings, pid } = await until(async () => {
      const found = await status();
      return found.settings.retention.maxDeliveries === 777 && found;
    }).then((found) => found as Status);
    assert.equal(pid, before.pid);
    assert.equal(settings.partSize, 3);
    assert.equal(settings.timeZone, 'Europe/Berlin');
    assert.equal(settings.retry, 'sap');
    // VS Code puts the default's other members beside it.
    assert.equal(settings.mapping.eventTypes['Subscribe'], 'NEW');
    assert.equal(settings.mapping.eventTypes['Update'], 'UPDATED');
    assert.equal(settings.mapping.objectIdField, 'EmailAddress');
    assert.equal(settings.retention.maxBytes, 500_000_000);
  });

  it('that cannot be used change nothing, and apply with the next that can', async () => {
    await set('timeZone', 'Nowhere/Here');
    await set('partSize', 5);
    await set('timeZone', 'Asia/Tokyo');
    const { settings } = await until(async () => {
      const found = await status();
      return found.settings.timeZone === 'Asia/Tokyo' && found;
    }).then((found) => found as Status);
    assert.equal(settings.partSize, 5);
  });

  it('say at the place what is wrong', async () => {
    const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
    assert.ok(folder);
    const file = join(folder, '.vscode', 'settings.json');
    await mkdir(dirname(file), { recursive: true });
    const wrong = {
      [`${prefix}.destinations`]: [{ url: 'ftp://example.com' }, { mode: 'raw' }, { url: 'http://u:p@localhost/' }],
      [`${prefix}.timeZone`]: 'Berlin or so',
      [`${prefix}.tunnel.subdomain`]: 'NO',
      [`${prefix}.partSize`]: 0,
    };
    await writeFile(file, JSON.stringify(wrong, null, 2));
    try {
      const document = await vscode.workspace.openTextDocument(file);
      await vscode.window.showTextDocument(document);
      const lines = Object.fromEntries(
        document
          .getText()
          .split('\n')
          .map((text, index) => [text.trim(), index]),
      );
      const said = await until(() => {
        const found = vscode.languages.getDiagnostics(document.uri);
        return found.length >= 6 && found;
      }, 30_000).then((found) => found as vscode.Diagnostic[]);
      const at = (start: string): string => {
        const line = Object.entries(lines).find(([text]) => text.startsWith(start))?.[1];
        return said.find(({ range }) => range.start.line === line)?.message ?? '';
      };
      assert.match(at('"url": "ftp'), /Start with http:\/\/ or https:\/\//);
      assert.match(at('"url": "http://u:p'), /leave out the user name and password/);
      assert.match(at(`"${prefix}.timeZone"`), /IANA time zone, such as Europe\/Berlin/);
      assert.match(at(`"${prefix}.tunnel.subdomain"`), /4 to 63 lowercase letters/);
      assert.match(at(`"${prefix}.partSize"`), /minimum/);
      assert.ok(said.some(({ message }) => message.includes('"url"')));
    } finally {
      await closeEditors();
      await rm(dirname(file), { recursive: true });
      await until(() => config().inspect('destinations')?.workspaceValue === undefined, 30_000);
    }
  });

  it('take no part of one from a folder that has no say in the whole, whatever VS Code makes of it', async () => {
    const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
    assert.ok(folder);
    const file = join(folder, '.vscode', 'settings.json');
    await mkdir(dirname(file), { recursive: true });
    const said = {
      [`${prefix}.mapping.objectType`]: 'people',
      [`${prefix}.tunnel.programs.ngrokPath`]: '/tmp/evil',
      [`${prefix}.tunnel`]: { programs: { cloudflaredPath: '/tmp/evil' } },
    };
    await writeFile(file, JSON.stringify(said));
    try {
      await until(() => setting('mapping').objectType === 'people', 30_000);
      assert.equal(config().get<{ ngrokPath: string }>('tunnel.programs')?.ngrokPath, '/tmp/evil');
      const { cloudflaredPath, ngrokPath } = setting('tunnel.programs');
      assert.deepEqual([cloudflaredPath, ngrokPath], ['cloudflared', 'ngrok']);
      assert.equal(setting('mapping').objectIdField, 'EmailAddress');
    } finally {
      await rm(dirname(file), { recursive: true });
      await until(() => setting('mapping').objectType === 'contacts', 30_000);
    }
  });

  it('get a destination by steps', async () => {
    const before = config().get<object[]>('destinations') ?? [];
    await accepting(run('addDestination'));
    const added = config().get<object[]>('destinations') ?? [];
    assert.deepEqual(added, [...before, { url: 'http://localhost:3000/callback' }]);
    await until(async () => (await status()).destinations.length === 2);
    await set('destinations', before);
    await until(async () => (await status()).destinations.filter(({ configured }) => configured).length === 1);
  });
});
