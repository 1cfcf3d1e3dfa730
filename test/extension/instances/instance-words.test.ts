import assert from 'node:assert/strict';
import fc from 'fast-check';
import { placedInstance, type PlacedInstance } from '../../../src/extension/instances/instance-node.ts';
import { descriptionOf, flagsOf, shownUrl, spokenOf } from '../../../src/extension/instances/instance-words.ts';
import { factRows } from '../../../src/extension/instances/instance-facts.ts';
import type { Instance } from '../../../src/open-connectors/answers.ts';
import { instance, otherSecret, aroundRelay, secret } from './instances.ts';

function facts(
  host: string,
  changes: Partial<Instance> = {},
  configuration: Record<string, unknown> = {},
): PlacedInstance {
  return placedInstance(instance(changes, configuration), aroundRelay(host));
}

const names = { nameOfList: () => undefined };

describe('the words for an instance', () => {
  it('say whether events are on and where they go', () => {
    assert.equal(descriptionOf(facts('one.example')), 'events on · to this relay');
    assert.equal(descriptionOf(facts('two.example')), 'events on · to an old URL of this machine');
    const away = { 'event.notification.callback.url': 'https://my.example/callback?key=1' };
    assert.equal(descriptionOf(facts('one.example', {}, away)), 'events on · to my.example');
    const nowhere = { 'event.notification.callback.url': '' };
    assert.equal(descriptionOf(facts('one.example', {}, nowhere)), 'events on · no callback');
    const off = { 'event.notification.enabled': 'false', 'event.notification.callback.url': '' };
    assert.equal(descriptionOf(facts('one.example', {}, off)), 'events off');
  });

  it('offer what applies', () => {
    assert.equal(flagsOf(facts('one.example')), ';instance;');
    assert.equal(flagsOf(facts('one.example', { valid: false })), ';instance;invalid;');
    const off = facts('two.example', { disabled: true }, { 'event.notification.enabled': false });
    assert.equal(flagsOf(off), ';instance;notHere;');
  });

  it('tell the facts, and no secret of a callback', () => {
    const rows = factRows(facts('one.example'), Date.parse('2026-03-01T12:00:00Z'), names);
    assert.deepEqual(
      rows.map(({ label, value }) => `${label}: ${value}`),
      [
        'Callback: https://one.example/hooks/********/open-connectors',
        'Lists: 96c0bbdaa54760c8d9e62a2b7ffa2e13',
        'Tags: Docs',
        'Created: 2026-03-01 10:00 UTC (2 h ago)',
        'ID: 50634',
      ],
    );
    const named = factRows(facts('one.example'), 0, { nameOfList: () => 'Newsletter' });
    assert.equal(named.find(({ key }) => key === 'lists')?.value, 'Newsletter (96c0bbdaa54760c8d9e62a2b7ffa2e13)');
    assert.equal(
      shownUrl('https://ada:pass@my.example/a?token=abc&x=1'),
      'https://********@my.example/a?token=********&x=********',
    );
  });

  it('never hold a relay’s secret, whatever the host', () => {
    fc.assert(
      fc.property(fc.domain(), fc.constantFrom(secret, otherSecret), (host, key) => {
        const url = `https://${host}/hooks/${key}/open-connectors`;
        const all = facts('one.example', {}, { 'event.notification.callback.url': url });
        const said = [descriptionOf(all), spokenOf(all), ...factRows(all, 0, names).map(({ value }) => value)].join(
          '\n',
        );
        assert.ok(!said.includes(key));
      }),
    );
  });
});
