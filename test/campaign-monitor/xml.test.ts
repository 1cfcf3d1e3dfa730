import assert from 'node:assert/strict';
import fc from 'fast-check';
import { countRuns } from '../long.ts';
import { toXml, type DeliveryBody, type WebhookEvent } from '../../src/campaign-monitor/samples.ts';
import { readXml } from '../../src/campaign-monitor/xml.ts';

function value(text: string): Record<string, unknown> {
  const reading = readXml(text);
  if (reading.kind !== 'read') assert.fail(reading.reason);
  return reading.value;
}

function malformed(text: string): string {
  const reading = readXml(text);
  if (reading.kind !== 'malformed') assert.fail(JSON.stringify(reading));
  return reading.reason;
}

/** Text that XML 1.0 can carry, carriage returns aside, which every reader changes. */
const text = fc
  .string({
    unit: fc.oneof(
      fc.constantFrom('<', '&', '>', '"', "'", ']]>', ' ', '\t', '\n', 'é', '📚'),
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
    ),
  })
  .filter((sample) => !/(?![\t\n])\p{Cc}|\p{Cs}|[\ufffe\uffff]/u.test(sample));

const event = fc.record({
  Type: fc.oneof(fc.constantFrom('Subscribe', 'Update', 'Deactivate'), text),
  Date: fc.constantFrom('2026-03-01 10:20:00', ''),
  EmailAddress: text,
  Name: text,
  State: text,
  CustomFields: fc.array(fc.record({ Key: text, Value: text }), { maxLength: 4 }),
});

