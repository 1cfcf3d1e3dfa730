import * as vscode from 'vscode';
import { folderCounts, withoutFolder } from './folder-rules.ts';
import { prefix } from './prefix.ts';
import type { ReadSetting, SettingName, SettingValue } from './settings.ts';

function configuration(): vscode.WorkspaceConfiguration {
  return vscode.workspace.getConfiguration(prefix);
}

/** Returns the default if the setting is set only by a folder that may not set it. */
export function setting<N extends SettingName>(name: N): ReadSetting<N> {
  const found = configuration();
  const said = folderCounts(name, vscode.workspace.isTrusted)
    ? found.get(name)
    : withoutFolder(found.inspect(name) ?? {});
  return said as ReadSetting<N>;
}

export function trimText(said: unknown): string {
  return typeof said === 'string' ? said.trim() : '';
}

/** The effective value and where it is set: a workspace's permitted value overrides the user's. */
export function whereSaid(name: SettingName): { readonly target: vscode.ConfigurationTarget; readonly said: unknown } {
  const found = configuration().inspect(name);
  return folderCounts(name, vscode.workspace.isTrusted) && found?.workspaceValue !== undefined
    ? { target: vscode.ConfigurationTarget.Workspace, said: found.workspaceValue }
    : { target: vscode.ConfigurationTarget.Global, said: found?.globalValue };
}

export function isOfWorkspace(name: SettingName): boolean {
  return whereSaid(name).target === vscode.ConfigurationTarget.Workspace;
}

export async function writeSetting<N extends SettingName>(
  name: N,
  value: SettingValue<N>,
  target = vscode.ConfigurationTarget.Global,
): Promise<void> {
  await configuration().update(name, value, target);
}

export function onSetting(name: SettingName, changed: () => void): vscode.Disposable {
  return vscode.workspace.onDidChangeConfiguration((event) => {
    if (event.affectsConfiguration(`${prefix}.${name}`)) changed();
  });
}
