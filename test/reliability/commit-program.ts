/** Run under strace by syncs.test.ts: adds to a store, one by one and many at once, and says how many commits it took. */
import { writeSync } from 'node:fs';
import { Store } from '../../src/relay/log/store.ts';
import { deliveryRecord, renderSettingsId } from '../relay/records.ts';

const [file = '', alone = '0', together = '0'] = process.argv.slice(2);
const store = new Store(file);
renderSettingsId(store);
const before = store.commits;
writeSync(1, 'begin\n');
for (let i = 0; i < Number(alone); i++) await store.add(deliveryRecord(store));
await Promise.all(Array.from({ length: Number(together) }, () => store.add(deliveryRecord(store))));
writeSync(1, 'end\n');
writeSync(1, `syncs ${store.commits - before}\n`);
store.close();
