import assert from 'node:assert/strict';
import fc from 'fast-check';
import { countRuns } from '../long.ts';
import { anonymize, type AnonymizedCapture } from '../../src/campaign-monitor/anonymize.ts';
import type { Json } from '../../src/campaign-monitor/anonymize/json.ts';

const nobody: [string, string][] = [];

function one(body: unknown, headers = nobody): AnonymizedCapture {
  const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  const [capture] = anonymize([{ headers, body: bytes }]);
  assert.ok(capture);
  return capture;
}

const update = {
  ListID: '96c0bbdaa54760c8d9e62a2b7ffa2e13',
  Events: [
    {
      Type: 'Update',
      Date: '2026-01-15 09:30:00',
      OldEmailAddress: 'jane@example.com',
      EmailAddress: 'jane@example.com',
      Name: 'Jane Müller',
      SignupIPAddress: '53.78.123.243',
      State: 'Active',
      CustomFields: [
        { Key: 'website', Value: 'http://jane.example.com/me' },
        { Key: 'interests', Value: 'Poetry' },
        { Key: 'interests', Value: 'History' },
        { Key: '[age]', Value: '42' },
        { Key: 'birthday', Value: '1979-02-12' },
        { Key: 'empty', Value: '' },
      ],
    },
  ],
};

