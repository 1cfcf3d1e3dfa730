/** Files of scenarios in the Test Explorer, as a person debugs them. */
import * as vscode from 'vscode';
import { until } from './relay-stage.ts';

/** Resolves when the Test Explorer shows the scenarios of a file: the file itself is one of what it has there. */
export async function shown(file: vscode.Uri): Promise<void> {
  const inFile = (): Thenable<unknown[]> => vscode.commands.executeCommand('vscode.testing.getTestsInFile', file);
  await until(async () => (await inFile()).length > 1);
}

/** Debugs the scenarios of a file, or of the files of a folder, that are shown. Resolves when the run has ended. */
export async function debugScenarios(at: vscode.Uri): Promise<void> {
  await vscode.commands.executeCommand('testing.debug.uri', at);
}
