import assert from 'node:assert/strict';
import fc from 'fast-check';
import { frame, Message, Redaction, takeFitting, AddressMask } from '../../../src/cli/mcp/redaction.ts';
import { planted, spellings } from './plantings.ts';

const message = (body: string): Message => new Message([], Buffer.from(body));
const none = { addresses: false, bodies: false };
const bodies = { addresses: false, bodies: true };
const all = { addresses: true, bodies: true };

/** What stands in one of these places of a JSON text, each with its quotes. */
const spelled = fc
  .tuple(fc.constantFrom(...Object.values(spellings)), fc.nat(99_999))
  .map(([spell, n]) => `"${spell(n)}"`);
const field = fc.constantFrom(
  ...['Type', 'Date', 'EmailAddress', 'Name', 'State', 'Key', 'Value', 'ListID', 'eventId', 'id', 'topic', 'objectId'],
  ...['CustomFields', 'CustomField', 'message', 'raw', 'createdDate', 'severity', 'Extra', '@Id', '__proto__'],
);
const value: fc.Arbitrary<string> = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    spelled,
    fc.array(tie('value'), { maxLength: 4 }).map((items) => `[${items.join(',')}]`),
    fc
      .array(
        fc.tuple(
          fc.oneof(
            spelled,
            field.map((name) => `"${name}"`),
          ),
          tie('value'),
        ),
        { maxLength: 5 },
      )
      .map((members) => `{${members.map(([name, item]) => `${name}:${item}`).join(',')}}`),
  ),
})).value;

describe('what an assistant gets', () => {
  it('has no address from a body, wherever and however it is written', () => {
    const redaction = new Redaction(bodies);
    fc.assert(
      fc.property(value, fc.boolean(), (json, isPayload) => {
        const body = isPayload ? `{"Events":[{"X":${json}}]}` : json;
        assert.equal(planted(JSON.stringify(redaction.redact(message(body)))), undefined, body);
      }),
      { numRuns: 1000 },
    );
  });

  it('has a body only if it is allowed, anonymized unless addresses are allowed as well', () => {
    const event = { Type: 'Update', Date: '2026-01-15 09:30:00', EmailAddress: 'jane@example.org', Name: 'Jane Doe' };
    const text = JSON.stringify({ Events: [event] });
    const headers: [string, string][] = [
      ['Content-Type', 'application/json'],
      ['X-Jane', 'Jane Doe'],
    ];
    const request = new Message(headers, Buffer.from(text).toString('base64'));
    const anonymized = [
      ['Content-Type', 'application/json'],
      ['X-Header-1', '********'],
    ];
    assert.deepEqual(new Redaction(none).redact(request), { headers: anonymized, bytes: text.length });
    assert.deepEqual(new Redaction({ ...none, addresses: true }).redact(request), { headers, bytes: text.length });
    const body = JSON.stringify({ Events: [{ ...event, EmailAddress: 'person1@example.org', Name: 'Person 1' }] });
    assert.deepEqual(new Redaction(bodies).redact(request), { headers: anonymized, bytes: text.length, body });
    assert.deepEqual(new Redaction(all).redact(request), { headers, bytes: text.length, body: text });
  });

  // A search that starts again at each word takes minutes.
  for (const piece of ['Unexpected ', 'answered 301, a redirect to '])
    it(`is found soon in a text of only ${JSON.stringify(piece)}`, () => {
      const text = new Redaction(none).redact(piece.repeat(1_000_000 / piece.length)) as string;
      assert.ok(text.startsWith(piece.slice(0, 10)));
    }).timeout(20_000);

  it('is truncated, and reports how much there is', () => {
    const text = `${'x'.repeat(15_000)}${'y'.repeat(15_000)}`;
    const { body } = new Redaction(all).redact(message(text)) as { body: string };
    assert.equal(body, `${'x'.repeat(10_000)}… (10000 characters omitted) …${'y'.repeat(10_000)}`);
    const { fitting, omitted } = takeFitting(Array.from({ length: 1000 }, () => 'x'.repeat(1000)));
    assert.equal(fitting.length + omitted, 1000);
    assert.ok(fitting.length > 190 && fitting.length < 200);
    assert.ok(frame('', { text: 'x'.repeat(300_000) }).length < 201_000);
  });

  it('has secrets masked in URLs and bodies', () => {
    const url = 'https://x.example.org/hooks/0123456789abcdef0123456789abcdef/open-connectors?token=abcdefgh';
    const redacted = new Redaction(all).redact({ url, request: message(JSON.stringify({ url })) });
    const text = frame('Said.', redacted);
    assert.doesNotMatch(text, /0123456789abcdef|abcdefgh/);
    assert.match(text, /^Said\.\nText between the (untrusted-\w{16}) [^\n]*\n<\1>\n[^]*\n<\/\1>$/);
  });
});