describe('anonymizing', () => {
  it('replaces what is personal and keeps what says how the vendor works', () => {
    assert.deepEqual(one(update).body, {
      ListID: '00000000000000000000000000000001',
      Events: [
        {
          Type: 'Update',
          Date: '2026-01-15 09:30:00',
          OldEmailAddress: 'person1@example.org',
          EmailAddress: 'person1@example.org',
          Name: 'Persön 1',
          SignupIPAddress: '192.0.2.1',
          State: 'Active',
          CustomFields: [
            { Key: 'Field 1', Value: 'https://example.org/1' },
            { Key: 'Field 2', Value: 'Value 1' },
            { Key: 'Field 2', Value: 'Value 2' },
            { Key: '[Field3]', Value: '1' },
            { Key: 'Field 4', Value: '2000-01-01' },
            { Key: 'Field 5', Value: '' },
          ],
        },
      ],
    });
  });

  it('shows whether two addresses differ, within one export', () => {
    const moved = { ...update, Events: [{ ...update.Events[0], EmailAddress: 'jane@example.net' }] };
    const [first, second] = anonymize(
      [update, moved].map((body) => ({ headers: [], body: Buffer.from(JSON.stringify(body)) })),
    );
    const addresses = [first, second].map((capture) => {
      const [event] = (capture!.body as typeof update).Events;
      return [event?.OldEmailAddress, event?.EmailAddress];
    });
    assert.deepEqual(addresses, [
      ['person1@example.org', 'person1@example.org'],
      ['person1@example.org', 'person2@example.org'],
    ]);
  });

  it('keeps what the vendor writes in place of an address, and unknown words of its vocabulary', () => {
    const { body } = one({ Events: [{ Type: 'Bounce', State: 'Unconfirmed', SignupIPAddress: 'TypeManual' }] });
    assert.deepEqual(body, { Events: [{ Type: 'Bounce', State: 'Unconfirmed', SignupIPAddress: 'TypeManual' }] });
  });

  it('replaces values of unknown fields by ones of the same kind', () => {
    const { body } = one({
      Subscriber: {
        Id: 4711,
        Score: -0.25,
        Vip: true,
        Note: null,
        Zero: 0,
        Tags: ['a b', 'c d'],
        Guid: '0f8fad5b-d9cb-469f-a165-70867728950e',
      },
      V6: 'fe80::1',
    });
    assert.deepEqual(body, {
      Subscriber: {
        Id: 1,
        Score: -2.5,
        Vip: true,
        Note: null,
        Zero: 0,
        Tags: ['Text 1', 'Text 2'],
        Guid: '00000000-0000-4000-8000-000000000001',
      },
      V6: '2001:db8::1',
    });
  });

  it('treats a notification of the platform the same way, the body in its text included', () => {
    const { body } = one({
      severity: 'medium',
      createdDate: 'Fri Feb 21 16:43:41 UTC 2020',
      topic: 'instance-4711-campaignmonitor-events',
      user: 'notifications@cloud-elements.com',
      message: {
        instanceId: 4711,
        instanceName: 'Jane’s shop',
        raw: JSON.stringify({ Events: [{ EmailAddress: 'jane@example.com' }] }),
        events: [
          { eventType: 'CREATED', objectType: 'contacts', objectId: 'jane@example.com', date: '2026-01-15T09:30:00Z' },
        ],
      },
    });
    assert.deepEqual(body, {
      severity: 'medium',
      createdDate: 'Fri Feb 21 16:43:41 UTC 2020',
      topic: 'instance-1-campaignmonitor-events',
      user: 'notifications@cloud-elements.com',
      message: {
        instanceId: 1,
        instanceName: 'Tëxt 1',
        raw: '{"Events":[{"EmailAddress":"person1@example.org"}]}',
        events: [
          {
            eventType: 'CREATED',
            objectType: 'contacts',
            objectId: 'person1@example.org',
            date: '2026-01-15T09:30:00Z',
          },
        ],
      },
    });
  });

  it('keeps the structure of XML, which the vendor does not document', () => {
    const { format, body } = one(
      `<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE x><!-- for Jane -->\n<Webhook xmlns="http://api.createsend.com/" xmlns:i="http://www.w3.org/2001/XMLSchema-instance">` +
        `\n  <ListID>96c0bbdaa54760c8d9e62a2b7ffa2e13</ListID><Events><Event Id="77"><Type>Subscribe</Type>` +
        `<Date>2026-01-15 09:30:00</Date><Name i:nil="true"/><Name><![CDATA[Jane & <Co>]]></Name>` +
        `<EmailAddress>jane&#64;example.com</EmailAddress><CustomFields><CustomField><Key>Type</Key><Value>a &amp; b</Value>` +
        `</CustomField></CustomFields></Event></Events></Webhook>`,
    );
    assert.equal(format, 'xml');
    assert.equal(
      body,
      `<?xml version="1.0" encoding="utf-8"?>\n<!-- document type removed --><!-- comment removed -->\n<Webhook xmlns="http://api.createsend.com/" xmlns:i="http://www.w3.org/2001/XMLSchema-instance">` +
        `\n  <ListID>00000000000000000000000000000001</ListID><Events><Event Id="1"><Type>Subscribe</Type>` +
        `<Date>2026-01-15 09:30:00</Date><Name i:nil="true"/><Name><![CDATA[Person 1]]></Name>` +
        `<EmailAddress>person1@example.org</EmailAddress><CustomFields><CustomField><Key>Field 1</Key><Value>Value 1</Value>` +
        `</CustomField></CustomFields></Event></Events></Webhook>`,
    );
  });

  it('keeps of what is nested too deeply only the punctuation', () => {
    const json = `${'{"Name":["Ada",'.repeat(100_000)}1${']}'.repeat(100_000)}`;
    const xml = `${'<Name>Ada'.repeat(100_000)}${'</Name>'.repeat(100_000)}`;
    const embedded = JSON.stringify({ raw: `${'['.repeat(100_000)}"Ada"${']'.repeat(100_000)}` });
    const [first, second, third] = anonymize(
      [json, xml, embedded].map((text) => ({ headers: [], body: Buffer.from(text) })),
    );
    assert.deepEqual([first?.format, second?.format, third?.format], ['text', 'text', 'json']);
    for (const each of [first, second, third]) assert.doesNotMatch(JSON.stringify(each), /Ada/);
  });

  it('keeps of the headers those that tell about the vendor, and masks the others', () => {
    const headers: [string, string][] = [
      ['User-Agent', 'CM/1.0'],
      ['content-type', 'application/json; charset=utf-8'],
      ['Accept', 'jane@example.com'],
      ['X-Forwarded-For', '203.0.113.77'],
      ['Authorization', 'Basic x'],
    ];
    assert.deepEqual(one(update, headers).headers, [
      ['User-Agent', 'CM/1.0'],
      ['content-type', 'application/json; charset=utf-8'],
      ['Accept', '********'],
      ['X-Forwarded-For', '********'],
      ['Authorization', '********'],
    ]);
  });

  it('never makes a replacement that is an original', () => {
    const { body } = one({ A: 'person1@example.org', B: 'a@b', C: 'Text 1', D: 'x y' });
    assert.deepEqual(body, { A: 'person2@example.org', B: 'person3@example.org', C: 'Text 2', D: 'Text 3' });
  });
});

