import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import sax from 'sax';
import type { DeliveryBody, WebhookEvent } from '../../src/campaign-monitor/samples.ts';
import { webhookEventTypes } from '../../src/campaign-monitor/event-types.ts';
import { sampleDeliveries, toXml } from '../../src/campaign-monitor/samples.ts';

const fixtures = new URL('../fixtures/campaign-monitor/', import.meta.url);

/** The fields of each type, as the vendor documents them. */
const fieldsOf = {
  Subscribe: ['CustomFields', 'Date', 'EmailAddress', 'Name', 'SignupIPAddress', 'Type'],
  Update: ['CustomFields', 'Date', 'EmailAddress', 'Name', 'OldEmailAddress', 'State', 'Type'],
  Deactivate: ['CustomFields', 'Date', 'EmailAddress', 'Name', 'State', 'Type'],
} as const;

const optionsArbitrary = fc.record({
  types: fc.uniqueArray(fc.constantFrom(...webhookEventTypes), { minLength: 1 }),
  count: fc.integer({ min: 0, max: 4 }),
  batch: fc.integer({ min: 1, max: 40 }),
  mixed: fc.boolean(),
  seed: fc.integer(),
});

function allEvents(seed: number): WebhookEvent[] {
  return sampleDeliveries({ types: webhookEventTypes, count: 3, batch: 300, seed }).flatMap(({ body }) => body.Events);
}

/** What a reader that goes by element names finds: the path of each element with text, and the text. */
function readXml(text: string): [path: string, text: string][] {
  const parser = sax.parser(true);
  const path: string[] = [];
  const found: [string, string][] = [];
  let content = '';
  parser.onerror = (error) => {
    throw error;
  };
  parser.onopentag = ({ name }) => {
    path.push(name);
    content = '';
  };
  parser.ontext = (piece) => (content += piece);
  parser.onclosetag = (name) => {
    if (['Events', 'Event', 'CustomFields', 'CustomField', 'Webhook'].includes(name)) assert.equal(content, '');
    else found.push([path.slice(1).join('/'), content]);
    path.pop();
    content = '';
  };
  parser.write(text).close();
  return found;
}

function expectedXml(body: DeliveryBody): [string, string][] {
  return [
    ['ListID', body.ListID],
    ...body.Events.flatMap((event) =>
      Object.entries(event as unknown as Record<string, string | { Key: string; Value: string }[]>).flatMap(
        ([name, value]): [string, string][] =>
          typeof value === 'string'
            ? [[`Events/Event/${name}`, value]]
            : value.flatMap((field): [string, string][] => [
                ['Events/Event/CustomFields/CustomField/Key', field.Key],
                ['Events/Event/CustomFields/CustomField/Value', field.Value],
              ]),
      ),
    ),
  ];
}

