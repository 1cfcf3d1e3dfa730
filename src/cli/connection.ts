import { CommandError, UsageError } from './errors.ts';
import { dataDirOf } from './data-dir.ts';
import { hasRelayErrorCode, NoRelayError } from '../protocol/errors.ts';
import { connectToRelay } from '../protocol/relay-client.ts';
import type { RelayClient } from '../protocol/relay-client.ts';
import type { Source } from '../protocol/history.ts';
import type { CommonOptions } from './flags.ts';
import { hookUrl } from '../common/hook-path.ts';
import { maskedValue } from '../common/masking.ts';
import { maskSecrets } from '../export/item.ts';
import { openHistory, readForNextStart, readRemembered } from '../relay/index.ts';

/** The port of a data directory that remembers none, if it is free. */
export const defaultPort = 8787;

/** What of a command's options says which relay it asks, and how long. */
interface AskOptions extends CommonOptions {
  /** How long a command that waits for something waits, in seconds. */
  timeout?: number;
}

/** How long a relay may say nothing before it is asked for a sign of life, and then again, in milliseconds. */
const answerTimeoutMs = 5000;
/** The same of a command that is given little time. */
const leastAnswerTimeoutMs = 500;

/** A command with a time of its own gives a relay that says nothing no more of it. */
function answerTimeoutOf({ timeout }: AskOptions): number {
  return timeout === undefined
    ? answerTimeoutMs
    : Math.min(answerTimeoutMs, Math.max(leastAnswerTimeoutMs, timeout * 500));
}

/** Runs something with the relay of the data directory, which must run. */
export async function withRelay<T>(options: AskOptions, use: (client: RelayClient) => Promise<T>): Promise<T> {
  const client = await connectOrExplain(options);
  try {
    return await use(client);
  } finally {
    client.close();
  }
}

/** Connects to the relay of the data directory; undefined where none runs. */
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

/** What was received: from the relay where one runs, else from the store, which is only read. */
export interface History extends Pick<RelayClient, 'request'> {
  /** Where a source posts to on this machine; where no relay runs, where the last one was. Holds the secret, if known. */
  webhookEndpoint(source: Source): string;
}

/** Runs something with the history of the data directory, whether a relay runs or not. */
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

/** The delivery that an id means: its own, or that of an event or a notification. */
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

/** Runs a request that takes a filter: one that cannot be read is bad usage of the flag. */
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
