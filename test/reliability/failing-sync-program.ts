/** Run under strace by syncs.test.ts, which has one sync fail: says for each delivery whether it was stored. */
import { writeSync } from 'node:fs';
import { Store } from '../../src/relay/log/store.ts';
import { deliveryRecord, renderSettingsId } from '../relay/records.ts';

const [file = ''] = process.argv.slice(2);
const store = new Store(file, { onHealth: (failure) => writeSync(1, `${failure?.advice ?? 'works'}\n`) });
renderSettingsId(store);
for (let i = 0; i < 4; i++) {
  const said = await store.add(deliveryRecord(store)).then(
    () => 'stored',
    (error: unknown) => (error as Error).message,
  );
  writeSync(1, `${said}\n`);
}
writeSync(1, `${store.totals.deliveries} deliveries\n`);
store.close();
