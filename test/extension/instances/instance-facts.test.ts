import assert from 'node:assert/strict';
import { factsOf, relationOf } from '../../../src/extension/instances/instance-facts.ts';
import { callbackAt, instance, listId, otherSecret, relayAt } from './instances.ts';

const around = { relay: relayAt('one.example'), managed: false };

describe('the facts of an instance', () => {
  it('are read from the configuration', () => {
    assert.deepEqual(factsOf(instance(), around), {
      id: 50634,
      name: 'API Instance',
      tags: ['Docs'],
      eventsOn: true,
      callbackUrl: callbackAt('one.example'),
      relation: 'this-relay',
      listIds: [listId],
      valid: true,
      disabled: false,
      createdDate: '2026-03-01T10:00:00Z',
      authentication: 'oauth',
      managed: false,
    });
  });

  it('are read from the members beside it where the configuration is silent', () => {
    const facts = factsOf(
      instance(
        { eventsEnabled: true, eventsNotificationCallbackUrl: 'https://other.example/', tags: [''], createdDate: 0 },
        {
          'event.notification.enabled': undefined,
          'event.notification.callback.url': '',
          'events.list.ids': undefined,
        },
      ),
      around,
    );
    assert.equal(facts.eventsOn, true);
    assert.equal(facts.callbackUrl, 'https://other.example/');
    assert.deepEqual(facts.listIds, []);
    assert.deepEqual(facts.tags, []);
    assert.equal(facts.createdDate, '1970-01-01T00:00:00.000Z');
  });

  it('are there for an answer of nothing but the id', () => {
    const facts = factsOf({ id: 7 }, around);
    assert.deepEqual(
      [facts.name, facts.eventsOn, facts.callbackUrl, facts.relation, facts.valid, facts.disabled],
      ['7', false, null, 'none', true, false],
    );
  });

  it('take true and false in every way that the platform writes them', () => {
    for (const [value, expected] of [
      [true, true],
      ['true', true],
      [false, false],
      ['false', false],
    ] as const) {
      assert.equal(factsOf(instance({}, { 'event.notification.enabled': value }), around).eventsOn, expected);
    }
  });

  it('tell an instance with an API key from one with OAuth', () => {
    const basic = instance({}, { 'oauth.api.key': '', 'oauth.api.secret': '', username: '********' });
    assert.equal(factsOf(basic, around).authentication, 'basic');
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
    assert.equal(relationOf(null, relay), 'none');
  });

  it('takes the URL on this machine while there is no public one', () => {
    const local = relayAt(null).local;
    assert.equal(relationOf(local, relayAt(null)), 'this-relay');
    assert.equal(relationOf(local, relayAt('one.example')), 'old-address');
  });

  it('claims nothing while no relay runs', () => {
    assert.equal(relationOf(callbackAt('one.example'), { local: null, public: null }), 'elsewhere');
  });
});
