/**
 * Makes the history of this version that later ones are held to be able to open: `node test/relay/freeze-history.ts
 * FOLDER` runs a real relay, and leaves its relay.sqlite in FOLDER. Run once for each published version of the store's
 * schema, into test/fixtures/history-VERSION, and never again.
 */
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sampleDeliveries } from '../../src/campaign-monitor/samples.ts';
import type { WebhookEventType } from '../../src/campaign-monitor/event-types.ts';
import { storeFile } from '../../src/relay/history/history.ts';
import { startRelay } from '../../src/relay/relay.ts';
import { until } from './until.ts';

/** What a callback answers, by whose event it is; else 200. */
const answers: Readonly<Record<string, number>> = { 'failed@': 404, 'waiting@': 503 };

async function freeze(folder: string): Promise<void> {
  const callback = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    request.on('end', () => {
      const status = Object.entries(answers).find(([name]) => text.includes(name))?.[1] ?? 200;
      response.writeHead(status, { 'Content-Type': 'text/plain' }).end(`answered ${status}`);
    });
  });
  await once(callback.listen(0, '127.0.0.1'), 'listening');
  const url = `http://127.0.0.1:${(callback.address() as AddressInfo).port}/`;
  const dataDir = mkdtempSync(join(tmpdir(), 'cmr-'));
  const relay = await startRelay({
    ...{ dataDir, port: 0 },
    settings: {
      destinations: [
        { id: 'open', url, types: ['Subscribe'] },
        { id: 'keyed', url, types: ['Update'], signatureKeyName: 'signing' },
        { id: 'refused', url, types: ['Deactivate'], held: 'not agreed to' },
        { id: 'bytes', url, mode: 'raw', types: ['Subscribe'], lists: ['f'.repeat(32)] },
      ],
    },
  });
  const { client } = relay;
  const { campaignMonitorUrl } = await client.request('relay/status', {});
  const deliver = async (name: string, type: WebhookEventType = 'Subscribe', batch = 1, list?: string) => {
    const email = `${name}@example.org`;
    const of = {
      types: [type],
      count: 1,
      batch,
      seed: name.length,
      email,
      ...(list !== undefined && { listId: list }),
    };
    const [sample] = sampleDeliveries(of);
    const headers = { 'Content-Type': 'application/json' };
    await fetch(campaignMonitorUrl, { method: 'POST', headers, body: sample?.text ?? '' });
  };
  const counts = async () => (await client.request('relay/status', {})).counts;

  await deliver('sent');
  await deliver('failed');
  await deliver('batch', 'Subscribe', 3, 'f'.repeat(32));
  await deliver('keyless', 'Update');
  await deliver('refused', 'Deactivate');
  await fetch(campaignMonitorUrl, { method: 'POST', body: 'no json' });
  await until(async () => (await counts()).sent === 3 && (await counts()).failed === 1);
  const stops = new Promise((resolve) => client.on('debug/stopped', resolve));
  const condition = 'address:stopped';
  await client.request('debug/breakpoints', { owner: 'terminal', add: [{ at: 'event', condition }] });
  await client.request('debug/breakpoints', { owner: 'session', set: [{ at: 'rejected' }] });
  await deliver('stopped');
  await stops;
  await deliver('held');
  await deliver('dropped');
  await deliver('waiting');
  const idOf = async (name: string): Promise<string> => {
    const { events } = await client.request('events/query', { filter: `address:${name}` });
    return events[0]?.notificationId ?? '';
  };
  await client.request('debug/drop', { id: await idOf('dropped') });
  const tried = new Promise((resolve) => client.on('attempt/recorded', resolve));
  await client.request('debug/step', { id: await idOf('waiting') });
  await tried;
  await relay.stop();
  callback.close();
  mkdirSync(folder, { recursive: true });
  copyFileSync(storeFile(dataDir), join(folder, 'relay.sqlite'));
  rmSync(dataDir, { recursive: true });
}

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('into which folder?');
await freeze(folder);
