import { basename, dirname } from 'node:path';
import * as vscode from 'vscode';
import { candidatesIn, type Candidate } from './handler-configurations.ts';

export function launchCandidates(port: string): Candidate[] {
  const folders = vscode.workspace.workspaceFolders ?? [];
  const ofFolders = folders.flatMap((folder) => {
    const found = vscode.workspace.getConfiguration('launch', folder.uri).inspect<unknown>('configurations');
    const compounds = vscode.workspace.getConfiguration('launch', folder.uri).inspect<unknown>('compounds');
    // With a single folder, its settings are the workspace's.
    const isAlone = vscode.workspace.workspaceFile === undefined;
    return candidatesIn(
      {
        configurations: found?.workspaceFolderValue ?? (isAlone ? found?.workspaceValue : undefined),
        compounds: compounds?.workspaceFolderValue ?? (isAlone ? compounds?.workspaceValue : undefined),
      },
      folder.uri.toString(),
      port,
    );
  });
  if (vscode.workspace.workspaceFile === undefined) return ofFolders;
  const launch = vscode.workspace.getConfiguration('launch');
  const ofFile = {
    configurations: launch.inspect<unknown>('configurations')?.workspaceValue,
    compounds: launch.inspect<unknown>('compounds')?.workspaceValue,
  };
  return [...ofFolders, ...candidatesIn(ofFile, null, port)];
}

export function folderOf(uri: string | null): vscode.WorkspaceFolder | undefined {
  return vscode.workspace.workspaceFolders?.find((folder) => folder.uri.toString() === uri);
}

export async function addLaunchConfiguration(
  folder: vscode.WorkspaceFolder,
  program: vscode.Uri,
  port: string,
): Promise<string> {
  const isInside = vscode.workspace.getWorkspaceFolder(program)?.uri.toString() === folder.uri.toString();
  const path = isInside ? vscode.workspace.asRelativePath(program, false) : program.fsPath;
  const launch = vscode.workspace.getConfiguration('launch', folder.uri);
  const { workspaceFolderValue, workspaceValue } = launch.inspect<unknown[]>('configurations') ?? {};
  const own = workspaceFolderValue ?? (vscode.workspace.workspaceFile === undefined ? workspaceValue : undefined) ?? [];
  const name = freeName(`Handler: ${isInside ? path : basename(path)}`, own);
  const whole = isInside ? `\${workspaceFolder}/${path}` : path;
  const configuration = {
    type: 'node',
    request: 'launch',
    name,
    program: whole,
    cwd: dirname(whole),
    env: { PORT: port },
    skipFiles: ['<node_internals>/**', '**/node_modules/**'],
  };
  await launch.update('configurations', [...own, configuration], vscode.ConfigurationTarget.WorkspaceFolder);
  return name;
}

function freeName(wanted: string, taken: readonly unknown[]): string {
  const names = new Set(taken.map((each) => (each as { name?: unknown } | null)?.name));
  let name = wanted;
  for (let number = 2; names.has(name); number += 1) name = `${wanted} ${number}`;
  return name;
}
