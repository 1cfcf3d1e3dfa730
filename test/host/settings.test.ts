import assert from 'node:assert/strict';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as vscode from 'vscode';
import type { Status } from '../../src/protocol/status.ts';
import { carryOverSettings } from '../../src/extension/relay/settings-migration.ts';
import type { SettingChange } from '../../src/extension/relay/settings-migration.ts';
import { closeEditors, run, startStage, until } from './relay-stage.ts';
import type { HostStage } from './relay-stage.ts';

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
  const changed = ['partSize', 'timeZone', 'retryPolicy', 'mapping.eventTypes', 'retention.maxDeliveries'];

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
    await set('mapping.eventTypes', { Subscribe: 'NEW' });
    await set('retention.maxDeliveries', 777);
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
  });

  it('that had another name or unit are carried over in each scope, and what stands already stays', async () => {
    const scopes = [vscode.ConfigurationTarget.Global, vscode.ConfigurationTarget.Workspace] as const;
    const changes: readonly SettingChange[] = [
      {
        from: ['partSize', 'concurrency'],
        to: 'openConnectors.timeoutSeconds',
        convert: ([a, b]) => (typeof a === 'number' ? a : b),
      },
    ];
    await set('partSize', undefined);
    await config().update('partSize', 7, scopes[0]);
    await config().update('concurrency', 9, scopes[1]);
    assert.deepEqual(await carryOverSettings(changes), [
      'openConnectors.timeoutSeconds',
      'openConnectors.timeoutSeconds',
    ]);
    const { globalValue, workspaceValue } = config().inspect('openConnectors.timeoutSeconds') ?? {};
    assert.deepEqual([globalValue, workspaceValue], [7, 9]);
    for (const name of ['partSize', 'concurrency']) {
      const found = config().inspect(name);
      assert.deepEqual([found?.globalValue, found?.workspaceValue], [undefined, undefined]);
    }
    await config().update('partSize', 11, scopes[0]);
    assert.deepEqual(await carryOverSettings(changes), []);
    assert.equal(config().inspect('openConnectors.timeoutSeconds')?.globalValue, 7);
    assert.equal(config().inspect('partSize')?.globalValue, undefined);
    for (const scope of scopes) await config().update('openConnectors.timeoutSeconds', undefined, scope);
  });

  it('are carried over from the names that the extension had', async () => {
    const [folder] = vscode.workspace.workspaceFolders ?? [];
    assert.ok(folder);
    const file = vscode.Uri.joinPath(folder.uri, '.vscode', 'settings.json');
    await vscode.workspace.fs.createDirectory(vscode.Uri.joinPath(folder.uri, '.vscode'));
    // Nobody declares it any more, so VS Code writes it for nobody.
    const before = JSON.stringify({ 'campaignMonitorRelay.retention.maxBytes': 250_500_000 });
    await vscode.workspace.fs.writeFile(file, Buffer.from(before));
    await until(() => config().inspect('retention.maxBytes')?.workspaceValue === 250_500_000);
    assert.deepEqual(await carryOverSettings(), ['retention.maxMegabytes']);
    assert.equal(config().inspect('retention.maxMegabytes')?.workspaceValue, 250.5);
    assert.equal(config().inspect('retention.maxBytes')?.workspaceValue, undefined);
    const { settings } = await until(async () => {
      const found = await status();
      return found.settings.retention.maxBytes === 250_500_000 && found;
    }).then((found) => found as Status);
    assert.equal(settings.retention.maxBytes, 250_500_000);
    await config().update('retention.maxMegabytes', undefined, vscode.ConfigurationTarget.Workspace);
  });

  it('about the URLs of webhooks and of instances became one, which asks where they differed', async () => {
    const [folder] = vscode.workspace.workspaceFolders ?? [];
    assert.ok(folder);
    const file = vscode.Uri.joinPath(folder.uri, '.vscode', 'settings.json');
    for (const [webhooks, instances, expected] of [
      ['always', undefined, 'always'],
      [undefined, 'never', 'never'],
      ['never', 'never', 'never'],
      ['always', 'never', 'ask'],
    ] as const) {
      const before = JSON.stringify({
        'campaignMonitorRelay.webhooks.keepUrl': webhooks,
        'campaignMonitorRelay.instances.keepUrl': instances,
      });
      await vscode.workspace.fs.writeFile(file, Buffer.from(before));
      await until(
        () =>
          config().inspect('webhooks.keepUrl')?.workspaceValue === webhooks &&
          config().inspect('instances.keepUrl')?.workspaceValue === instances,
      );
      assert.deepEqual(await carryOverSettings(), ['tunnel.updateVendors']);
      assert.equal(config().inspect('tunnel.updateVendors')?.workspaceValue, expected);
      assert.equal(config().inspect('webhooks.keepUrl')?.workspaceValue, undefined);
      assert.equal(config().inspect('instances.keepUrl')?.workspaceValue, undefined);
      await config().update('tunnel.updateVendors', undefined, vscode.ConfigurationTarget.Workspace);
    }
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
      assert.match(at('"url": "ftp'), /Begin with http:\/\/ or https:\/\//);
      assert.match(at('"url": "http://u:p'), /leave user name and password out/);
      assert.match(at(`"${prefix}.timeZone"`), /IANA time zone, such as Europe\/Berlin/);
      assert.match(at(`"${prefix}.tunnel.subdomain"`), /4 to 63 lower-case letters/);
      assert.match(at(`"${prefix}.partSize"`), /minimum/);
      assert.ok(said.some(({ message }) => message.includes('"url"')));
    } finally {
      await closeEditors();
      await rm(dirname(file), { recursive: true });
      await until(() => config().inspect('destinations')?.workspaceValue === undefined, 30_000);
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
