/**
 * Settings that decide where data goes or what is started count only in a trusted folder, or never. Code checks this
 * besides package.json: VS Code compares whole names, so a folder could set part of a setting under its name and a dot.
 */
import type { SettingName } from './settings.ts';

export type FolderRule = 'never' | 'trusted';

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

export function folderCounts(name: SettingName, trusted: boolean): boolean {
  const rule = folderRules[name];
  return rule === undefined || (rule === 'trusted' && trusted);
}

export function withoutFolder({ defaultValue, globalValue }: Said): unknown {
  if (globalValue === undefined) return defaultValue;
  return isObject(defaultValue) && isObject(globalValue) ? { ...defaultValue, ...globalValue } : globalValue;
}
