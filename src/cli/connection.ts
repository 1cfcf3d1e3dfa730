import { CommandError, UsageError } from './errors.ts';
import { dataDirOf } from './data-dir.ts';
import { hasRelayErrorCode, NoRelayError } from '../protocol/errors.ts';
import { connectToRelay, type RelayClient } from '../protocol/relay-client.ts';
import type { Source } from '../protocol/history.ts';
import type { CommonOptions } from './flags.ts';
import { hookUrl } from '../common/hook-path.ts';
import { maskedValue } from '../common/masking.ts';
import { maskSecrets } from '../export/item.ts';
import { openHistory, readForNextStart, readRemembered } from '../relay/index.ts';

export const defaultPort = 8787;

interface AskOptions extends CommonOptions {
  /** In seconds, for a command that waits. */
  timeout?: number;
}

/** How long a relay may be silent before it is asked for a sign of life. */
const answerTimeoutMs = 5000;
const leastAnswerTimeoutMs = 500;

/** At most half of the command's own timeout. */
function answerTimeoutOf({ timeout }: AskOptions): number {
  return timeout === undefined
    ? answerTimeoutMs
    : Math.min(answerTimeoutMs, Math.max(leastAnswerTimeoutMs, timeout * 500));
}

/** @throws CommandError if no relay runs for the data directory */
export async function withRelay<T>(options: AskOptions, use: (client: RelayClient) => Promise<T>): Promise<T> {
  const client = await connectOrExplain(options);
  try {
    return await use(client);
  } finally {
    client.close();
  }
}

export async function connectIfRunning(options: AskOptions): Promise<RelayClient | undefined> {
  try {
    return await connectToRelay(dataDirOf(options), answerTimeoutOf(options));
  } catch (error) {
    if (!(error instanceof NoRelayError)) throw error;
    return undefined;
  }
}

async function connectOrExplain(options: AskOptions): Promise<RelayClient> {
  const dataDir = dataDirOf(options);
  const client = await connectIfRunning(options);
  if (client !== undefined) return client;
  const listen = 'In another terminal, run cm-relay listen';
  const before = (readForNextStart(dataDir)?.destinations ?? []).map(({ url }) => maskSecrets(url));
  throw new CommandError(
    `no relay is running for ${dataDir}: start one with cm-relay listen`,
    before.length === 0
      ? `${listen} 3000/callback`
      : `${listen}. The relay then forwards to ${before.join(', ')} again.`,
  );
}

/** The history of the running relay, or else of the store, read-only. */
export interface History extends Pick<RelayClient, 'request'> {
  /** Contains the secret, if it is known; without a relay, the URL of the last one. */
  webhookEndpoint(source: Source): string;
}

export async function withHistory<T>(options: AskOptions, use: (history: History) => Promise<T>): Promise<T> {
  const dataDir = dataDirOf(options);
  const relay = await connectIfRunning(options);
  const opened = relay ?? openHistory(dataDir);
  try {
    return await use({
      request: (method, params) => opened.request(method, params),
      webhookEndpoint: relay === undefined ? lastEndpoint(dataDir) : await endpointOf(relay),
    });
  } finally {
    opened.close();
  }
}

export async function deliveryIdOf(history: History, id: string): Promise<string> {
  return id.startsWith('d') ? id : (await history.request('events/get', { id })).delivery.id;
}

async function endpointOf(relay: RelayClient): Promise<History['webhookEndpoint']> {
  const { campaignMonitorUrl, openConnectorsUrl } = await relay.request('relay/status', {});
  return (source) => (source === 'campaign-monitor' ? campaignMonitorUrl : openConnectorsUrl);
}

function lastEndpoint(dataDir: string): History['webhookEndpoint'] {
  const { port, secret } = readRemembered(dataDir) ?? { port: null, secret: maskedValue };
  return (source) => hookUrl(`http://127.0.0.1:${port ?? defaultPort}`, secret, source);
}

export async function withFilter<T>(request: () => Promise<T>): Promise<T> {
  try {
    return await request();
  } catch (error) {
    if (!hasRelayErrorCode(error, 'invalid-params')) throw error;
    throw new UsageError(
      `--filter: ${error.message}`,
      (error as { next?: string }).next ?? 'For example: --filter "type:subscribe state:failed since:2h".',
    );
  }
}