describe('anonymizing any delivery', () => {
  // What a fixture says by itself; a value that is part of it cannot be told from one that was let through.
  const vocabulary = [
    'ListID Events Type Date EmailAddress OldEmailAddress Name SignupIPAddress State CustomFields Key Value Extra Event Webhook',
    'Subscribe Update Deactivate Active Unsubscribed Bounced Deleted TypeManual 2026-01-15 09:30:00 TypeManual true false null',
    'Person Persön Field Fiëld Välue Text Tëxt Word Wörd https://example.org/ person example.org 192.0.2. 2001:db8:: 2000-01-',
    '0'.repeat(64),
    '********',
    JSON.stringify('"'.repeat(10)),
    // Short addresses are part of those that stand for addresses.
    ...Array.from({ length: 256 }, (_each, n) => `2001:db8::${n.toString(16)} 192.0.2.${n} 198.51.100.${n}`),
  ]
    .join(' ')
    .toLowerCase();
  const distinct = (text: string): boolean => text.length < 4 || !vocabulary.includes(text.toLowerCase());

  const personal = fc
    .oneof(
      fc.string({ unit: 'grapheme', maxLength: 30 }),
      fc.emailAddress(),
      fc.webUrl(),
      fc.ipV4(),
      fc.ipV6(),
      fc.uuid(),
      fc.constantFrom(
        'Jane Doe',
        'O’Brien',
        '1979-02-12',
        '+49 30 123456',
        '31415926',
        'Straße 7',
        '{"mail":"jane@x.example"}',
      ),
    )
    .filter(distinct);
  const hex = fc.stringMatching(/^[0-9a-f]{32}$/).filter(distinct);
  const event = fc.record(
    {
      Type: fc.constantFrom('Subscribe', 'Update', 'Deactivate'),
      Date: fc.constant('2026-01-15 09:30:00'),
      EmailAddress: fc.emailAddress().filter(distinct),
      OldEmailAddress: fc.emailAddress().filter(distinct),
      Name: personal,
      SignupIPAddress: fc.oneof(fc.ipV4().filter(distinct), fc.ipV6().filter(distinct), fc.constant('TypeManual')),
      State: fc.constantFrom('Active', 'Unsubscribed', 'Bounced', 'Deleted'),
      CustomFields: fc.array(fc.record({ Key: personal, Value: personal }), { maxLength: 5 }),
      Extra: fc.oneof(personal, fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.array(personal)),
    },
    { requiredKeys: ['Type', 'EmailAddress'] },
  );
  const delivery = fc.record({ ListID: hex, Events: fc.array(event, { maxLength: 8 }) });

  const kept = new Set([
    'Subscribe',
    'Update',
    'Deactivate',
    'Active',
    'Unsubscribed',
    'Bounced',
    'Deleted',
    'TypeManual',
    '2026-01-15 09:30:00',
  ]);
  function strings(value: Json): string[] {
    if (typeof value === 'string') return [value];
    if (typeof value !== 'object' || value === null) return [];
    return Object.values(value).flatMap((each: Json) => strings(each));
  }
  function originals(value: Json): string[] {
    return strings(value).filter((text) => text.trim().length >= 4 && !kept.has(text));
  }
  function shape(value: Json): Json {
    if (Array.isArray(value)) return value.map(shape);
    if (typeof value !== 'object' || value === null) return typeof value;
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, shape(each)]));
  }

  it('lets no original value through and keeps the structure', () => {
    fc.assert(
      fc.property(fc.array(delivery, { minLength: 1, maxLength: 3 }), (deliveries) => {
        const found = anonymize(
          deliveries.map((each) => ({ headers: [['X-Any', 'x']], body: Buffer.from(JSON.stringify(each)) })),
        );
        const values = found.map(({ body }) => strings(body).join('\n')).join('\n');
        for (const original of deliveries.flatMap((each) => originals(each as Json))) {
          assert.ok(!values.includes(original), `${original} in ${values}`);
        }
        assert.deepEqual(
          found.map(({ body }) => shape(body)),
          deliveries.map((each) => shape(each as Json)),
        );
      }),
      { numRuns: countRuns(300) },
    );
  });

  it('lets none through in XML either', () => {
    const escape = (text: string): string =>
      text
        .replace(/[^\t\n\x20-\ud7ff\ue000-\ufffd]/g, '')
        .replaceAll('&', '&amp;')
        .replaceAll('<', '&lt;')
        .replaceAll('>', '&gt;');
    fc.assert(
      fc.property(event, hex, (each, list) => {
        const fields = Object.entries(each).map(([name, value]) => {
          const text =
            typeof value === 'object'
              ? strings(value as Json)
                  .map((v) => `<Value>${escape(v)}</Value>`)
                  .join('')
              : escape(String(value));
          return `<${name}>${text}</${name}>`;
        });
        const { format, body } = one(`<Webhook><ListID>${list}</ListID><Event>${fields.join('')}</Event></Webhook>`);
        assert.equal(format, 'xml');
        for (const original of [list, ...originals(each as Json)]
          .map(escape)
          .filter((text) => text.trim().length >= 4 && distinct(text))) {
          assert.ok(!(body as string).includes(original), `${original} in ${body as string}`);
        }
      }),
      { numRuns: countRuns(300) },
    );
  });
});
