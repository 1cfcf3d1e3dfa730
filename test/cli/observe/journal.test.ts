import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ObservationJournal } from '../../../src/cli/observe/journal.ts';
import { DataDirectoryError } from '../../../src/protocol/data-directory.ts';
import { ownDirectory } from '../../relay/afterwards.ts';

const changes = {
  host: 'https://api.createsend.com/api/v3.3',
  listId: '96c0bbdaa54760c8d9e62a2b7ffa2e13',
  urls: ['https://hooks.example.org/hooks/0123456789abcdef0123456789abcdef/observe-json'],
  addresses: ['cm-relay-observe-0123456789-steady@test.example.org'],
  instance: {
    host: 'https://api.openconnectors.example/elements/api-v2',
    id: 50_634,
    own: 'https://hooks.example.org/hooks/0123456789abcdef0123456789abcdef/observe-open-connectors',
    before: { callbackUrl: 'https://mine.example.org/', eventsEnabled: true, listIds: [] },
  },
};

describe('the record of an observation', () => {
  it('keeps what is to be undone, for its user alone, until nothing is', () => {
    const dataDir = ownDirectory();
    const journal = new ObservationJournal(dataDir);
    const file = join(dataDir, 'observation.json');
    assert.equal(journal.read(), null);
    journal.write(changes);
    const read = new ObservationJournal(dataDir).read();
    assert.deepEqual({ ...read, version: undefined }, { ...changes, version: undefined });
    if (process.platform !== 'win32') assert.equal(statSync(file).mode & 0o777, 0o600);
    journal.write({ ...changes, urls: [], addresses: [] });
    assert.ok(existsSync(file));
    journal.write({ ...changes, urls: [], addresses: [], instance: null });
    assert.ok(!existsSync(file));
    assert.equal(journal.read(), null);
  });

  it('is never taken for nothing where it cannot be read', () => {
    const dataDir = ownDirectory();
    const journal = new ObservationJournal(dataDir);
    const file = join(dataDir, 'observation.json');
    const planted = [
      { ...changes, urls: ['https://hooks.example.org/theirs'] },
      { ...changes, urls: [changes.urls[0]?.replace('observe-', '')] },
      { ...changes, addresses: ['ada@example.org'] },
      { ...changes, instance: { ...changes.instance, own: 'https://mine.example.org/' } },
    ].map((note) => JSON.stringify({ ...note, version: 1 }));
    for (const text of [
      ...planted,
      '',
      '{',
      '{"version":2}',
      '[]',
      JSON.stringify({ ...changes, version: 1, urls: [7] }),
    ]) {
      writeFileSync(file, text, { mode: 0o600 });
      assert.throws(
        () => journal.read(),
        (error) => error instanceof DataDirectoryError && /observation\.json cannot be read/.test(error.message),
        text,
      );
      assert.equal(readFileSync(file, 'utf8'), text);
    }
  });
});
