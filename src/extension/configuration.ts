/** The settings as VS Code has them. What they are is described in settings.ts. */
import * as vscode from 'vscode';
import { folderCounts, withoutFolder } from './folder-rules.ts';
import { prefix } from './prefix.ts';
import type { ReadSetting, SettingName, SettingValue } from './settings.ts';

function configuration(): vscode.WorkspaceConfiguration {
  return vscode.workspace.getConfiguration(prefix);
}

/** What a setting says; its default where nobody says anything, or a folder alone that must not. */
export function setting<N extends SettingName>(name: N): ReadSetting<N> {
  const found = configuration();
  const said = folderCounts(name, vscode.workspace.isTrusted)
    ? found.get(name)
    : withoutFolder(found.inspect(name) ?? {});
  return said as ReadSetting<N>;
}

/** A text of the settings without blanks around it; empty where somebody wrote something else. */
export function trimText(said: unknown): string {
  return typeof said === 'string' ? said.trim() : '';
}

/** Where what counts of a setting stands, and what stands there: what a workspace says that counts replaces what the user says. */
export function whereSaid(name: SettingName): { readonly target: vscode.ConfigurationTarget; readonly said: unknown } {
  const found = configuration().inspect(name);
  return folderCounts(name, vscode.workspace.isTrusted) && found?.workspaceValue !== undefined
    ? { target: vscode.ConfigurationTarget.Workspace, said: found.workspaceValue }
    : { target: vscode.ConfigurationTarget.Global, said: found?.globalValue };
}

/** Whether the workspace's settings say what counts. */
export function isOfWorkspace(name: SettingName): boolean {
  return whereSaid(name).target === vscode.ConfigurationTarget.Workspace;
}

/** Writes a setting, for every folder on this machine or for this workspace alone. */
export async function writeSetting<N extends SettingName>(
  name: N,
  value: SettingValue<N>,
  target = vscode.ConfigurationTarget.Global,
): Promise<void> {
  await configuration().update(name, value, target);
}

/** Calls back whenever a setting may say something else. */
export function onSetting(name: SettingName, changed: () => void): vscode.Disposable {
  return vscode.workspace.onDidChangeConfiguration((event) => {
    if (event.affectsConfiguration(`${prefix}.${name}`)) changed();
  });
}
