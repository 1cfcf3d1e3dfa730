import assert from 'node:assert/strict';
import { useVscodeStandIn } from '../vscode-stand-in.ts';

interface Place {
  readonly path: string;
}

describe('Files of scenarios that appear later', () => {
  const vscode = useVscodeStandIn();
  // One of that name above the folder that is open doesn't matter.
  const folder = '/home/node_modules/work/';
  let created: ((uri: Place) => unknown)[];
  const disposable = { dispose: () => undefined };
  const watcher = {
    onDidCreate: (listener: (uri: Place) => unknown) => created.push(listener) && disposable,
    onDidChange: () => disposable,
    onDidDelete: () => disposable,
  };
  const appear = (path: string): void => created.forEach((listener) => listener({ path: `${folder}${path}` }));

  beforeEach(() => {
    created = [];
    Object.assign(vscode.workspace, {
      isTrusted: true,
      createFileSystemWatcher: () => watcher,
      findFiles: () => Promise.resolve([]),
      asRelativePath: ({ path }: Place) => path.slice(folder.length),
      onDidChangeWorkspaceFolders: () => disposable,
      onDidGrantWorkspaceTrust: () => disposable,
    });
  });

  it('begin with the tests, except in node_modules', async () => {
    const { watchScenarios } = await import('../../../src/extension/check/scenario-watch.ts');
    let begun = 0;
    watchScenarios(() => Promise.resolve({ begin: () => (begun += 1) }));
    appear('node_modules/some/a.cm-scenario.json');
    appear('packages/b/node_modules/a.cm-scenario.json');
    await new Promise(setImmediate);
    assert.equal(begun, 0);
    appear('node_modules.cm-scenario.json');
    await new Promise(setImmediate);
    assert.equal(begun, 1);
  });

  it('become tests, except in node_modules', async () => {
    const { ScenarioTests } = await import('../../../src/extension/check/scenario-tests.ts');
    const read: string[] = [];
    const controller = { items: { replace: () => undefined }, createRunProfile: () => undefined };
    vscode.tests['createTestController'] = () => controller;
    // No folder has it: it is looked at no further.
    vscode.workspace['getWorkspaceFolder'] = ({ path }: Place) => void read.push(path);
    new ScenarioTests({ context: { subscriptions: [] } } as never).begin(watcher as never);
    appear('node_modules/some/a.cm-scenario.json');
    appear('callback.cm-scenario.json');
    await new Promise(setImmediate);
    assert.deepEqual(read, [`${folder}callback.cm-scenario.json`]);
  });
});
