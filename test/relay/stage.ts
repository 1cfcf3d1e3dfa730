/** A real relay under test, and the deliveries that it is sent. */
import { sampleDeliveries } from '../../src/campaign-monitor/samples.ts';
import type { WebhookEventType } from '../../src/campaign-monitor/event-types.ts';
import type { Headers } from '../../src/protocol/history.ts';
import type { Result } from '../../src/protocol/methods.ts';
import type { RelayClient } from '../../src/protocol/relay-client.ts';
import type { settingsSchema } from '../../src/protocol/settings.ts';
import { startRelay, type LogEntry, type Relay, type RelayOptions } from '../../src/relay/relay.ts';
import type { z } from 'zod';
import { until } from './until.ts';
import { afterward, temporaryFolder } from './afterward.ts';
import { send, type HttpAnswer } from './requests.ts';

type Settings = Partial<z.input<typeof settingsSchema>>;

export interface TestRelayOptions extends Partial<Omit<RelayOptions, 'settings'>> {
  readonly settings?: Settings;
}

/** A delivery as it is in the store, its body decoded. */
export type StoredDelivery = Omit<Result<'deliveries/get'>, 'body'> & { readonly body: Buffer };

export interface TestRelay {
  readonly relay: Relay;
  readonly client: RelayClient;
  readonly dataDir: string;
  readonly port: number;
  /** 32 hex digits. */
  readonly secret: string;
  readonly campaignMonitorUrl: string;
  readonly openConnectorsUrl: string;
  readonly healthUrl: string;
  /** What it logged. */
  readonly log: readonly LogEntry[];
  /** Posts a body to the vendor's path, as JSON unless the headers say otherwise. */
  deliver(body: string | Uint8Array, headers?: Readonly<Record<string, string>>): Promise<HttpAnswer>;
  /** What the store holds of a delivery; the latest where no id is given. */
  delivery(id?: string): Promise<StoredDelivery>;
  /** The bytes and headers of a notification as it is sent. */
  rendered(id: string, url?: string): Promise<{ readonly headers: Headers; readonly body: Buffer }>;
  /** Resolves when nothing waits any more. */
  drained(deadlineMs?: number): Promise<void>;
  /** Stops it; `startTestRelay({ dataDir })` goes on with the same folder. */
  stop(): Promise<void>;
}

/** A relay in this process: any port, no tunnel, a data directory of its own unless one is given. */
export async function startTestRelay(options: TestRelayOptions = {}): Promise<TestRelay> {
  const dataDir = options.dataDir ?? temporaryFolder();
  const log: LogEntry[] = [];
  const { settings, ...others } = options;
  const relay = await startRelay({
    port: 0,
    ...others,
    dataDir,
    ...(settings !== undefined && { settings }),
    log: (entry) => {
      log.push(entry);
      options.log?.(entry);
    },
  });
  afterward(() => relay.stop());
  const { client } = relay;
  const status = await client.request('relay/status', {});
  const url = new URL(status.campaignMonitorUrl);
  return {
    relay,
    client,
    dataDir,
    port: Number(url.port),
    secret: url.pathname.split('/')[2] ?? '',
    campaignMonitorUrl: status.campaignMonitorUrl,
    openConnectorsUrl: status.openConnectorsUrl,
    healthUrl: status.campaignMonitorUrl.replace(/campaign-monitor$/, 'health'),
    log,
    deliver: (body, headers) =>
      send(status.campaignMonitorUrl, { body, headers: { 'Content-Type': 'application/json', ...headers } }),
    async delivery(id) {
      const known = id ?? (await client.request('events/query', { limit: 1 })).events[0]?.deliveryId;
      if (known === undefined) throw new Error('the store is empty');
      const { body, ...rest } = await client.request('deliveries/get', { id: known });
      return { ...rest, body: Buffer.from(body, 'base64') };
    },
    async rendered(id, to) {
      const { headers, body } = await client.request('notifications/render', {
        id,
        ...(to !== undefined && { url: to }),
      });
      return { headers, body: Buffer.from(body, 'base64') };
    },
    async drained(deadlineMs = 120_000) {
      await until(
        async () => (await client.request('relay/status', {})).counts.waiting === 0,
        deadlineMs,
        'nothing waits',
      );
    },
    stop: () => relay.stop(),
  };
}

/** The JSON of one delivery, the same for the same options. */
export function sampleBody(
  options: {
    /** Events in it; 1 by default. */
    readonly events?: number;
    readonly type?: WebhookEventType;
    readonly list?: string;
    readonly email?: string;
    /** Another seed, other people. */
    readonly seed?: number;
  } = {},
): string {
  const { events = 1, type = 'Subscribe', list, email, seed = 1 } = options;
  const [delivery] = sampleDeliveries({
    types: [type],
    count: 1,
    batch: events,
    seed,
    ...(list !== undefined && { listId: list }),
    ...(email !== undefined && { email }),
  });
  if (delivery === undefined) throw new Error('no sample');
  return delivery.text;
}
