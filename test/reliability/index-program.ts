/** Run under strace by syncs.test.ts: has the indexed text of a history follow so often that its write-ahead log begins anew. */
import { writeSync } from 'node:fs';
import { openHistory, storeFile } from '../../src/relay/history/history.ts';
import { Store } from '../../src/relay/log/store.ts';
import { deliveryRecord } from '../relay/records.ts';

const [dataDir = '', rounds = '0'] = process.argv.slice(2);
const store = new Store(storeFile(dataDir));
await store.add(deliveryRecord(store));
const history = openHistory(dataDir);
history.follow(Infinity);
writeSync(1, 'begin\n');
for (let i = 0; i < Number(rounds); i++) {
  const words = (event: number): string => Array.from({ length: 1000 }, (_, at) => `w${i}x${event}x${at}`).join(' ');
  const Events = [0, 1, 2, 3, 4].map((event) => ({ Type: 'Subscribe', Name: words(event) }));
  await store.add(deliveryRecord(store, { events: 5, body: Buffer.from(JSON.stringify({ Events })) }));
  history.follow(Infinity);
}
writeSync(1, 'end\n');
history.close();
store.close();
