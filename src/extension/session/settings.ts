import * as vscode from 'vscode';
import type { Settings } from '../../protocol/settings.ts';
import { setting } from '../configuration.ts';
import { prefix } from '../prefix.ts';
import { relaySettings, settingAt, takenSettings } from './taken-settings.ts';

export interface SettingProblem {
  readonly setting: string;
  readonly message: string;
}

export class SettingsError extends Error {
  override readonly name = 'SettingsError';
  readonly problems: readonly SettingProblem[];
  constructor(problems: readonly SettingProblem[]) {
    super(problems.map(({ setting, message }) => `${setting}: ${message}`).join('; '));
    this.problems = problems;
  }
}

export function concernsRelay(event: vscode.ConfigurationChangeEvent): boolean {
  const ids = [...takenSettings].map((name) => `${prefix}.${name}`);
  return [...ids, 'http.proxy', 'http.noProxy'].some((id) => event.affectsConfiguration(id));
}

/** @throws SettingsError with all problems */
export async function readSettings(): Promise<Settings> {
  const { settingsSchema } = await import('../deferred.ts');
  const http = vscode.workspace.getConfiguration('http');
  const proxy = http.get<string>('proxy', '');
  const parsed = settingsSchema.safeParse({
    ...relaySettings(setting),
    ...(proxy !== '' && { proxy: { url: proxy, noProxy: http.get<string[]>('noProxy', []).join(',') } }),
  });
  if (parsed.success) {
    const { tunnel } = parsed.data;
    // Don't start programs from the workspace folders.
    const notBelow = (vscode.workspace.workspaceFolders ?? [])
      .map(({ uri }) => uri.fsPath)
      .filter((each) => each !== '');
    return tunnel.kind === 'command' ? { ...parsed.data, tunnel: { ...tunnel, notBelow } } : parsed.data;
  }
  throw new SettingsError(
    parsed.error.issues.map(({ path, message }) => {
      const { name, rest } = settingAt(path.map(String), setting('tunnel.kind'));
      if (name === null) return { setting: 'http.proxy', message };
      return { setting: `${prefix}.${name}`, message: rest === '' ? message : `${rest}: ${message}` };
    }),
  );
}
