import * as vscode from 'vscode';

export const scenarioFiles = '**/*.cm-scenario.json';

export const noScenarios = '**/node_modules/**';

/** Watchers report excluded folders, too. */
export function isNoScenario(uri: vscode.Uri): boolean {
  return `/${vscode.workspace.asRelativePath(uri, false)}`.includes('/node_modules/');
}

/** Starts the tests at the first scenario file in a trusted workspace; `tests` is called again if loading failed. */
export function watchScenarios(
  tests: () => Promise<{ begin(watcher: vscode.FileSystemWatcher): void }>,
): vscode.Disposable {
  const watcher = vscode.workspace.createFileSystemWatcher(scenarioFiles);
  let begun = false;
  const begin = (): void => {
    if (begun || !vscode.workspace.isTrusted) return;
    begun = true;
    tests().then(
      (each) => each.begin(watcher),
      () => (begun = false),
    );
  };
  const look = async (): Promise<void> => {
    if (
      !begun &&
      vscode.workspace.isTrusted &&
      (await vscode.workspace.findFiles(scenarioFiles, noScenarios, 1)).length > 0
    )
      begin();
  };
  void look();
  return vscode.Disposable.from(
    watcher,
    watcher.onDidCreate((uri) => {
      if (!isNoScenario(uri)) begin();
    }),
    vscode.workspace.onDidChangeWorkspaceFolders(() => void look()),
    vscode.workspace.onDidGrantWorkspaceTrust(() => void look()),
  );
}
