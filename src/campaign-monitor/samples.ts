/** Made from a seed, about no real person: the same options give the same bytes. */
import type { WebhookEventType } from './event-types.ts';

/** Maximum events in one POST [2nd]. */
export const maxEventsInDelivery = 1000;

/** The list in the vendor's own sample bodies. */
export const documentedListId = '96c0bbdaa54760c8d9e62a2b7ffa2e13';

/** A multi-select field repeats its key, once for each choice [vendor]. */
export interface SampleCustomField {
  readonly Key: string;
  readonly Value: string;
}

interface EventFields {
  readonly CustomFields: readonly SampleCustomField[];
  /** `YYYY-MM-DD HH:MM:00`, without a zone. */
  readonly Date: string;
  readonly EmailAddress: string;
  readonly Name: string;
}

export interface SubscribeEvent extends EventFields {
  /** An IP address, or `TypeManual` if a person entered the subscriber [vendor]. */
  readonly SignupIPAddress: string;
  readonly Type: 'Subscribe';
}

export interface UpdateEvent extends EventFields {
  /** Present even when the address did not change [vendor]. */
  readonly OldEmailAddress: string;
  readonly State: string;
  readonly Type: 'Update';
}

export interface DeactivateEvent extends EventFields {
  readonly State: string;
  readonly Type: 'Deactivate';
}

export type WebhookEvent = SubscribeEvent | UpdateEvent | DeactivateEvent;

/** The body of one webhook POST: one list per request [vendor]. */
export interface DeliveryBody {
  readonly Events: readonly WebhookEvent[];
  readonly ListID: string;
}

export interface SampleDelivery {
  readonly body: DeliveryBody;
  readonly text: string;
}

export interface SampleOptions {
  /** In turn. At least one. */
  readonly types: readonly WebhookEventType[];
  readonly count: number;
  /** Events in each delivery, 1 to 1,000. */
  readonly batch: number;
  /** Otherwise each delivery has one type. */
  readonly mixed?: boolean;
  /** Default: {@link documentedListId}. */
  readonly listId?: string;
  /** The address of every event. Default: a different one for each event, at example.org, .com or .net. */
  readonly email?: string;
  /** A whole number; default 1. */
  readonly seed?: number;
  /** Events are dated within the hour before. Default: a fixed time, so that the seed alone decides the bytes. */
  readonly now?: Date;
}

const fixedNow = new Date('2026-01-15T09:30:00Z');

/** @throws RangeError if `types` is empty, or `count` or `batch` is out of range */
export function sampleDeliveries(options: SampleOptions): SampleDelivery[] {
  const { types, count, batch, mixed = false, listId = documentedListId, email, seed = 1, now = fixedNow } = options;
  const typeAt = (turn: number): WebhookEventType => {
    const type = types[turn % types.length];
    if (type === undefined) throw new RangeError('no event type to create samples of');
    return type;
  };
  if (!Number.isInteger(count) || count < 0) throw new RangeError('count must be a whole number, 0 or more');
  if (!Number.isInteger(batch) || batch < 1 || batch > maxEventsInDelivery) {
    throw new RangeError(`batch must be a whole number from 1 to ${maxEventsInDelivery}`);
  }
  const random = randomFrom(seed);
  return Array.from({ length: count }, (_, delivery) => {
    const events = Array.from({ length: batch }, (_, i) => {
      const number = delivery * batch + i;
      return sampleEvent(random, typeAt(mixed ? number : delivery), number, email, now);
    });
    const body: DeliveryBody = { Events: events, ListID: listId };
    return { body, text: JSON.stringify(body) };
  });
}

/**
 * A time as Campaign Monitor writes it: `YYYY-MM-DD HH:MM:00`. All published samples end in `:00`, so seconds are left
 * out here, too [inferred].
 * @param moment read in UTC
 */
export function vendorDate(moment: Date): string {
  return `${moment.toISOString().slice(0, 16).replace('T', ' ')}:00`;
}

/**
 * The same delivery as XML. The vendor's own shape is not published: elements have the JSON names, lists have one
 * element for each entry (`Events`/`Event`, `CustomFields`/`CustomField`), and the root's name has no meaning.
 * Characters that XML 1.0 doesn't allow become U+FFFD.
 */
export function toXml(body: DeliveryBody): string {
  const events = body.Events.map((event) => element('Event', Object.entries(event).map(eventField).join('')));
  const content = element('ListID', escapeXml(body.ListID)) + element('Events', events.join(''));
  return `<?xml version="1.0" encoding="utf-8"?>\n${element('Webhook', content)}`;
}

function eventField([name, value]: [string, string | readonly SampleCustomField[]]): string {
  if (typeof value === 'string') return element(name, escapeXml(value));
  const fields = value.map(({ Key, Value }) =>
    element('CustomField', element('Key', escapeXml(Key)) + element('Value', escapeXml(Value))),
  );
  return element(name, fields.join(''));
}

