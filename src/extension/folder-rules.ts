/**
 * Which settings a folder may set: those that decide where data is sent or stored, or what is started, count only if
 * the user trusts the folder, or never. package.json is generated from this, and code also checks it: VS Code applies
 * package.json only to whole names, so a folder could set a part of a setting under its name and a dot.
 */
import type { SettingName } from './settings.ts';

export type FolderRule = 'never' | 'trusted';

/** Any folder may set those not listed here. */
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

/** A setting's value without its folder: the user's own, merged with an object's default. */
export function withoutFolder({ defaultValue, globalValue }: Said): unknown {
  if (globalValue === undefined) return defaultValue;
  return isObject(defaultValue) && isObject(globalValue) ? { ...defaultValue, ...globalValue } : globalValue;
}
