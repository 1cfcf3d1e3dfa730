import { sameAddress } from '../campaign-monitor/registration.ts';
import { hookUrl, readHookUrl } from '../common/hook-path.ts';
import { nameOfSecret } from '../common/secret-name.ts';
import type { Source } from '../protocol/history.ts';
import type { Status } from '../protocol/status.ts';
import { readRemembered } from '../relay/index.ts';
import { connectIfRunning } from './connection.ts';
import { dataDirOf } from './data-dir.ts';
import { CommandError } from './errors.ts';
import type { CommonOptions } from './flags.ts';

/** `old`: points to a relay of this machine, but not at the running relay's URL. `foreign`: points elsewhere. */
export type UrlMatch = 'current' | 'old' | 'foreign';

export interface OwnAddresses {
  readonly vendor: Source;
  /** Empty if no relay runs. */
  readonly current: readonly string[];
  /** Undefined until the data directory has a secret. */
  readonly secret: string | undefined;
  readonly former: readonly string[];
}

export interface Reachable extends OwnAddresses {
  /** Null if no relay runs. */
  readonly localUrl: string | null;
  /** Null without a tunnel. */
  readonly publicUrl: string | null;
  /** The latest first. */
  readonly earlierUrls: readonly string[];
  readonly toBePublic: string;
}

export function urlsFor(vendor: Source, status: Status): { readonly local: string; readonly public: string | null } {
  return vendor === 'campaign-monitor'
    ? { local: status.campaignMonitorUrl, public: status.publicCampaignMonitorUrl }
    : { local: status.openConnectorsUrl, public: status.publicOpenConnectorsUrl };
}

export function adviceForPublic({ settings, tunnel }: Status, ifOpening = 'Try again in a moment.'): string {
  if (settings.tunnel.kind === 'none')
    return 'Stop the relay, and then start it with a tunnel that cm-relay tunnels lists, such as cm-relay listen --tunnel cloudflared.';
  // A client closed the tunnel: neither a retry nor waiting helps.
  if (tunnel.state === 'closed') return 'Open the public URL in VS Code, or stop the relay, and then start it again.';
  return tunnel.state === 'failed' ? 'Fix the problem, and then run cm-relay retry.' : ifOpening;
}

export async function ownAddresses(options: CommonOptions, vendor: Source = 'campaign-monitor'): Promise<Reachable> {
  const dataDir = dataDirOf(options);
  const remembered = readRemembered(dataDir);
  const { secret, former = [], publicUrls = [] } = remembered ?? {};
  const known = { vendor, secret, former };
  const client = await connectIfRunning(options);
  if (client === undefined) {
    const earlierUrls = secret === undefined ? [] : publicUrls.map((base) => hookUrl(base, secret, vendor));
    return { current: [], ...known, localUrl: null, publicUrl: null, earlierUrls, toBePublic: '' };
  }
  try {
    const status = await client.request('relay/status', {});
    const { local, public: publicUrl } = urlsFor(vendor, status);
    const current = publicUrl === null ? [local] : [publicUrl, local];
    const earlierUrls = vendor === 'open-connectors' ? status.earlierOpenConnectorsUrls : [];
    return { current, ...known, localUrl: local, publicUrl, earlierUrls, toBePublic: adviceForPublic(status) };
  } finally {
    client.close();
  }
}

/** A relay's URL contains a secret in its path, which only this machine knows. */
export function matchUrl(url: string, { vendor, current, secret, former }: OwnAddresses): UrlMatch {
  if (current.some((address) => sameAddress(url, address))) return 'current';
  const path = URL.canParse(url) ? new URL(url).pathname.toLowerCase().replace(/\/$/, '') : '';
  const read = readHookUrl(path);
  if (read?.place !== vendor) return 'foreign';
  return read.secret === secret || former.includes(nameOfSecret(read.secret)) ? 'old' : 'foreign';
}

/** @param isHere whether the vendor can use the local URL @throws CommandError if there is no URL it can reach */
export function urlToGive(own: Reachable, isHere: boolean, vendor: string, flag: string): string {
  const url = own.publicUrl ?? (isHere ? own.localUrl : null);
  if (url !== null) return url;
  const listen = `cm-relay listen${isHere ? '' : ' --tunnel cloudflared'}`;
  throw own.localUrl === null
    ? new CommandError(
        `no relay is running for ${vendor} to post to`,
        `In another terminal, run ${listen}. Or give ${flag}.`,
      )
    : new CommandError(
        `the relay has no public URL, so ${vendor} cannot reach this machine`,
        `${own.toBePublic} Or give ${flag}.`,
      );
}