describe('sample deliveries', () => {
  it('have the documented fields of their type, in documented forms', () => {
    fc.assert(
      fc.property(optionsArbitrary, (options) => {
        const deliveries = sampleDeliveries(options);
        assert.equal(deliveries.length, options.count);
        for (const { body, text } of deliveries) {
          assert.deepEqual(JSON.parse(text), body);
          assert.match(body.ListID, /^[0-9a-f]{32}$/);
          assert.equal(body.Events.length, options.batch);
          for (const event of body.Events) {
            assert.ok(options.types.includes(event.Type));
            assert.deepEqual(Object.keys(event).sort(), fieldsOf[event.Type]);
            assert.match(event.Date, /^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:00$/);
            assert.match(event.EmailAddress, /^[a-z0-9.]+@example\.(?:org|com|net)$/);
            if (event.Type === 'Update') assert.match(event.OldEmailAddress, /^[a-z0-9.]+@example\.(?:org|com|net)$/);
          }
        }
      }),
    );
  });

  it('show every documented peculiarity', () => {
    const events = allEvents(4);
    const subscribes = events.filter((event) => event.Type === 'Subscribe');
    const updates = events.filter((event) => event.Type === 'Update');
    const seen: Record<string, boolean> = {
      'an empty name': events.some((event) => event.Name === ''),
      'no custom fields': events.some((event) => event.CustomFields.length === 0),
      'a repeated key': events.some(
        ({ CustomFields: fields }) => new Set(fields.map((f) => f.Key)).size < fields.length,
      ),
      'an empty value': events.some((event) => event.CustomFields.some((field) => field.Value === '')),
      'a typed-in subscriber': subscribes.some((event) => event.SignupIPAddress === 'TypeManual'),
      'a sign-up address': subscribes.some((event) => event.SignupIPAddress.startsWith('192.0.2.')),
      'an address that changed': updates.some((event) => event.OldEmailAddress !== event.EmailAddress),
      'an address that did not': updates.some((event) => event.OldEmailAddress === event.EmailAddress),
    };
    for (const state of ['Active', 'Unsubscribed', 'Bounced', 'Deleted']) {
      seen[`an update to ${state}`] = updates.some((event) => event.State === state);
    }
    assert.deepEqual(
      Object.entries(seen).filter(([, present]) => !present),
      [],
    );
  });

  it('are of one type each, in turn, unless mixed is asked for', () => {
    const typesOf = (mixed: boolean): string[][] =>
      sampleDeliveries({ types: ['Update', 'Deactivate'], count: 2, batch: 3, mixed }).map(({ body }) =>
        body.Events.map((event) => event.Type),
      );
    assert.deepEqual(typesOf(false), [
      ['Update', 'Update', 'Update'],
      ['Deactivate', 'Deactivate', 'Deactivate'],
    ]);
    assert.deepEqual(typesOf(true), [
      ['Update', 'Deactivate', 'Update'],
      ['Deactivate', 'Update', 'Deactivate'],
    ]);
  });

  it('take the list, the address and the time that are given', () => {
    const now = new Date('2027-03-01T00:10:59Z');
    const [delivery] = sampleDeliveries({
      types: ['Update'],
      count: 1,
      batch: 50,
      listId: 'a'.repeat(32),
      email: 'me@example.org',
      now,
    });
    assert.equal(delivery!.body.ListID, 'a'.repeat(32));
    for (const event of delivery!.body.Events) {
      assert.equal(event.EmailAddress, 'me@example.org');
      assert.ok(event.Type === 'Update' && event.OldEmailAddress === 'me@example.org');
      assert.ok(event.Date <= '2027-03-01 00:10:00' && event.Date >= '2027-02-28 23:10:00');
    }
  });
});

describe('a delivery as XML', () => {
  it('stays well-formed for any text, and keeps what XML can carry', () => {
    const anyText = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: 'grapheme' }),
      fc.string({ unit: fc.constantFrom('<', ']]>', '&', '"', "'", '\r', '\n', '\0', '\ud800', '\uffff') }),
    );
    fc.assert(
      fc.property(anyText, anyText, anyText, (name, key, value) => {
        const event: WebhookEvent = {
          CustomFields: [{ Key: key, Value: value }],
          Date: '2026-01-01 00:00:00',
          EmailAddress: 'a@example.org',
          Name: name,
          State: 'Active',
          Type: 'Deactivate',
        };
        const carried = (text: string): string =>
          // eslint-disable-next-line no-control-regex -- what XML 1.0 forbids
          text.replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|\p{Surrogate}/gu, '\ufffd');
        const read = readXml(toXml({ Events: [event], ListID: 'l' }));
        assert.deepEqual(
          read,
          expectedXml({
            Events: [{ ...event, Name: carried(name), CustomFields: [{ Key: carried(key), Value: carried(value) }] }],
            ListID: 'l',
          }),
        );
      }),
    );
  });
});

describe('the samples that the vendor published', () => {
  for (const name of readdirSync(fixtures)) {
    if (!name.endsWith('.json')) continue;
    it(`${name} has the fields that the generated samples have`, () => {
      const body = JSON.parse(readFileSync(new URL(name, fixtures), 'utf8')) as DeliveryBody;
      for (const event of body.Events) assert.deepEqual(Object.keys(event).sort(), fieldsOf[event.Type]);
    });
  }
});