function element(name: string, content: string): string {
  return `<${name}>${content}</${name}>`;
}

const xmlEntities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
  // A parser would turn a bare carriage return into a line feed.
  '\r': '&#13;',
};

function escapeXml(text: string): string {
  return (
    text
      // eslint-disable-next-line no-control-regex -- these are what XML 1.0 forbids
      .replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|\p{Surrogate}/gu, '\ufffd')
      .replace(/[&<>"'\r]/g, (character) => xmlEntities[character] ?? character)
  );
}

/** mulberry32. */
type Random = () => number;

function randomFrom(seed: number): Random {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function pick<T>(random: Random, first: T, ...others: readonly T[]): T {
  return others[Math.floor(random() * (others.length + 1)) - 1] ?? first;
}

function whole(random: Random, below: number): number {
  return Math.floor(random() * below);
}

function sampleEvent(
  random: Random,
  type: WebhookEventType,
  number: number,
  email: string | undefined,
  now: Date,
): WebhookEvent {
  const [first, firstInAscii] = pick(random, ...firstNames);
  const [last, lastInAscii] = pick(random, ...lastNames);
  const host = pick(random, 'example.org', 'example.com', 'example.net');
  const address = email ?? `${firstInAscii}.${lastInAscii}.${number.toString(36)}@${host}`;
  const common = {
    CustomFields: sampleCustomFields(random),
    Date: vendorDate(new Date(now.getTime() - whole(random, 60) * 60_000)),
    EmailAddress: address,
  };
  const name = pick(random, `${first} ${last}`, `${first} ${last}`, `${first} ${last}`, first, '');
  switch (type) {
    case 'Subscribe':
      return { ...common, Name: name, SignupIPAddress: sampleAddress(random), Type: type };
    case 'Update': {
      const changed = email === undefined && random() < 0.3;
      return {
        ...common,
        OldEmailAddress: changed ? `${firstInAscii}.${number.toString(36)}.before@${host}` : address,
        Name: name,
        Type: type,
        State: pick(random, 'Active', 'Active', 'Active', 'Active', 'Unsubscribed', 'Bounced', 'Deleted'),
      };
    }
    case 'Deactivate':
      return {
        ...common,
        Name: name,
        State: pick(random, 'Unsubscribed', 'Unsubscribed', 'Bounced', 'Deleted'),
        Type: type,
      };
  }
}

/** An address of a range reserved for documentation (RFC 5737, RFC 3849), or none. */
function sampleAddress(random: Random): string {
  const last = 1 + whole(random, 254);
  return pick(
    random,
    `192.0.2.${last}`,
    `198.51.100.${last}`,
    `203.0.113.${last}`,
    `2001:db8::${last.toString(16)}`,
    'TypeManual',
  );
}

function sampleCustomFields(random: Random): SampleCustomField[] {
  const fields: SampleCustomField[] = [];
  if (random() < 0.25) return fields;
  if (random() < 0.6) {
    fields.push({ Key: 'website', Value: pick(random, 'http://example.org', 'https://example.com/?a=1&b=2', '') });
  }
  if (random() < 0.4) fields.push({ Key: 'Company', Value: pick(random, ...companies) });
  if (random() < 0.3)
    fields.push({ Key: 'birthday', Value: `19${60 + whole(random, 40)}-0${1 + whole(random, 9)}-12` });
  if (random() < 0.2) fields.push({ Key: 'orders', Value: String(whole(random, 200)) });
  const interests = ['Poetry', 'History', 'Cooking & baking', 'Crime'].filter(() => random() < 0.4);
  return [...fields, ...interests.map((interest) => ({ Key: 'interests', Value: interest }))];
}

type Name = readonly [name: string, inAddress: string];

const firstNames: readonly [Name, ...Name[]] = [
  ['Ada', 'ada'],
  ['Björn', 'bjorn'],
  ['Chidi', 'chidi'],
  ['Dorota', 'dorota'],
  ['Émile', 'emile'],
  ['Fatima', 'fatima'],
  ['陽子', 'yoko'],
  ['Joana', 'joana'],
  ['Levent', 'levent'],
  ['Олена', 'olena'],
];

const lastNames: readonly [Name, ...Name[]] = [
  ['Sample', 'sample'],
  ["O'Brien", 'obrien'],
  ['Müller-Lüdenscheidt', 'mueller'],
  ['Okafor', 'okafor'],
  ['Nowak', 'nowak'],
  ['Yıldız', 'yildiz'],
  ['García Márquez', 'garcia'],
  ['de Vries', 'devries'],
];

const companies = [
  'Sample & Söhne',
  'Books <and> More',
  '"Quoted" Ltd',
  "Reader's Corner",
  'Ünïcödé 📚 Press',
] as const;
