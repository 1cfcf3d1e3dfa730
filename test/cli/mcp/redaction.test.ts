import assert from 'node:assert/strict';
import fc from 'fast-check';
import { frame, Message, Redaction, takeFitting } from '../../../src/cli/mcp/redaction.ts';
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

  it('has marks for addresses in any text, and neither null nor false', () => {
    const redaction = new Redaction(none);
    const redacted = redaction.redact({ reason: 'of jane@example.org', address: 'Jane', a: [{ b: null, c: false }] });
    assert.match(
      JSON.stringify(redacted),
      /^\{"reason":"of address-\w{10}","address":"address-\w{10}","a":\[\{\}\]\}$/,
    );
  });

  it('quotes nothing of a file that is no JSON', () => {
    for (const permissions of [none, all]) {
      let text = '';
      try {
        JSON.parse('root:x:0:0:jane');
      } catch (error) {
        text = `one.cm-scenario.json: ${(error as Error).message}`;
      }
      assert.equal(new Redaction(permissions).redact(text), 'one.cm-scenario.json: not valid JSON');
    }
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
