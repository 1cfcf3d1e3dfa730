/** Scenarios that are debugged in the Test Explorer, given up; and programs outside the workspace. With VS Code's js-debug. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { addLaunchConfiguration } from '../../src/extension/debug/launch-configurations.ts';
import { freePort } from '../free-port.ts';
import { startStage, until, type HostStage } from './relay-stage.ts';
import { debugScenarios, shown } from './scenario-runs.ts';

/** Listens, never answers, and leaves a file when something has come. */
const program = `
const { writeFileSync } = require('node:fs');
const { createServer } = require('node:http');
const { PORT } = process.env;
createServer(() => writeFileSync(require('node:path').join(__dirname, 'taken-' + PORT), '')).listen(PORT, '127.0.0.1');
`;

describe('Handlers of a debugged test run', function () {
  this.timeout(100_000);
  const outside = mkdtempSync(join(tmpdir(), 'cm-handler-'));
  let stage: HostStage;
  let folder: vscode.WorkspaceFolder;
  let started: vscode.DebugSession[];
  let following: vscode.Disposable;
  const launch = (): vscode.WorkspaceConfiguration => vscode.workspace.getConfiguration('launch', folder.uri);

  before(async () => {
    stage = await startStage();
    const [first] = vscode.workspace.workspaceFolders ?? [];
    assert.ok(first !== undefined);
    folder = first;
    writeFileSync(join(outside, 'server.js'), program);
    following = vscode.debug.onDidStartDebugSession((session) => {
      if (session.parentSession === undefined) started.push(session);
    });
  });
  beforeEach(() => {
    started = [];
  });
  afterEach(async () => {
    for (const session of started) await vscode.debug.stopDebugging(session);
    await launch().update('configurations', undefined, vscode.ConfigurationTarget.WorkspaceFolder);
  });
  after(async () => {
    following.dispose();
    rmSync(outside, { recursive: true });
    await stage.stop();
  });

  /** For each port a configuration that starts a handler there, and a file with a scenario that is sent there. */
  const scenariosAt = async (ports: readonly number[]): Promise<vscode.Uri[]> => {
    const configurations = ports.map((port) => ({
      ...{ type: 'node', request: 'launch', name: `Handler ${port}`, program: join(outside, 'server.js') },
      ...{ env: { PORT: String(port) }, console: 'internalConsole' },
    }));
    await launch().update('configurations', configurations, vscode.ConfigurationTarget.WorkspaceFolder);
    const files: vscode.Uri[] = [];
    // The last is found first: they run in the order in which they are shown.
    for (const [index, port] of [...ports.entries()].reverse()) {
      const file = vscode.Uri.joinPath(folder.uri, `debugged-${ports[0]}-${index}.cm-scenario.json`);
      const destination = { url: `http://127.0.0.1:${port}/callback` };
      const scenarios = [{ name: 'is taken', steps: [{ send: { sample: 'Subscribe' } }] }];
      writeFileSync(file.fsPath, JSON.stringify({ destination, scenarios }));
      await shown(file);
      files.push(file);
    }
    return files;
  };
  const accept = (): Thenable<unknown> =>
    vscode.commands.executeCommand('workbench.action.acceptSelectedQuickOpenItem');

  it('are started no more once the run is canceled', async () => {
    const ports = [await freePort(), await freePort()];
    const files = await scenariosAt(ports);
    const run = debugScenarios(folder.uri);
    // How the handler is started is asked: the configuration that names its port stands first.
    await until(async () => {
      await accept();
      return existsSync(join(outside, `taken-${ports[0]}`));
    });
    await vscode.commands.executeCommand('testing.cancelRun');
    await run;
    for (const file of files) rmSync(file.fsPath);
    assert.deepEqual(
      started.map(({ name }) => name),
      [`Handler ${ports[0]}`],
    );
  });

  it('run from outside the workspace, too: the configuration that is written for such a program names it whole', async () => {
    const port = await freePort();
    const name = await addLaunchConfiguration(folder, vscode.Uri.file(join(outside, 'server.js')), String(port));
    assert.equal(name, 'Handler: server.js');
    await until(() => vscode.workspace.getConfiguration('launch', folder.uri).get<unknown[]>('configurations'));
    assert.equal(await vscode.debug.startDebugging(folder, name), true);
    await until(() => isListening(port));
  });
});

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
