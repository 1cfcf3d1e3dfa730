/** The settings of VS Code as the relay takes them. */
import * as vscode from 'vscode';
import type { Settings, TunnelConfig } from '../../../protocol/settings.ts';
import { prefix } from '../../prefix.ts';

/** A setting that cannot be used: which one, and why. */
export interface SettingProblem {
  /** The setting's whole id. */
  readonly setting: string;
  readonly message: string;
}

/** The settings cannot be used: nothing was started or changed. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
  readonly problems: readonly SettingProblem[];
  constructor(problems: readonly SettingProblem[]) {
    super(problems.map(({ setting, message }) => `${setting}: ${message}`).join('; '));
    this.problems = problems;
  }
}

/** Settings of this extension that the relay takes; {@link readSettings} reads these. */
const taken = [
  'destinations',
  'retryPolicy',
  'concurrency',
  'timeZone',
  'partSize',
  'mapping',
  'identity',
  'retention',
  'keepAliveMinutes',
  ...['kind', 'host', 'subdomain', 'url', 'cloudflaredPath', 'ngrokPath', 'ngrokDomain'].map(
    (name) => `tunnel.${name}`,
  ),
];

/** Whether a change of settings is one of the relay's. */
export function concernsRelay(event: vscode.ConfigurationChangeEvent): boolean {
  return (
    taken.some((name) => event.affectsConfiguration(`${prefix}.${name}`)) ||
    event.affectsConfiguration('http.proxy') ||
    event.affectsConfiguration('http.noProxy')
  );
}

/** Which setting a path of the relay's settings comes from, longest first. */
const origins: readonly (readonly [path: string, setting: string])[] = [
  ['mapping.eventTypes', 'mapping.eventTypes'],
  ['mapping.otherEventType', 'mapping.otherEventType'],
  ['mapping.objectType', 'mapping.objectType'],
  ['mapping.objectIdField', 'mapping.objectIdField'],
  ['identity.instanceId', 'identity.instanceId'],
  ['identity.instanceName', 'identity.instanceName'],
  ['identity.instanceTags', 'identity.instanceTags'],
  ['retention.maxDeliveries', 'retention.maxDeliveries'],
  ['retention.maxBytes', 'retention.maxMegabytes'],
  ['tunnel.host', 'tunnel.host'],
  ['tunnel.subdomain', 'tunnel.subdomain'],
  ['tunnel.url', 'tunnel.url'],
  ['tunnel.path', 'tunnel.kind'],
  ['tunnel.domain', 'tunnel.ngrokDomain'],
  ['tunnel', 'tunnel.kind'],
  ['retry', 'retryPolicy'],
];

/** The configuration of this extension. In an untrusted workspace VS Code leaves out what is restricted. */
export function configuration(): vscode.WorkspaceConfiguration {
  return vscode.workspace.getConfiguration(prefix);
}

/** The tunnel of the settings, before it is checked. */
function tunnelOf(config: vscode.WorkspaceConfiguration): unknown {
  const text = (name: string): string => config.get<string>(name, '').trim();
  const kind = text('tunnel.kind');
  switch (kind) {
    case 'fixed':
      return { kind, url: text('tunnel.url') };
    case 'localtunnel':
      return { kind, host: text('tunnel.host'), subdomain: text('tunnel.subdomain') || undefined };
    case 'cloudflared':
      return { kind, path: text('tunnel.cloudflaredPath') };
    case 'ngrok':
      return { kind, path: text('tunnel.ngrokPath'), domain: text('tunnel.ngrokDomain') || undefined };
    default:
      return { kind };
  }
}

/** Megabytes of the settings as the relay takes them; what is no number is left to its check. */
function bytesOf(megabytes: unknown): unknown {
  return typeof megabytes === 'number' ? Math.round(megabytes * 1_000_000) : megabytes;
}

/**
 * Reads and checks the settings.
 * @returns the relay's settings, its destinations as in the settings (none where there are none), or what is wrong
 */
export async function readSettings(): Promise<
  | { readonly settings: Settings; readonly tunnel: TunnelConfig; readonly problems: readonly [] }
  | { readonly settings: null; readonly tunnel: null; readonly problems: readonly SettingProblem[] }
> {
  const { settingsSchema } = await import('../../deferred.ts');
  const config = configuration();
  const proxy = vscode.workspace.getConfiguration('http').get<string>('proxy', '');
  const noProxy = vscode.workspace.getConfiguration('http').get<string[]>('noProxy', []);
  const parsed = settingsSchema.safeParse({
    destinations: config.get('destinations'),
    retry: config.get('retryPolicy'),
    concurrency: config.get('concurrency'),
    timeZone: config.get('timeZone'),
    partSize: config.get('partSize'),
    mapping: {
      eventTypes: config.get('mapping.eventTypes'),
      otherEventType: config.get('mapping.otherEventType'),
      objectType: config.get('mapping.objectType'),
      objectIdField: config.get('mapping.objectIdField'),
    },
    identity: {
      instanceId: config.get('identity.instanceId'),
      instanceName: config.get('identity.instanceName'),
      instanceTags: config.get('identity.instanceTags'),
    },
    retention: {
      maxDeliveries: config.get('retention.maxDeliveries'),
      maxBytes: bytesOf(config.get('retention.maxMegabytes')),
    },
    keepAliveMinutes: config.get('keepAliveMinutes'),
    tunnel: tunnelOf(config),
    ...(proxy !== '' && { proxy: { url: proxy, noProxy: noProxy.join(',') } }),
  });
  if (parsed.success) return { settings: parsed.data, tunnel: parsed.data.tunnel, problems: [] };
  const problems = parsed.error.issues.map((issue) => {
    const path = issue.path.map(String).join('.');
    const origin = origins.find(([begin]) => path === begin || path.startsWith(`${begin}.`))?.[1];
    const rest = path.replace(/^[^.]+\.?/, '');
    return {
      setting: `${prefix}.${origin ?? path.replace(/\..*/, '')}`,
      message: origin === undefined && rest !== '' ? `${rest}: ${issue.message}` : issue.message,
    };
  });
  return { settings: null, tunnel: null, problems };
}
