import { hookUrl } from '../../common/hook-path.ts';
import { maskedValue } from '../../common/masking.ts';
import { sentences, words } from '../../common/words.ts';
import { protocolVersion } from '../../protocol/methods.ts';
import type { Settings } from '../../protocol/settings.ts';
import type { Status, TunnelStatus } from '../../protocol/status.ts';
import type { Configuration } from '../configuration.ts';
import type { Forwarder } from '../sending/forwarder.ts';
import type { Gate } from '../gate/gate.ts';
import { iso } from '../log/protocol-shapes.ts';
import { earlierOpenConnectorsUrls } from '../remembered.ts';
import type { Store } from '../log/store.ts';

export interface StatusParts {
  readonly version: string;
  readonly dataDir: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly port: number;
  readonly tunnel: TunnelStatus | undefined;
  readonly configuration: Configuration;
  readonly store: Store;
  readonly forwarder: Forwarder;
  readonly gate: Gate;
  readonly answering: Status['answering'];
  readonly index: Status['index'];
  readonly strangers: number;
  readonly clients: number;
  readonly notices: readonly string[];
}

const starting = words('The relay is starting');

export function statusOf(parts: StatusParts): Status {
  const { version, dataDir, configuration, store, forwarder, strangers, clients } = parts;
  const { settings, remembered } = configuration;
  const tunnel = parts.tunnel ?? {
    state: 'closed' as const,
    kind: 'none',
    reason: sentences([starting]),
    said: [starting],
  };
  const publicUrl = tunnel.state === 'open' ? tunnel.url.replace(/\/$/, '') : null;
  const urls = (base: string): { campaignMonitor: string; openConnectors: string } => ({
    campaignMonitor: hookUrl(base, remembered.secret, 'campaign-monitor'),
    openConnectors: hookUrl(base, remembered.secret, 'open-connectors'),
  });
  const local = urls(`http://127.0.0.1:${parts.port}`);
  const publicUrls = publicUrl === null ? null : urls(publicUrl);
  const { sending } = parts.gate;
  const { waiting } = store.totals;
  // If the disk can't be read, the count may be an earlier, larger one.
  const held = Math.min(
    Object.values(sending.held).reduce((sum, each) => sum + each, 0),
    waiting,
  );
  const counts = { ...store.totals, waiting: waiting - held, held };
  const failures = [store.failure, store.full].filter((each) => each !== null);
  return {
    protocolVersion,
    version,
    pid: process.pid,
    dataDir,
    startedAt: iso(parts.startedAt),
    campaignMonitorUrl: local.campaignMonitor,
    openConnectorsUrl: local.openConnectors,
    publicUrl,
    publicCampaignMonitorUrl: publicUrls?.campaignMonitor ?? null,
    publicOpenConnectorsUrl: publicUrls?.openConnectors ?? null,
    earlierOpenConnectorsUrls: earlierOpenConnectorsUrls(remembered, publicUrl),
    tunnel,
    settings: withoutProxyPassword(settings),
    destinations: forwarder.status(),
    counts: { ...counts, storedBytes: store.bytes, strangers },
    sending,
    answering: parts.answering,
    index: parts.index,
    missingKeys: forwarder.missingKeys,
    clients,
    notices: [...parts.notices, ...failures.map(({ message, next }) => `${message}. ${next}`)],
  };
}

/** Clients don't need the user name and password of a proxy. */
function withoutProxyPassword(settings: Settings): Settings {
  if (settings.proxy === undefined || !URL.canParse(settings.proxy.url)) return settings;
  const url = new URL(settings.proxy.url);
  if (url.username === '' && url.password === '') return settings;
  url.username = maskedValue;
  url.password = '';
  return { ...settings, proxy: { ...settings.proxy, url: url.href } };
}
