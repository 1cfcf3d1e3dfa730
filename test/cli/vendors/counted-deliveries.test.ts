import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CountedDeliveries } from '../../../src/cli/vendors/counted-deliveries.ts';
import { checkDataDirectory } from '../../../src/protocol/data-directory.ts';
import { ownDirectory } from '../../relay/afterwards.ts';

const url = 'https://relay.example.org/hooks/0123456789abcdef0123456789abcdef/open-connectors';
const key = (id: number): { notificationId: string; subscriptionId: string } => ({
  ...{ notificationId: String(id), subscriptionId: '7' },
});

describe('Queued deliveries that were counted', () => {
  it('are remembered by host and URL until they are delivered, without the URL’s secret', () => {
    const dataDir = ownDirectory();
    const file = join(dataDir, 'counted-deliveries.json');
    const counted = new CountedDeliveries(dataDir, 'one.example.org');
    counted.add(url, [], [key(1)]);
    assert.equal(existsSync(file), false);
    counted.add(url, [key(1), key(2)]);
    counted.add(url, [key(2), key(3)]);
    assert.deepEqual(
      counted
        .of(url)
        .map(({ notificationId }) => notificationId)
        .sort(),
      ['1', '2', '3'],
    );
    assert.deepEqual(new CountedDeliveries(dataDir, 'two.example.org').of(url), []);
    assert.deepEqual(counted.of(`${url}/other`), []);
    assert.doesNotMatch(readFileSync(file, 'utf8'), /0123456789abcdef/);
    checkDataDirectory(dataDir);
    counted.add(url, [], [key(1), key(3), key(9)]);
    assert.deepEqual(counted.of(url), [key(2)]);
    counted.add(url, [], [key(2)]);
    assert.equal(existsSync(file), false);
  });

  it('are bounded, and none where the file cannot be read', () => {
    const dataDir = ownDirectory();
    const counted = new CountedDeliveries(dataDir, 'one.example.org');
    counted.add(
      url,
      Array.from({ length: 1500 }, (_, index) => key(index)),
    );
    assert.equal(counted.of(url).length, 1000);
    for (let each = 0; each < 25; each++) counted.add(`${url}/${each}`, [key(1)]);
    assert.deepEqual([counted.of(url).length, counted.of(`${url}/24`).length], [0, 1]);
    writeFileSync(join(dataDir, 'counted-deliveries.json'), '[{"queue":7}]', { mode: 0o600 });
    assert.deepEqual(counted.of(url), []);
  });
});
