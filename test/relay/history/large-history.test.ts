import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { stateCodes } from '../../../src/relay/log/database.ts';
import { stateBit } from '../../../src/relay/log/event-states.ts';
import { storeFile } from '../../../src/relay/history/history.ts';
import { startReceiver } from '../receiver.ts';
import { sampleBody, startTestRelay } from '../stage.ts';
import { until } from '../until.ts';

describe('A large history whose text is not indexed', () => {
  it('is received into while it is being indexed, and the status says how far that is', async function () {
    this.timeout(120_000);
    const settings = { destinations: [{ url: (await startReceiver()).url }] };
    const first = await startTestRelay({ settings });
    await first.deliver(sampleBody({ events: 50 }));
    await first.stop();
    const { dataDir } = first;
    enlarge(storeFile(dataDir));
    const relay = await startTestRelay({ dataDir, settings });
    const seen: number[] = [];
    relay.client.on('status/changed', ({ status }) => seen.push(status.index.events));
    const isMade = async (): Promise<boolean> => {
      assert.equal((await relay.deliver(sampleBody({ email: `during${seen.length}@example.org` }))).status, 200);
      const { index } = await relay.client.request('relay/status', {});
      return index.of > 50_000 && index.events === index.of;
    };
    await until(() => seen.some((events) => events > 0));
    assert.equal(await isMade(), false);
    // All events are there at once, and the newest are found by their text, however far it is.
    const query = (filter: string) => relay.client.request('events/query', { filter, limit: 1 });
    assert.match((await query('type:subscribe')).events[0]?.address ?? '', /^during/);
    assert.match((await query('address:during')).events[0]?.address ?? '', /^during/);
    assert.ok((await relay.client.request('events/counts', {})).total > 50_000);
    await until(isMade, 60_000);
    assert.ok(
      seen.some((events) => events > 0 && events < 50_000),
      `it was told on the way: ${seen.join()}`,
    );
  });
});

/** Makes a small history a large one: a thousand deliveries more, of fifty events each. */
function enlarge(file: string): void {
  const db = new DatabaseSync(file);
  db.exec(`
    BEGIN;
    CREATE TEMP TABLE model AS SELECT * FROM deliveries WHERE status = 'accepted' LIMIT 1;
    WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 999)
    INSERT INTO deliveries SELECT 1000 + i, source, status, injected, received_at, http_status, reason, list, signature, content_type,
      body_bytes, truncated, 100000 + i * 50, 50, 50, 100000 + i, 1, edit_of, on_purpose, headers, json, body FROM n, model;
    WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 49999)
    INSERT INTO events (id, delivery_id, kind, received_at, type, address, date, fingerprint, notification_id, flags, state, states, attempts)
      SELECT 100000 + i, 1000 + i / 50, 0, 1760000000000, 'Subscribe', 'a' || i || '@example.org', NULL, 5000000 + i, 100000 + i / 50,
        0, ${stateCodes.sent}, ${stateBit('sent')}, 1 FROM n;
    WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 999)
    INSERT INTO notifications SELECT 100000 + i, 1000 + i, 0, 0, 1, 0, 50, 'id' || i, 1760000000000, (SELECT min(id) FROM render_settings) FROM n;
    WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 999)
    INSERT INTO forwardings (notification_id, destination_id, state, attempts, round_start)
      SELECT 100000 + i, (SELECT min(id) FROM destinations), ${stateCodes.sent}, 1, 0 FROM n;
    UPDATE meta SET value = json_set(value, '$.deliveries', json_extract(value, '$.deliveries') + 1000, '$.events',
      json_extract(value, '$.events') + 50000, '$.sent', json_extract(value, '$.sent') + 1000) WHERE key = 'totals';
    COMMIT`);
  db.close();
}
