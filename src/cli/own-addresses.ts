/** Where this machine's relay is or was reached, for telling its webhooks from everybody else's. */
import type { OwnAddresses } from '../campaign-monitor/webhook-match.ts';
import { readRemembered } from '../relay/remembered.ts';
import { connectIfRunning } from './connection.ts';
import { dataDirOf } from './data-dir.ts';
import type { CommonOptions } from './flags.ts';

export interface Reachable extends OwnAddresses {
  /** The running relay's URL on this machine; null where none runs. */
  readonly localUrl: string | null;
  /** Its URL through the tunnel; null where there is none. */
  readonly publicUrl: string | null;
}

/** The addresses of the data directory's relay, whether it runs or not. */
export async function ownAddresses(options: CommonOptions): Promise<Reachable> {
  const dataDir = dataDirOf(options);
  const secret = readRemembered(dataDir)?.secret;
  const ours = secret === undefined ? [] : [secret];
  const client = await connectIfRunning(dataDir);
  if (client === undefined) return { current: [], ours, localUrl: null, publicUrl: null };
  try {
    const status = await client.request('relay/status', {});
    const { campaignMonitorUrl: localUrl, publicCampaignMonitorUrl: publicUrl } = status;
    return { current: publicUrl === null ? [localUrl] : [publicUrl, localUrl], ours, localUrl, publicUrl };
  } finally {
    client.close();
  }
}
