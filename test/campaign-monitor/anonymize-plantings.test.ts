import assert from 'node:assert/strict';
import fc from 'fast-check';
import { countRuns } from '../long.ts';
import { anonymize } from '../../src/campaign-monitor/anonymize.ts';
import { isKnownName } from '../../src/campaign-monitor/anonymize/known.ts';
import { anonymized } from '../../src/check/recording.ts';

/** What is personal, and what of it would show that it was let through. */
const people: readonly (readonly [text: string, shows: RegExp])[] = [
  ['Quirina', /quirina/i],
  ['quirina', /quirina/i],
  ['QUIRINA', /quirina/i],
  ['Quirina-Vandermolen', /quirina|vandermolen/i],
  ['QuirinaVandermolen', /quirina|vandermolen/i],
  ['quirina_vandermolen', /quirina|vandermolen/i],
  ['quirina.vandermolen', /quirina|vandermolen/i],
  ['Quirina Vandermolen', /quirina|vandermolen/i],
  ["O'Vandermolen", /vandermolen/i],
  ['Ms:Vandermolen', /vandermolen/i],
  ['SubscriberQuirina', /quirina/i],
  ['Unsubscribed-by-Quirina', /quirina/i],
  ['quirina@vandermolen.example', /quirina|vandermolen/i],
  ['quirina%40vandermolen.example', /quirina|vandermolen/i],
  ['Müller-Vandermolen', /vandermolen/i],
  ['Żółkiewska', /kiewska/i],
  ['鈴木花子', /鈴木|花子/],
  ['+49 30 12778855', /12778855|127788/],
  ['tel_493012778855', /12778855|127788/],
  ['49.30.1277.8855', /1277|8855/],
  ['53.78.123.243', /53\.78|123\.243/],
  ['cXVpcmluYUB2YW5kZXJtb2xlbi5leGFtcGxl', /cXVpcmluYUB2YW5/i],
  ['7175697269696e61407661', /7175697269/i],
  ['quirinahouse7', /quirina/i],
];

/** Where it may stand: a body, and headers. */
interface Place {
  readonly body: string;
  readonly headers?: [string, string][];
}
const json = JSON.stringify;
const event = (field: string, value: unknown): string => json({ Events: [{ Type: 'Subscribe', [field]: value }] });
const message = (field: string, value: unknown): string =>
  json({ topic: 'instance-1-campaignmonitor-events', message: { [field]: value, events: [{ eventType: 'CREATED' }] } });
const xml = (inner: string): string => `<Webhook><Events><Event>${inner}</Event></Events></Webhook>`;
const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
/** A name of XML, of whatever is left of a text. */
const named = (text: string): string => `n${text.replace(/[^\p{L}\p{N}_.-]/gu, '')}`.replace(/^n(?=\p{L})/u, '');

