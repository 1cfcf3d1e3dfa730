import assert from 'node:assert/strict';
import { KnownRelays } from '../../../src/extension/session/known-relays.ts';
import { memory } from '../relay/memory.ts';

const localBase = 'http://127.0.0.1:8787';

describe('the relays of this machine', () => {
  let relays: KnownRelays;

  beforeEach(() => {
    relays = new KnownRelays(memory());
  });

  it('remembers where a relay was public last', async () => {
    await relays.know({ relay: 'relay', dataDir: '/one', base: 'https://a.example', localBase });
    await relays.know({ relay: 'another', dataDir: '/two', base: null, localBase });
    await relays.know({ relay: 'relay', dataDir: '/one', base: null, localBase });
    assert.deepEqual(relays.all(), [
      { relay: 'relay', dataDir: '/one', base: 'https://a.example', localBase },
      { relay: 'another', dataDir: '/two', base: null, localBase },
    ]);
  });

  it('knows a relay by the names that it had in its data directory, with other secrets', async () => {
    await relays.know({ relay: 'another', dataDir: '/two', base: null, localBase });
    await relays.know({ relay: 'first', dataDir: '/one', base: 'https://a.example', localBase });
    await relays.know({ relay: 'second', dataDir: '/one', base: null, localBase });
    await relays.know({ relay: 'third', dataDir: '/one', base: null, localBase });
    assert.deepEqual(relays.namesOf('third'), ['third', 'second', 'first']);
    assert.deepEqual(relays.namesOf('another'), ['another']);
    assert.deepEqual(relays.namesOf('unknown'), ['unknown']);
    const before = relays.all();
    assert.deepEqual(
      before.map(({ relay, base }) => [relay, base]),
      [
        ['another', null],
        ['third', 'https://a.example'],
      ],
    );
    await relays.know({ relay: 'third', dataDir: '/one', base: null, localBase });
    assert.deepEqual(relays.all(), before);
  });

  it('takes together what two windows noted of one data directory at once', async () => {
    const kept = ['first', 'second'].map((relay) => ({
      relay,
      dataDir: '/one',
      base: `https://${relay}.example`,
      localBase,
    }));
    relays = new KnownRelays(memory({ 'campaignMonitorRelay.webhooks.relays': kept }));
    await relays.know({ relay: 'second', dataDir: '/one', base: null, localBase });
    assert.deepEqual(relays.namesOf('second'), ['second', 'first']);
    assert.equal(relays.all().length, 1);
  });
});
