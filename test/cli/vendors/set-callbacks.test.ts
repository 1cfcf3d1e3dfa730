import assert from 'node:assert/strict';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rememberSetCallback, setCallbacksOf } from '../../../src/cli/vendors/set-callbacks.ts';
import { checkDataDirectory } from '../../../src/protocol/data-directory.ts';
import { ownDirectory } from '../../relay/afterward.ts';

const host = 'one.example.org';
const url = (id: number): string => `https://${id}.example.org/hook?key=secret`;

describe('Callback URLs that were given to instances', () => {
  it('are remembered by host and instance, the latest first, for their owner alone', () => {
    const dataDir = ownDirectory();
    for (const id of [1, 2, 1]) rememberSetCallback(dataDir, host, 7, url(id));
    assert.deepEqual(setCallbacksOf(dataDir, host, 7), [url(1), url(2)]);
    assert.deepEqual(setCallbacksOf(dataDir, host, 8), []);
    assert.deepEqual(setCallbacksOf(dataDir, 'two.example.org', 7), []);
    assert.equal(statSync(join(dataDir, 'set-callbacks.json')).mode & 0o777, 0o600);
    checkDataDirectory(dataDir);
  });

  it('are bounded, and none where there is no file, or one that cannot be read', () => {
    const dataDir = ownDirectory();
    // Its secret may be replaced, and no file is to have it then.
    const ofRelay = `https://example.org/hooks/${'0'.repeat(32)}/open-connectors`;
    for (const none of ['', 'no URL', `https://example.org/${'x'.repeat(5000)}`, ofRelay]) {
      rememberSetCallback(dataDir, host, 7, none);
    }
    assert.ok(!existsSync(join(dataDir, 'set-callbacks.json')));
    for (let id = 1; id <= 9; id++) rememberSetCallback(dataDir, host, 7, url(id));
    assert.deepEqual(setCallbacksOf(dataDir, host, 7), [9, 8, 7, 6, 5].map(url));
    for (let id = 100; id < 200; id++) rememberSetCallback(dataDir, host, id, url(1));
    assert.deepEqual([setCallbacksOf(dataDir, host, 7), setCallbacksOf(dataDir, host, 199)], [[], [url(1)]]);
    writeFileSync(join(dataDir, 'set-callbacks.json'), '[7]', { mode: 0o600 });
    assert.deepEqual(setCallbacksOf(dataDir, host, 199), []);
  });
});
