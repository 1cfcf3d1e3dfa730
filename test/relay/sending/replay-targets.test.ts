import assert from 'node:assert/strict';
import fc from 'fast-check';
import { destinationSchema } from '../../../src/protocol/settings.ts';
import { goesTo } from '../../../src/relay/sending/replay-targets.ts';
import { startReceiver } from '../receiver.ts';
import { sampleBody, startTestRelay } from '../stage.ts';

const destination = (filter: { types?: string[]; lists?: string[] }): ReturnType<typeof destinationSchema.parse> =>
  destinationSchema.parse({ url: 'http://127.0.0.1/', ...filter });

describe('where a notification goes', () => {
  it('is everywhere that names neither lists nor types', () => {
    for (const filter of [{}, { types: [], lists: [] }]) {
      assert.equal(goesTo(destination(filter), { list: null, types: [null] }), true);
      assert.equal(goesTo(destination(filter), { list: 'a', types: ['Subscribe', 'New'] }), true);
      assert.equal(goesTo(destination(filter), { list: null, types: [] }), true);
    }
  });

  it('needs the type of one of its events and its list among those named, in any case', () => {
    const to = destination({ types: ['subscribe', 'Update'], lists: ['ABC', 'def'] });
    assert.equal(goesTo(to, { list: 'abc', types: ['Deactivate', 'Subscribe'] }), true);
    assert.equal(goesTo(to, { list: 'DEF', types: ['UPDATE'] }), true);
    assert.equal(goesTo(to, { list: 'abc', types: ['Deactivate', null] }), false);
    assert.equal(goesTo(to, { list: 'abcd', types: ['Subscribe'] }), false);
    assert.equal(goesTo(to, { list: null, types: ['Subscribe'] }), false);
    assert.equal(goesTo(to, { list: 'abc', types: [] }), false);
  });

  it('is decided by lists and types apart, for any', () => {
    const word = fc.constantFrom('a', 'A', 'b', 'c', 'ab');
    const wanted = fc.option(fc.array(word, { maxLength: 3 }), { nil: undefined });
    fc.assert(
      fc.property(
        wanted,
        wanted,
        fc.option(word),
        fc.array(fc.option(word), { maxLength: 3 }),
        (types, lists, list, present) => {
          const fits = (names: string[] | undefined, values: (string | null)[]): boolean =>
            names === undefined ||
            names.length === 0 ||
            values.some((value) => new Set(names.map((name) => name.toLowerCase())).has(value?.toLowerCase() ?? '-'));
          const filter = { ...(types && { types }), ...(lists && { lists }) };
          assert.equal(
            goesTo(destination(filter), { list, types: present }),
            fits(lists, [list]) && fits(types, present),
          );
        },
      ),
    );
  });

  it('holds part by part, a part going whole, in both modes', async () => {
    const receiver = await startReceiver();
    const url = (path: string): string => new URL(path, receiver.url).href;
    const relay = await startTestRelay({
      settings: {
        partSize: 2,
        destinations: [
          { url: url('/all') },
          { url: url('/updates'), types: ['update'] },
          { url: url('/other-list'), lists: ['f'.repeat(32)] },
          { url: url('/raw-updates'), mode: 'raw', types: ['Update'] },
          { url: url('/raw-bounces'), mode: 'raw', types: ['Bounce'] },
        ],
      },
    });
    const types = ['Subscribe', 'Subscribe', 'Subscribe', 'Update', 'Deactivate'];
    const body = JSON.stringify({
      ListID: 'e'.repeat(32),
      Events: types.map((Type) => ({ Type, EmailAddress: Type })),
    });
    assert.equal((await relay.deliver(body)).status, 200);
    assert.equal((await relay.deliver(sampleBody({ list: 'F'.repeat(32) }))).status, 200);
    await receiver.received(7);
    await relay.drained();
    const objects = (path: string): string[][] =>
      receiver.requests
        .filter((request) => request.path === path)
        .map((request) => (request.json() as { message: { events: { eventType: string }[] } }).message.events)
        .map((events) => events.map((event) => event.eventType));
    assert.deepEqual(objects('/all'), [['CREATED', 'CREATED'], ['CREATED', 'UPDATED'], ['DELETED'], ['CREATED']]);
    assert.deepEqual(objects('/updates'), [['CREATED', 'UPDATED']]);
    assert.deepEqual(objects('/other-list'), [['CREATED']]);
    const raw = receiver.requests.filter((request) => request.path.startsWith('/raw'));
    assert.deepEqual(
      raw.map((request) => [request.path, request.text]),
      [['/raw-updates', body]],
    );
  });
});
