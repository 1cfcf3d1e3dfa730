/** Settings that got another name or unit, or became one, are carried over, in every scope in which they stand. */
import * as vscode from 'vscode';
import { prefix } from '../commands.ts';

/** How values by earlier names become one. */
export interface SettingChange {
  readonly from: readonly string[];
  readonly to: string;
  /**
   * @param values as they stand in one scope, in the order of `from`; undefined where one is not set there
   * @returns undefined where nothing can be made of them
   */
  readonly convert: (values: readonly unknown[]) => unknown;
}

/** All changes since the first version. */
export const settingChanges: readonly SettingChange[] = [
  {
    from: ['retention.maxBytes'],
    to: 'retention.maxMegabytes',
    convert: ([bytes]) => (typeof bytes === 'number' ? bytes / 1_000_000 : undefined),
  },
  {
    from: ['webhooks.keepUrl', 'instances.keepUrl'],
    to: 'tunnel.updateVendors',
    // Where both say something and not the same, nobody has decided for both.
    convert: (values: readonly unknown[]): unknown => {
      const [first, ...others] = values.filter((value) => value !== undefined);
      return others.some((value) => value !== first) ? 'ask' : first;
    },
  },
];

const scopes = [
  { target: vscode.ConfigurationTarget.Global, member: 'globalValue' },
  { target: vscode.ConfigurationTarget.Workspace, member: 'workspaceValue' },
] as const;

/**
 * Carries over what stands under earlier names, and takes it away there. What stands under the new name already stays.
 * A folder's settings wait until the folder is trusted.
 * @returns the new names that were written
 */
export async function carryOverSettings(
  changes: readonly SettingChange[] = settingChanges,
): Promise<readonly string[]> {
  const written: string[] = [];
  for (const { from, to, convert } of changes) {
    for (const { target, member } of scopes) {
      if (target === vscode.ConfigurationTarget.Workspace && !vscode.workspace.isTrusted) continue;
      const config = vscode.workspace.getConfiguration(prefix);
      const values = from.map((name) => config.inspect(name)?.[member]);
      if (values.every((value) => value === undefined)) continue;
      const value = convert(values);
      if (value !== undefined && config.inspect(to)?.[member] === undefined) {
        await config.update(to, value, target);
        written.push(to);
      }
      for (const [index, name] of from.entries())
        if (values[index] !== undefined) await config.update(name, undefined, target);
    }
  }
  return written;
}

/** Does so now, and again once the folder is trusted. What cannot be written is logged. */
export function keepSettingsCurrent(
  { subscriptions }: Pick<vscode.ExtensionContext, 'subscriptions'>,
  log: Pick<vscode.LogOutputChannel, 'info' | 'warn'>,
): void {
  const carry = (): void => {
    carryOverSettings().then(
      (written) => {
        if (written.length > 0) log.info(`carried over to their present names: ${written.join(', ')}`);
      },
      (error: unknown) => log.warn(`earlier settings were not carried over: ${(error as Error).message}`),
    );
  };
  subscriptions.push(vscode.workspace.onDidGrantWorkspaceTrust(carry));
  carry();
}
