import assert from 'node:assert/strict';
import { folderCounts, withoutFolder } from '../../src/extension/folder-rules.ts';

describe('What a folder may say of the settings', () => {
  it('is anything that redirects nothing; the rest never, or where the user trusts it', () => {
    assert.equal(folderCounts('timeZone', false), true);
    assert.equal(folderCounts('destinations', false), false);
    assert.equal(folderCounts('destinations', true), true);
    assert.equal(folderCounts('tunnel.programs', true), false);
  });

  it('leaves what the user says, over the default', () => {
    assert.equal(withoutFolder({ defaultValue: 1 }), 1);
    assert.equal(withoutFolder({ defaultValue: 1, globalValue: 2 }), 2);
    assert.deepEqual(withoutFolder({ defaultValue: { a: 1, b: 2 }, globalValue: { b: 3 } }), { a: 1, b: 3 });
    assert.deepEqual(withoutFolder({ defaultValue: [1], globalValue: [] }), []);
    assert.equal(withoutFolder({ defaultValue: { a: 1 }, globalValue: 'no object' }), 'no object');
  });
});
