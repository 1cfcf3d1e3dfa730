/**
 * What a folder may say of the settings: those that decide where data goes or stays, or what is started, count only where
 * the user trusts the folder, or never. package.json is made from this, and code reads a setting by it: VS Code applies
 * what package.json says to whole names alone, so a folder could say a part of a setting under its name and a dot.
 */
import type { SettingName } from './settings.ts';

export type FolderRule = 'never' | 'trusted';

/** For what is not named here, any folder's settings count. */
export const folderRules: Readonly<Partial<Record<SettingName, FolderRule>>> = {
  destinations: 'trusted',
  port: 'trusted',
  'tunnel.kind': 'trusted',
  'tunnel.host': 'never',
  'tunnel.subdomain': 'trusted',
  'tunnel.url': 'trusted',
  'tunnel.programs': 'never',
  'tunnel.updateVendors': 'trusted',
  'openConnectors.host': 'never',
  'oauth.port': 'never',
  'campaignMonitor.host': 'never',
  'webhooks.onStop': 'trusted',
  limits: 'trusted',
  assistants: 'never',
};

interface Said {
  readonly defaultValue?: unknown;
  readonly globalValue?: unknown;
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Whether what a folder says of a setting counts. */
export function folderCounts(name: SettingName, trusted: boolean): boolean {
  const rule = folderRules[name];
  return rule === undefined || (rule === 'trusted' && trusted);
}

/** What a setting says without its folder: the user's own, an object's over the default's members. */
export function withoutFolder({ defaultValue, globalValue }: Said): unknown {
  if (globalValue === undefined) return defaultValue;
  return isObject(defaultValue) && isObject(globalValue) ? { ...defaultValue, ...globalValue } : globalValue;
}
