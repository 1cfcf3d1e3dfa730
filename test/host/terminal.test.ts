import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import * as vscode from 'vscode';
import { windowsScript } from '../../src/extension/relay/commands.ts';
import { run, startStage, until, type HostStage } from './relay-stage.ts';

describe('What one takes along from the relay', function () {
  this.timeout(180_000);
  let stage: HostStage;

  before(async () => {
    stage = await startStage();
  });
  after(() => stage.stop());

  it('is a terminal in which cm-relay is bound to it', async () => {
    const event = { EmailAddress: 'jane@example.org', Type: 'Subscribe', Date: '2026-01-15 09:30:00' };
    await stage.deliver(JSON.stringify({ Events: [event], ListID: '96c0bbdaa54760c8d9e62a2b7ffa2e13' }));
    await run('openTerminal');
    const terminal = await until(() => vscode.window.terminals.find(({ name }) => name === 'cm-relay'));
    const { env } = (terminal?.creationOptions ?? {}) as vscode.TerminalOptions;
    const { stdout } = await promisify(execFile)('cm-relay', ['events', '--json'], {
      env: { ...process.env, ...(env as Record<string, string>) },
      shell: process.platform === 'win32',
    });
    terminal?.dispose();
    assert.match(stdout, /jane@example\.org/);
  });

  it('is a terminal whose shell keeps its own variables, on Windows too', () => {
    const lines = windowsScript('C:\\node.exe', 'C:\\cm-relay.js').split('\r\n');
    assert.deepEqual(lines, ['@setlocal', '@set ELECTRON_RUN_AS_NODE=1', '@"C:\\node.exe" "C:\\cm-relay.js" %*', '']);
  });

  it('is the URL for each vendor', async () => {
    const status = await stage.client.request('relay/status', {});
    await run('copyUrl', 'campaignMonitor');
    assert.equal(await vscode.env.clipboard.readText(), status.campaignMonitorUrl);
    await run('copyUrl', 'openConnectors');
    assert.equal(await vscode.env.clipboard.readText(), status.openConnectorsUrl);
  });
});
