/** Run under strace by syncs.test.ts: has the index of a history follow so often that its write-ahead log begins anew. */
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
  await store.add(deliveryRecord(store));
  history.follow(Infinity);
}
writeSync(1, 'end\n');
history.close();
store.close();