describe('an XML delivery', () => {
  it('reads back the same as the JSON, for any events', () => {
    fc.assert(
      fc.property(
        fc.array(event, { minLength: 1, maxLength: 8 }),
        fc.stringMatching(/^[0-9a-f]{32}$/),
        (events, list) => {
          const body: DeliveryBody = { Events: events as unknown as WebhookEvent[], ListID: list };
          assert.equal(JSON.stringify(value(toXml(body))), JSON.stringify({ ListID: list, Events: events }));
        },
      ),
    );
  });

  it('is read by element names, wherever its root is and under any namespace', () => {
    const inner = '<ListID> abc </ListID><Events><Event><Type>Update</Type></Event></Events>';
    const expected = { ListID: 'abc', Events: [{ Type: 'Update' }] };
    assert.deepEqual(value(`<x>${inner}</x>`), expected);
    assert.deepEqual(value(`<?xml version="1.0"?><a><b><c>${inner}</c></b></a>`), expected);
    assert.deepEqual(value(`<w:a xmlns:w="urn:x">${inner.replace(/<(\/?)/g, '<$1w:')}</w:a>`), expected);
    assert.deepEqual(
      value('<soap><ListID>abc</ListID><d><Events><Event><Type>Update</Type></Event></Events></d></soap>'),
      expected,
    );
  });

  it('loses no event where Events repeats, is nested, or names its entries otherwise', () => {
    const types = (xml: string): unknown[] => (value(xml)['Events'] as { Type: string }[]).map((each) => each.Type);
    assert.deepEqual(
      types('<r><Events><Event><Type>1</Type></Event></Events><Events><Event><Type>2</Type></Event></Events></r>'),
      ['1', '2'],
    );
    assert.deepEqual(
      types('<r><Events><g><Event><Type>1</Type></Event></g><Event><Type>2</Type></Event></Events></r>'),
      ['1', '2'],
    );
    assert.deepEqual(
      types(
        '<r><Events><SubscribeEvent><Type>1</Type></SubscribeEvent><UpdateEvent><Type>2</Type></UpdateEvent></Events></r>',
      ),
      ['1', '2'],
    );
  });

  it('loses no custom field where the list repeats or names its entries otherwise', () => {
    const fields = (xml: string): unknown =>
      (value(`<r><Events><Event>${xml}</Event></Events></r>`)['Events'] as Record<string, unknown>[])[0]?.[
        'CustomFields'
      ];
    const pair = (key: string, name = 'CustomField'): string => `<${name}><Key>${key}</Key><Value>v</Value></${name}>`;
    const both = [
      { Key: 'a', Value: 'v' },
      { Key: 'a', Value: 'v' },
    ];
    assert.deepEqual(fields(`<CustomFields>${pair('a')}${pair('a')}</CustomFields>`), both);
    assert.deepEqual(
      fields(`<CustomFields>${pair('a')}</CustomFields><CustomFields>${pair('a')}</CustomFields>`),
      both,
    );
    assert.deepEqual(fields(`<CustomFields>${pair('a', 'Field')}${pair('a', 'Field')}</CustomFields>`), both);
    assert.deepEqual(fields('<CustomFields><a>v</a><a>v</a></CustomFields>'), both);
    assert.deepEqual(fields('<CustomFields/>'), []);
    assert.deepEqual(fields('<CustomFields><CustomField id="7">t</CustomField></CustomFields>'), [
      { '#text': 't', '@id': '7' },
    ]);
  });

  it('keeps unknown elements and attributes, repeated names as arrays, nil as null', () => {
    const xml =
      '<r v="2"><New>n</New><ListID>l</ListID><Events total="1"><Count>1</Count><Event id="e"><Tag>1</Tag><Tag>2</Tag><Tag>3</Tag>' +
      '<Deep lang="de"><A>x</A>mixed</Deep><None xsi:nil="true"/><__proto__>p</__proto__></Event></Events></r>';
    const read = value(xml);
    assert.equal(
      JSON.stringify(read),
      '{"ListID":"l","@v":"2","Events":[{"@id":"e","Tag":["1","2","3"],"Deep@lang":"de","Deep":{"A":"x","#text":"mixed"},"None":null,"__proto__":"p"}],"Events@total":"1","New":"n","Count":"1"}',
    );
  });

  it('resolves the five predefined entities and character references, and CDATA', () => {
    const read = value(
      '<r><Events><Event><Name>&lt;&gt;&amp;&quot;&apos;&#233;&#x1F4DA;<![CDATA[<b>&x;]]></Name></Event></Events></r>',
    );
    assert.deepEqual(read['Events'], [{ Name: `<>&"'é📚<b>&x;` }]);
  });

  it("resolves no entity of the document's own and nothing outside it", () => {
    const event = (reference: string): string => `<r><Events><Event><Name>${reference}</Name></Event></Events></r>`;
    assert.match(malformed(`<!DOCTYPE r [<!ENTITY x "y">]>${event('&x;')}`), /entity/i);
    assert.match(malformed(`<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>${event('&x;')}`), /entity/i);
    assert.match(malformed(event('&nbsp;')), /entity/i);
    const laughs = Array.from({ length: 20 }, (_, i) => `<!ENTITY l${i + 1} "${`&l${i};`.repeat(10)}">`).join('');
    assert.match(malformed(`<!DOCTYPE r [<!ENTITY l0 "ha">${laughs}]>${event('&l20;')}`), /entity/i);
    // A document type that nothing refers to does no harm.
    const read = value(
      `<!DOCTYPE r SYSTEM "http://127.0.0.1:1/x.dtd" [<!ENTITY % p SYSTEM "http://127.0.0.1:1/y">%p;]>${event('n')}`,
    );
    assert.deepEqual(read['Events'], [{ Name: 'n' }]);
  });

  it('refuses what is not well-formed, and says where', () => {
    for (const xml of [
      '<a>',
      '<a></b>',
      '<a><b></a></b>',
      '<a/><b/>',
      '<a x=1/>',
      '<a>&</a>',
      '<',
      '<!-- x',
      '<a><![CDATA[x</a>',
    ]) {
      assert.match(malformed(xml), /\(line \d+, column \d+\)$|no element/, xml);
    }
    assert.match(malformed('<a>\n<b>\n</c></a>'), /line 3/);
  });

  it('refuses elements nested deeper than 64, without a stack overflow', () => {
    assert.match(malformed('<a>'.repeat(200_000)), /nested deeper than 64/);
    assert.match(malformed(`${'<a>'.repeat(65)}${'</a>'.repeat(65)}`), /nested deeper than 64/);
    value(`${'<a>'.repeat(60)}${'</a>'.repeat(60)}`);
  });

  it('stops at the thousandth name of an element or attribute, wherever they stand', () => {
    const names = (count: number, name: (index: number) => string): string =>
      Array.from({ length: count }, (_, index) => name(index)).join('');
    const within = (inside: string): string => `<r><Events><Event>${inside}</Event></Events></r>`;
    assert.equal(readXml(within(names(997, (index) => `<a${index}/>`))).kind, 'read');
    for (const text of [
      within(names(998, (index) => `<a${index}/>`)),
      within(`<a ${names(1000, (index) => ` a${index}=""`)}/>`),
      `<r>${names(40, (part) => `<Events>${names(40, (index) => `<a${part}_${index}/>`)}</Events>`)}</r>`,
      within(names(40, (element) => `<a${element}${names(40, (index) => ` a${index}=""`)}/>`)),
    ]) {
      // What comes later is not looked at.
      const reading = readXml(text + ' '.repeat(65_536) + '<'.repeat(1000));
      assert.equal(reading.kind, 'tooManyNames');
      assert.match(reading.reason, /^more than 1000 names of elements and attributes \(line 1, column \d+\)$/);
    }
  });

  it('never throws, whatever the text', () => {
    const pieces = fc.array(
      fc.constantFrom(
        '<',
        '>',
        '/',
        '</',
        '<a',
        '<Events>',
        '</Events>',
        '<Event>',
        '=',
        '"',
        "'",
        '&',
        ';',
        '&#',
        'x',
        '!',
        '[',
        ']]>',
        '<!DOCTYPE',
        '<![CDATA[',
        '<?',
        '?>',
        '-',
        '__proto__',
        'hasOwnProperty',
        '\n',
        '\0',
        '📚',
        '\ud800',
      ),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(pieces, (parts) => {
        const reading = readXml(`<${parts.join('')}`);
        if (reading.kind !== 'read') assert.match(reading.reason, /^[^\r\n]+$/);
        else JSON.stringify(reading.value);
      }),
      { numRuns: countRuns(3000) },
    );
  });
});