describe('addresses in a text for an assistant', () => {
  it('have the same mark if they are the same, and another otherwise', () => {
    const mask = new AddressMask();
    const [jane, joe] = [mask.markOf('jane@example.org'), mask.markOf('joe@example.org')];
    assert.match(jane, /^address-[0-9a-f]{10}$/);
    assert.notEqual(jane, joe);
    assert.equal(mask.markOf(' JANE@Example.ORG'), jane);
    const text = mask.replaceIn('jane@example.org JANE%40Example.ORG, jane\\u0040example.org joe@example.org');
    assert.equal(text, `${jane} ${jane} ${jane} ${joe}`);
    assert.equal(mask.replaceIn('nobody at all'), 'nobody at all');
  });

  it('aren’t findable, however they are written and among whatever', () => {
    const mask = new AddressMask();
    const beside = fc.string({ maxLength: 20, unit: fc.constantFrom(...Array.from('ab "<>,;&%\\u=+{}[]:\n')) });
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.entries(spellings)),
        fc.nat(9999),
        beside,
        beside,
        ([name, spell], n, before, after) => {
          const address = JSON.parse(`"${spell(n)}"`) as string;
          assert.equal(planted(mask.replaceIn(`${before} ${address} ${after}`)), undefined, name);
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('leave IDs and words as they are', () => {
    const mask = new AddressMask();
    for (const text of [
      '96c0bbdaa54760c8d9e62a2b7ffa2e13',
      '5f0c1f9e-6b1b-4b52-9d0b-2b6f0f3b8a51',
      'Subscribe',
      'the body has more than 350000 values',
      'http://127.0.0.1:3000/callback?a=1',
    ])
      assert.equal(mask.replaceIn(text), text);
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9a-f]{32}$/), (id) => {
        assert.equal(mask.replaceIn(id), id);
      }),
      { numRuns: 1000, seed: 1 },
    );
  });

  it('have the same mark in base64, without a dot in the domain, and before a full stop', () => {
    const mask = new AddressMask();
    for (const address of ['jane@example.org', 'x@localhost', 'x@[192.0.2.1]']) {
      const marked = mask.markOf(address);
      for (const before of ['', '<', ':<'])
        for (const text of [`${before}${address}`, Buffer.from(`${before}${address}`).toString('base64')])
          assert.equal(mask.replaceIn(text), marked, text);
      assert.equal(mask.replaceIn(Buffer.from(`to ${address}.`).toString('base64')), marked);
      assert.equal(mask.replaceIn(`Write to ${address}. Or don't.`), `Write to ${marked} Or don't.`);
    }
  });

  // One for each expression. A search that starts again at each character takes minutes.
  for (const piece of ['\\', '\\u{0', '%4', '=4', '&#0', '&#x0', '&am', '"', '" ', ' ', 'QUFB', 'a', '@', '\\@', '['])
    it(`take no longer in a text of only ${JSON.stringify(piece)}, for its length`, () => {
      const mask = new AddressMask();
      const repeated = piece.repeat(131_072 / piece.length);
      for (const text of [`${repeated}@`, `@${repeated}`]) assert.notEqual(mask.replaceIn(text), text);
    }).timeout(10_000);
});
