import assert from 'node:assert/strict';
import { factsOf } from '../../src/open-connectors/instance-facts.ts';

describe('the facts of an instance', () => {
  it('say of themselves what matters, wherever the platform puts it', () => {
    const facts = factsOf({
      id: 7,
      name: 'Mine',
      tags: ['a'],
      eventsEnabled: false,
      eventsNotificationCallbackUrl: 'https://old.example.org/',
      createdDate: '2026-01-15T09:30:00Z',
      configuration: {
        'event.notification.enabled': 'true',
        'event.notification.callback.url': 'https://new.example.org/',
        'events.list.ids': ' a, b ,',
      },
    });
    assert.deepEqual(facts, {
      id: 7,
      name: 'Mine',
      tags: ['a'],
      eventsEnabled: true,
      callbackUrl: 'https://new.example.org/',
      listIds: ['a', 'b'],
      valid: true,
      disabled: false,
      createdAt: Date.UTC(2026, 0, 15, 9, 30),
      authentication: 'oauth',
    });
    assert.deepEqual(
      factsOf({ id: 1, eventsEnabled: true, eventsNotificationCallbackUrl: 'false', createdDate: 'x' }),
      {
        id: 1,
        name: '',
        tags: [],
        eventsEnabled: true,
        callbackUrl: '',
        listIds: [],
        valid: true,
        disabled: false,
        createdAt: null,
        authentication: 'oauth',
      },
    );
  });

  it('take true and false in every way that the platform writes them', () => {
    for (const [value, expected] of [
      [true, true],
      ['true', true],
      ['True', true],
      [false, false],
      ['false', false],
      ['', true],
      [undefined, true],
    ] as const) {
      const instance = { id: 7, eventsEnabled: true, configuration: { 'event.notification.enabled': value } };
      assert.equal(factsOf(instance).eventsEnabled, expected);
    }
  });
});
