import assert from 'node:assert/strict';
import { placedInstance, placeOfCallback } from '../../../src/extension/instances/instance-node.ts';
import type { AroundInstance } from '../../../src/extension/instances/instance-node.ts';
import { aroundRelay, callbackAt, instance, listId, otherSecret } from './instances.ts';

describe('an instance as a window sees it', () => {
  it('has what the platform says, and where its notifications go', () => {
    const placed = placedInstance(instance(), aroundRelay('one.example'));
    assert.equal(placed.place, 'current');
    assert.equal(placed.managed, true);
    assert.deepEqual([placed.id, placed.listIds, placed.eventsEnabled], [50634, [listId], true]);
  });
});

describe('whether a callback is the relay’s', () => {
  it('is told by the whole URL, or by the secret for an address of before', () => {
    const around = aroundRelay('one.example');
    const { pathname } = new URL(callbackAt('one.example'));
    assert.equal(placeOfCallback(callbackAt('one.example'), around), 'current');
    assert.equal(placeOfCallback(`https://ONE.example:443${pathname}`, around), 'current');
    assert.equal(placeOfCallback(callbackAt('two.example'), around), 'old');
    assert.equal(placeOfCallback(`${callbackAt('one.example')}/`, around), 'old');
    assert.equal(placeOfCallback(`${callbackAt('two.example')}?x=1`, around), 'old');
    assert.equal(placeOfCallback(callbackAt('one.example', otherSecret), around), 'foreign');
    assert.equal(placeOfCallback('https://my.example/callback', around), 'foreign');
    assert.equal(placeOfCallback('no url', around), 'foreign');
    assert.equal(placeOfCallback('', around), 'none');
  });

  it('is known while no relay runs where it ran in this folder before, and claims nothing else', () => {
    const { urlContext } = aroundRelay('one.example');
    const { own } = urlContext;
    assert.ok(own);
    const known = { relay: own, dataDir: '/here', base: 'https://one.example', localBase: 'http://127.0.0.1:4000' };
    const stopped = (relays: AroundInstance['urlContext']['relays']): AroundInstance => ({
      ...aroundRelay(null),
      urlContext: { ...urlContext, publicUrl: null, localUrl: null, own: relays[0]?.relay, relays },
    });
    for (const url of [callbackAt('one.example'), urlContext.localUrl ?? '']) {
      assert.equal(placeOfCallback(url, stopped([known])), 'stopped');
      assert.equal(placeOfCallback(url, stopped([])), 'foreign');
    }
    assert.equal(placeOfCallback(callbackAt('two.example'), stopped([known])), 'old');
    assert.equal(placeOfCallback(callbackAt('one.example', otherSecret), stopped([known])), 'foreign');
  });
});