const places: Readonly<Record<string, (text: string) => Place>> = {
  ...Object.fromEntries(
    [
      ...['Type', 'Date', 'EmailAddress', 'OldEmailAddress', 'Name', 'SignupIPAddress', 'State', 'Extra', 'Action'],
      ...['eventType', 'objectType', 'elementKey', 'hubKey', 'severity', 'user', 'createdDate', 'pollDate', 'topic'],
    ].map((field) => [`the field ${field}`, (text: string) => ({ body: event(field, text) })]),
  ),
  'a list’s id': (text) => ({ body: json({ ListID: text, Events: [] }) }),
  'a custom field’s key': (text) => ({ body: event('CustomFields', [{ Key: text, Value: 'x' }]) }),
  'a custom field’s value': (text) => ({ body: event('CustomFields', [{ Key: 'x', Value: text }]) }),
  'a custom field by its name': (text) => ({ body: event('CustomFields', { [text]: 'x' }) }),
  'a field beside Key and Value': (text) => ({ body: event('CustomFields', [{ Key: 'x', [text]: 'x' }]) }),
  'the name of a field': (text) => ({ body: event(text, 'x') }),
  'the name of a field at the top': (text) => ({ body: json({ Events: [], [text]: 1 }) }),
  'the name of a field deep in others': (text) => ({ body: event('Extra', [{ Data: { [text]: [true] } }]) }),
  'the name of a word’s field': (text) => ({ body: event(`State${text}`, 'Active') }),
  'a list of states': (text) => ({ body: event('State', ['Active', text]) }),
  'JSON in a text': (text) => ({ body: message('raw', json({ [text]: text, State: text })) }),
  'a name of the platform’s': (text) => ({ body: message(text, 1) }),
  'a text of the platform’s': (text) => ({ body: message('instanceName', text) }),
  'tags of the platform’s': (text) => ({ body: message('instanceTags', [text]) }),
  'a topic': (text) => ({ body: json({ topic: `instance-1-${text}-events` }) }),
  'an element’s text': (text) => ({ body: xml(`<Name>${escaped(text)}</Name>`) }),
  'an element of words': (text) => ({ body: xml(`<State>${escaped(text)}</State>`) }),
  'an element’s name': (text) => ({ body: xml(`<${named(text)}>x</${named(text)}>`) }),
  'an element that closes itself': (text) => ({ body: xml(`<${named(text)}/>`) }),
  'an attribute’s value': (text) => ({ body: xml(`<Name Id="${escaped(text)}">x</Name>`) }),
  'an attribute’s name': (text) => ({ body: xml(`<Name ${named(text)}="x">x</Name>`) }),
  'a prefix': (text) => ({ body: xml(`<${named(text)}:Name xmlns:${named(text)}="http://www.w3.org/1999/xhtml"/>`) }),
  'a namespace': (text) => ({ body: xml(`<Name xmlns="http://www.w3.org/${encodeURI(named(text))}">x</Name>`) }),
  'a namespace’s host': (text) => ({ body: xml(`<Name xmlns="http://${named(text)}.microsoft.com/x">x</Name>`) }),
  'a type of XML Schema': (text) => ({ body: xml(`<Name i:type="xsd:${named(text)}" i:nil="true"/>`) }),
  'a comment': (text) => ({ body: xml(`<!-- ${text} -->`) }),
  'an instruction': (text) => ({ body: xml(`<?${named(text)} ${text}?>`) }),
  'a section of characters': (text) => ({ body: xml(`<Extra><![CDATA[${text}]]></Extra>`) }),
  'the declaration of XML': (text) => ({ body: `<?xml version="1.0" encoding="${named(text)}"?>${xml('')}` }),
  'what is neither': (text) => ({ body: `${text}: hello` }),
  'JSON that is cut off': (text) => ({ body: event('Name', text).slice(0, -3) }),
  ...Object.fromEntries(
    [
      ...['User-Agent', 'Content-Type', 'Accept', 'Accept-Charset', 'Accept-Encoding', 'Cache-Control', 'Connection'],
      ...['Content-Encoding', 'Expect', 'Pragma', 'Transfer-Encoding', 'X-Forwarded-For', 'Cookie'],
    ].flatMap((header): [string, (text: string) => Place][] => [
      [`the header ${header}`, (text) => ({ body: '{}', headers: [[header, text]] })],
      [
        `a part of the header ${header}`,
        (text) => ({ body: '{}', headers: [[header, `application/json; charset=${text}`]] }),
      ],
    ]),
  ),
  'a product of a client': (text) => ({ body: '{}', headers: [['user-agent', `CM/1.0 ${text}/2.0`]] }),
  'a client’s version': (text) => ({ body: '{}', headers: [['user-agent', `CM/${text}`]] }),
  'a client’s comment': (text) => ({ body: '{}', headers: [['user-agent', `CM/1.0 (compatible; ${text})`]] }),
  'a parameter of a type': (text) => ({ body: '{}', headers: [['content-type', `text/xml; boundary=${text}`]] }),
  'a type of content': (text) => ({ body: '{}', headers: [['content-type', `application/${text}+json`]] }),
  'a header’s name': (text) => ({ body: '{}', headers: [[`X-${named(text)}`, '1']] }),
  'a number': (text) => ({
    body: `{"Extra":${text.replace(/\D/g, '') || 0},"Events":[{"Id":${text.replace(/\D/g, '') || 0}}]}`.replace(
      /:0(?=\d)/g,
      ':',
    ),
  }),
};

describe('anonymizing what is planted in every place', () => {
  for (const [kind, write] of [
    [
      'a fixture',
      (place: Place): string => json(anonymize([{ headers: place.headers ?? [], body: Buffer.from(place.body) }])),
    ],
    [
      'a recording',
      ({ body, headers = [] }: Place): string => {
        const contentType = headers.find(([name]) => /^content-type$/i.test(name))?.[1] ?? 'application/json';
        const given = { atMs: 0, source: 'campaign-monitor', contentType, body: Buffer.from(body) } as const;
        return anonymized([given])
          .map((each) => json({ ...each, body: each.body.toString() }))
          .join();
      },
    ],
  ] as const) {
    it(`lets nothing of it into ${kind}`, () => {
      assert.ok(Object.keys(places).length * people.length > 1700, 'so many plantings');
      const found = Object.entries(places).flatMap(([name, place]) =>
        people.flatMap(([text, shows]) => (shows.test(write(place(text))) ? [`${name}: ${text}`] : [])),
      );
      assert.deepEqual(found, [], `${found.length} survive`);
    });

    it(`lets no name that somebody may bear into ${kind}`, () => {
      const name = fc.stringMatching(/^[A-Z]?[a-z]{7,12}$/).filter((text) => !isKnownName(text));
      const joined = fc.tuple(name, fc.constantFrom('', '_', '-', '.', ' ', '@'), name).map((parts) => parts.join(''));
      fc.assert(
        fc.property(fc.constantFrom(...Object.values(places)), fc.oneof(name, joined), (place, text) => {
          const written = write(place(text)).toLowerCase();
          for (const part of text.toLowerCase().split(/[_\-. @]/)) assert.ok(!written.includes(part), written);
        }),
        { numRuns: countRuns(2000) },
      );
    });
  }
});
