import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { z } from 'zod';
import { readPayload, textField, type Payload } from '../../src/campaign-monitor/payload.ts';

const fixture = (name: string): Buffer =>
  readFileSync(join(import.meta.dirname, '../fixtures/campaign-monitor', `${name}.json`));

function events(payload: Payload): Extract<Payload, { kind: 'events' }> {
  if (payload.kind !== 'events') assert.fail(payload.kind === 'rejected' ? payload.reason : payload.kind);
  return payload;
}

function reason(payload: Payload): string {
  if (payload.kind !== 'rejected') assert.fail(payload.kind);
  return payload.reason;
}

const read = (text: string, contentType?: string): Payload => readPayload(Buffer.from(text), contentType);

describe('the body of a Campaign Monitor webhook', () => {
  for (const name of ['subscribe', 'update', 'deactivate', 'subscribe-batch-of-two']) {
    it(`reads the vendor's sample "${name}", its very bytes being the JSON`, () => {
      const bytes = fixture(name);
      const payload = events(readPayload(bytes, 'application/json'));
      const value = JSON.parse(bytes.toString()) as { ListID: string; Events: object[] };
      assert.equal(payload.listId, value.ListID);
      assert.deepEqual(payload.events, value.Events);
      assert.equal(payload.json, bytes);
    });
  }

  it('takes any JSON with events, in order, unknown fields and types kept', () => {
    fc.assert(
      fc.property(
        fc.array(fc.dictionary(fc.string(), fc.jsonValue()), { minLength: 1, maxLength: 60 }),
        fc.option(fc.string()),
        fc.dictionary(fc.string(), fc.jsonValue()),
        fc.constantFrom(undefined, 1, '\t'),
        (list, listId, others, indent) => {
          const text = JSON.stringify({ ...others, ListID: listId, Events: list }, null, indent);
          const payload = events(read(text));
          assert.equal(payload.listId, listId);
          assert.equal(JSON.stringify(payload.events), JSON.stringify(list));
          assert.equal(payload.json.toString(), text);
        },
      ),
    );
  });

  it('never throws, whatever the bytes and the Content-Type', () => {
    const contentType = fc.oneof(
      fc.constant(null),
      fc.string(),
      fc.string().map((name) => `text/xml; charset=${name}`),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), contentType, (bytes, type) => {
        const payload = readPayload(Buffer.from(bytes), type);
        if (payload.kind === 'rejected') assert.match(payload.reason, /^[^\r\n]+$/);
        if (payload.kind === 'events') JSON.parse(payload.json.toString());
      }),
      { numRuns: 500 },
    );
    const pieces = fc.array(
      fc.constantFrom('{', '}', '[', ']', '"Events"', ':', ',', '"a"', '<', '>', '</', '<Events>', '&', ';', '\0', '1'),
    );
    fc.assert(
      fc.property(pieces, (parts) => {
        const payload = read(parts.join(''));
        if (payload.kind === 'rejected') assert.match(payload.reason, /^[^\r\n]+$/);
      }),
      { numRuns: 1000 },
    );
  });

  it('reads by content: JSON under an XML Content-Type, XML under a JSON one', () => {
    assert.equal(events(read('{"ListID":"a","Events":[{"Type":"x"}]}', 'text/xml')).listId, 'a');
    assert.equal(events(read('<r><ListID>b</ListID><Events><Event/></Events></r>', 'application/json')).listId, 'b');
  });

  it('takes an empty body, and an object without Events or with none, for a test call', () => {
    for (const body of [
      '',
      ' \r\n\t',
      '\ufeff',
      '{}',
      '{"Events":[]}',
      '{"Events":null}',
      '{"ListID":"a"}',
      '{"x":1}',
      '<a/>',
      '<a><Events/></a>',
    ]) {
      assert.deepEqual(read(body), { kind: 'test' }, JSON.stringify(body));
    }
  });

  it('says of another shape what is wrong and where', () => {
    assert.match(reason(read('{"Events":[{},{},7]}')), /^Events\[2\]: expected an object, got a number$/);
    assert.match(reason(read('{"Events":[{},null]}')), /^Events\[1\]: expected an object, got null$/);
    assert.match(reason(read('{"Events":[[]]}')), /^Events\[0\]: expected an object, got an array$/);
    assert.match(reason(read('{"Events":{"a":1}}')), /^Events: expected an array, got an object$/);
    assert.match(reason(read('{"ListID":5,"Events":[{}]}')), /^ListID: expected a string, got a number$/);
    for (const [body, kind] of [
      ['[1]', 'an array'],
      ['"text"', 'a string'],
      ['5', 'a number'],
      ['true', 'a boolean'],
      ['null', 'null'],
    ]) {
      assert.equal(reason(read(body!)), `expected an object with "ListID" and "Events", got ${kind!}`);
    }
  });

  it('takes and refuses what a schema of the vendor’s form does, and has a reason for what it refuses', () => {
    const object = z.custom<object>((value) => typeof value === 'object' && value !== null && !Array.isArray(value));
    const form = z.object({ ListID: z.string().nullish(), Events: z.array(object).nullish() });
    const odd = fc.oneof(
      fc.constantFrom<unknown>(null, [], {}, [[]], [{}], [{}, null], [{}, {}], '', 0),
      fc.jsonValue(),
    );
    const named = fc.record(
      { ListID: fc.oneof(fc.string(), odd), Events: fc.oneof(fc.array(odd), odd) },
      { requiredKeys: [] },
    );
    const own = fc.constantFrom('{"__proto__":{"Events":[1]}}', '{"Events":[{"__proto__":null}]}', '{"constructor":1}');
    fc.assert(
      fc.property(
        fc.oneof(
          fc.oneof(named, odd).map((value) => JSON.stringify(value)),
          own,
        ),
        (text) => {
          const payload = read(text);
          const parsed = form.safeParse(JSON.parse(text));
          assert.equal(payload.kind !== 'rejected', parsed.success, text);
          if (payload.kind === 'rejected') assert.match(payload.reason, /expected an? (?:object|array|string)/);
          else if (payload.kind === 'events') assert.deepEqual(payload.events, parsed.data?.Events);
          else assert.equal(parsed.data?.Events?.length ?? 0, 0);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('reads UTF-16 in both orders, with a byte order mark or without', () => {
    const text = '{"ListID":"a","Events":[{"Name":"Zoë 陽子 📚"}]}';
    const little = Buffer.from(text, 'utf16le');
    const big = Buffer.from(little).swap16();
    const variants = [
      little,
      big,
      Buffer.concat([Buffer.from([0xff, 0xfe]), little]),
      Buffer.concat([Buffer.from([0xfe, 0xff]), big]),
    ];
    for (const bytes of variants) assert.equal(events(readPayload(bytes)).json.toString('utf8'), text);
  });

  it('reads a declared character set, and Windows-1252 where none is known', () => {
    const json = Buffer.from('{"ListID":"a","Events":[{"Name":"Zo\xeb \x80"}]}', 'latin1');
    assert.equal(events(readPayload(json)).events[0]?.['Name'], 'Zoë €');
    assert.equal(events(readPayload(json, 'application/json; charset=unheard-of')).events[0]?.['Name'], 'Zoë €');
    assert.equal(events(readPayload(json, 'application/json; charset="ISO-8859-2"')).events[0]?.['Name'], 'Zoë \x80');
    const cyrillic = Buffer.from('{"Events":[{"Name":"\xcf\xcc"}]}', 'latin1');
    assert.equal(events(readPayload(cyrillic, 'application/json;charset=koi8-r')).events[0]?.['Name'], 'ол');
    const xml = Buffer.from(
      '<?xml version="1.0" encoding="iso-8859-1"?><r><Events><Event><Name>Zo\xeb</Name></Event></Events></r>',
      'latin1',
    );
    assert.equal(events(readPayload(xml)).events[0]?.['Name'], 'Zoë');
    assert.equal(events(readPayload(xml)).json.toString(), '{"Events":[{"Name":"Zoë"}]}');
  });

  it('takes the last of a key that repeats, as JSON.parse does, and hands both on', () => {
    const text = '{"ListID":"a","ListID":"b","Events":[{"Type":"x","Type":"y"}]}';
    const payload = events(read(text));
    assert.equal(payload.listId, 'b');
    assert.equal(textField(payload.events[0]!, 'Type'), 'y');
    assert.equal(payload.json.toString(), text);
  });
});

describe('a field of an event as text', () => {
  it('is a string as it is, a number or boolean written out, anything else null', () => {
    const event = { a: 'x', b: 1.5, c: false, d: null, e: [], f: {}, g: '' };
    assert.deepEqual(
      ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((name) => textField(event, name)),
      ['x', '1.5', 'false', null, null, null, '', null],
    );
  });
});
