/** Looks for files of scenarios: what shows them as tests is loaded when there is one. */
import * as vscode from 'vscode';

/** Where they are. */
export const scenarioFiles = '**/*.cm-scenario.json';

/** Where they are not looked for. */
export const noScenarios = '**/node_modules/**';

/** Whether a file is where none is looked for; a watcher tells of it all the same. */
export function isNoScenario(uri: vscode.Uri): boolean {
  return `/${vscode.workspace.asRelativePath(uri, false)}`.includes('/node_modules/');
}

/** Shows files of scenarios in the Test Explorer. */
export interface ScenarioTests {
  /** @param watcher tells of files that come, change and go */
  begin(watcher: vscode.FileSystemWatcher): void;
}

/**
 * Begins with the tests once there is a file of scenarios, now or later, in a workspace that is trusted: until then none
 * is read.
 * @param tests is asked for what shows them, and again where that failed
 */
export function watchScenarios(tests: () => Promise<ScenarioTests>): vscode.Disposable {
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
