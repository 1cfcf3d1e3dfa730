import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openCreations } from '../../../src/cli/vendors/open-creations.ts';
import { DataDirectoryError } from '../../../src/protocol/data-directory.ts';
import { ownDirectory } from '../../relay/afterwards.ts';

describe('Creations whose end is not known', () => {
  const attempt = { host: 'h', name: 'Mine', before: { ids: [1] }, signed: false };
  const newer = [
    { host: 'h', name: 'Mine', before: { ids: [2] }, signed: true, further: 'x' },
    { host: 'h', name: 'Theirs', before: { ids: [3] }, signed: true, further: 'y' },
    { host: 'h', name: 'Other', before: { page: 'z' } },
  ];

  it('stay with what this version does not know of them, and those that it cannot read stay too', async () => {
    const dataDir = ownDirectory();
    const file = join(dataDir, 'open-creations.json');
    writeFileSync(file, JSON.stringify(newer), { mode: 0o600 });
    const memory = openCreations(dataDir, 'h', 'Mine');
    const read = memory.read();
    assert.deepEqual(read, [newer[0]]);
    await memory.write([...read, attempt]);
    assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), [newer[1], newer[2], newer[0], attempt]);
    await memory.write([]);
    assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), [newer[1], newer[2]]);
  });

  it('are left as they are where a newer version keeps them in another form', async () => {
    const dataDir = ownDirectory();
    const file = join(dataDir, 'open-creations.json');
    const text = JSON.stringify({ version: 2, attempts: newer });
    writeFileSync(file, text, { mode: 0o600 });
    const memory = openCreations(dataDir, 'h', 'Mine');
    const refused = (error: unknown): boolean => {
      assert.ok(error instanceof DataDirectoryError);
      assert.match(error.message, /open-creations\.json.* newer version/);
      assert.match(error.next, /Update this program/);
      return true;
    };
    assert.throws(() => memory.read(), refused);
    await assert.rejects(async () => memory.write([attempt]), refused);
    assert.equal(readFileSync(file, 'utf8'), text);
  });
});
