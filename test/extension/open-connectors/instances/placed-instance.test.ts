import assert from 'node:assert/strict';
import { placedInstance, relationOf } from '../../../../src/extension/open-connectors/instances/placed-instance.ts';
import { callbackAt, instance, listId, otherSecret, relayAt } from './instances.ts';

describe('an instance as a window sees it', () => {
  it('has what the platform says, and where its notifications go', () => {
    const placed = placedInstance(instance(), { relay: relayAt('one.example'), managed: true });
    assert.equal(placed.relation, 'this-relay');
    assert.equal(placed.managed, true);
    assert.deepEqual([placed.id, placed.listIds, placed.eventsEnabled], [50634, [listId], true]);
  });

  it('is there for an answer of nothing but the id', () => {
    const { name, relation } = placedInstance({ id: 7 }, { relay: relayAt('one.example'), managed: false });
    assert.deepEqual([name, relation], ['7', 'none']);
  });
});

describe('whether a callback is the relay’s', () => {
  it('is told by the whole URL, or by the secret for an address of before', () => {
    const relay = relayAt('one.example');
    const { pathname } = new URL(callbackAt('one.example'));
    assert.equal(relationOf(callbackAt('one.example'), relay), 'this-relay');
    assert.equal(relationOf(`https://ONE.example:443${pathname}`, relay), 'this-relay');
    assert.equal(relationOf(callbackAt('two.example'), relay), 'old-address');
    assert.equal(relationOf(callbackAt('one.example', otherSecret), relay), 'elsewhere');
    assert.equal(relationOf('https://my.example/callback', relay), 'elsewhere');
    assert.equal(relationOf('no url', relay), 'elsewhere');
    assert.equal(relationOf('', relay), 'none');
  });

  it('takes the URL on this machine while there is no public one', () => {
    const local = relayAt(null).local;
    assert.equal(relationOf(local, relayAt(null)), 'this-relay');
    assert.equal(relationOf(local, relayAt('one.example')), 'old-address');
    // The sandbox goes on reaching it.
    assert.equal(relationOf(local, { ...relayAt('one.example'), localIsReached: true }), 'this-relay');
  });

  it('claims nothing while no relay runs', () => {
    assert.equal(relationOf(callbackAt('one.example'), { local: null, public: null }), 'elsewhere');
  });
});
