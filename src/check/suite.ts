/**
 * The checks that ship with the product: what a callback has to stand, each made of the steps that scenarios are made of
 * (scenario.ts). docs/check.md has them in a table, which a test holds to this file.
 */
import { scenario } from './scenario.ts';
import type { Scenario, WrittenScenario } from './scenario.ts';

/** How it is known what the platform does there. */
export type Basis =
  /** By documents or captures of the vendors. */
  | 'documented'
  /** By no document: this tool's assumption, see docs/assumptions.md. */
  | 'assumption';

/** A named check. */
export interface Check {
  readonly id: string;
  readonly title: string;
  /** Why it matters, in a sentence. */
  readonly why: string;
  /** What the platform does there. */
  readonly platform: string;
  readonly basis: Basis;
  /** What to do where it fails. */
  readonly fix: string;
  /** Whether it is nothing without a signature key. */
  readonly needsKey: boolean;
  readonly scenario: Scenario;
}

/** What a suite is made for. */
export interface SuiteOptions {
  /** 99 of 100 answers have to come in so many milliseconds. */
  readonly answerWithinMs: number;
}

type WrittenSteps = WrittenScenario['steps'];
/** What a step sends, as it is written. */
type WrittenSource = { readonly delivery: { ListID: string; Events: Record<string, unknown>[] } };

interface Written extends Omit<Check, 'needsKey' | 'scenario'> {
  readonly needsKey?: true;
  readonly timeoutMs?: number;
  readonly steps: WrittenSteps;
}

const one = { sample: 'Subscribe' } as const;

/** An event of Campaign Monitor's, as its documents have them. */
const subscribe = {
  CustomFields: [{ Key: 'website', Value: 'http://example.org' }],
  Date: '2026-01-15 09:30:00',
  EmailAddress: 'ada.{{run}}.first@example.org',
  Name: 'Ada Sample',
  SignupIPAddress: '192.0.2.7',
  Type: 'Subscribe',
};
const list = '96c0bbdaa54760c8d9e62a2b7ffa2e13';

/** An address of this run. @param who stands at its beginning */
function addressOf(who: string): string {
  return `${who}.{{run}}@example.org`;
}

/** What is sent of one event. @param who stands at the beginning of its address */
function subscriptionOf(who: string, date = subscribe.Date): WrittenSource {
  return { delivery: { ListID: list, Events: [{ ...subscribe, Date: date, EmailAddress: addressOf(who) }] } };
}

function updateOf(who: string, date: string, name: string, before = who): WrittenSource {
  const event = {
    CustomFields: [],
    Date: date,
    EmailAddress: addressOf(who),
    OldEmailAddress: addressOf(before),
    Name: name,
    State: 'Active',
    Type: 'Update',
  };
  return { delivery: { ListID: list, Events: [event] } };
}

/** An address of which every part is in Cyrillic. */
function scriptsOf(who: string, name: string): WrittenSource {
  const event = { ...subscribe, CustomFields: [], EmailAddress: `${who}.{{run}}@пример.example`, Name: name };
  return { delivery: { ListID: list, Events: [event] } };
}

function deactivationOf(who: string, date: string): WrittenSource {
  return { delivery: { ListID: list, Events: [deactivated(addressOf(who), date)] } };
}

function deactivated(address: string, date: string): Record<string, unknown> {
  return {
    CustomFields: [],
    Date: date,
    EmailAddress: address,
    Name: 'Ada Sample',
    State: 'Unsubscribed',
    Type: 'Deactivate',
  };
}

/**
 * Every check, in the order in which they are run: what a callback has to be able to do at all comes first.
 */
export function checksFor({ answerWithinMs }: SuiteOptions): Check[] {
  return written(answerWithinMs).map(({ needsKey, timeoutMs, steps, ...rest }) => ({
    ...rest,
    needsKey: needsKey === true,
    scenario: scenario({ name: rest.title, why: rest.why, steps, ...(timeoutMs !== undefined && { timeoutMs }) }),
  }));
}

function written(answerWithinMs: number): readonly Written[] {
  return [
    {
      id: 'notification',
      title: 'A notification of the relay',
      why: 'It is what your callback gets here: the envelope, one event object, and the body of Campaign Monitor as message.raw.',
      platform: 'Open Connectors posts this envelope; how a Subscribe becomes an event object no document settles.',
      basis: 'assumption',
      fix: 'Answer 2xx to a POST of JSON, at once, and make of message.events what you need.',
      steps: [{ name: 'one event', send: one, expect: { withinMs: answerWithinMs, probe: 1 } }],
    },
    {
      id: 'platform-notification',
      title: 'A notification of the platform',
      why: 'Ids are not 0 there, the name of the instance comes escaped for HTML, tags are given, and event objects have further fields.',
      platform: 'As captured twice: pollDate and newPath on some events, instance_id beside instanceId.',
      basis: 'documented',
      fix: 'Read the fields that you need, and pass over those that you do not know.',
      steps: [{ name: 'one event', send: one, as: 'platform', expect: { probe: 1 } }],
    },
    {
      id: 'older-shape',
      title: 'The older shape of a notification',
      why: 'The platform still documents {"eventId","instanceId","response":{"events":[…]},"notificationId"}: a handler that reads message.events of it fails.',
      platform: 'An older or asynchronous form, documented beside the current one.',
      basis: 'documented',
      fix: 'Where there is no "message", look for "response"; answer 2xx also where you make nothing of it.',
      steps: [{ name: 'one event', send: one, as: 'older' }],
    },
    {
      id: 'event-types',
      title: 'Updates and deactivations',
      why: 'Subscribers change and leave, often such as you have never heard of.',
      platform: 'Update and Deactivate become UPDATED and DELETED.',
      basis: 'assumption',
      fix: 'Take an update or a deactivation of an address that you do not know as well.',
      steps: [
        { name: 'an update', send: { sample: 'Update' } },
        { name: 'a deactivation', send: { sample: 'Deactivate' } },
      ],
    },
    {
      id: 'quotes',
      title: 'Quotes in a name and an address',
      why: "O'Brien is a name, o'brien+news@… an address: what builds a statement or a page of them by joining texts breaks there, and lets others in.",
      platform: 'Names and addresses come as they were typed, as far as is known.',
      basis: 'assumption',
      fix: 'Hand values to your database as parameters, never as a part of the statement, and escape what you show.',
      steps: [
        {
          name: 'an apostrophe, quotes and what HTML and SQL read otherwise',
          send: {
            delivery: {
              ListID: list,
              Events: [
                {
                  ...subscribe,
                  EmailAddress: "o'brien+quotes.{{run}}@example.org",
                  Name: 'Ada "Ray" O\'Brien \\ <b>&amp;%s;--',
                },
              ],
            },
          },
          // What stands before it may be shown escaped.
          expect: { kept: 'quotes.{{run}}@example.org', probe: 1 },
        },
      ],
    },
    {
      id: 'every-event',
      title: 'Every event of a notification',
      why: 'One notification holds up to 20 events: a handler that takes the first alone loses 19 of 20.',
      platform: 'At most 20 event objects a webhook notification.',
      basis: 'documented',
      fix: 'Go through all of message.events, not message.events[0].',
      steps: [{ name: '20 events', send: { sample: 'Subscribe', events: 20 }, expect: { probe: 20 } }],
    },
    {
      id: 'same-event-twice',
      title: 'The same eventId twice',
      why: 'Delivery is at least once: what was acknowledged may come again, with the same bytes.',
      platform: 'Retries keep message.eventId; Campaign Monitor sends no id of its own.',
      basis: 'assumption',
      fix: 'Keep each message.eventId together with what you made of it (in one transaction), and do nothing for one that you know.',
      steps: [{ name: 'one event, twice', send: one, trouble: ['twice'], expect: { probe: 1 } }],
    },
    {
      id: 'same-event-at-once',
      title: 'The same eventId twice at the same time',
      why: 'Two workers may get the same notification before either has written anything.',
      platform:
        'Whether it happens no document says; a retry after a time-out may meet a first attempt that still runs.',
      basis: 'assumption',
      fix: 'Let the database refuse the second one (a unique key on eventId or address); asking first is too late.',
      steps: [
        {
          name: 'one event, twice at once',
          send: one,
          trouble: ['twice'],
          atOnce: 2,
          expect: { status: ['2xx', 409], probe: 1 },
        },
      ],
    },
    {
      id: 'retry-after-500',
      title: 'A retry after a 500',
      why: 'A proxy or gateway before your callback may answer 500 for it although it has done its work: the sender then tries again.',
      platform: '5xx is retried: five times after 8 s to 9 h at SAP; here after 1, 2, 4, 8 and 16 s.',
      basis: 'documented',
      fix: 'Take the second one as done already: the eventId is the same. Where your own code failed, undo what it had begun.',
      steps: [
        { name: 'the attempt', send: one, expect: { status: 'any' } },
        { wait: 1000 },
        { name: 'the retry', send: { again: 'the attempt' }, expect: { probe: 1 } },
      ],
    },
    {
      id: 'retry-after-time-out',
      title: 'A retry after a time-out',
      why: 'The sender gives up waiting while your handler still works, and sends it again.',
      platform: 'Time-outs are retried; how long the platform waits no document says, here it is 10 s.',
      basis: 'assumption',
      fix: 'Answer first and work then, from a queue on disk; and do nothing for an eventId that you know.',
      steps: [
        { name: 'the attempt', send: one, trouble: ['unanswered'] },
        { wait: 500 },
        { name: 'the retry', send: { again: 'the attempt' }, expect: { probe: 1 } },
      ],
    },
    {
      id: 'large-batch',
      title: 'A batch of 1,000 in 50 parts',
      why: 'An import arrives as deliveries of up to 1,000 events: 50 notifications, each of which repeats the whole body, some 300 kB.',
      platform: 'Split into parts of 20; the whole raw body is in each of them.',
      basis: 'documented',
      fix: 'Raise the limit of the body (express.json({ limit: "10mb" }) in Express, whose default is 100 kB), and answer before you work.',
      timeoutMs: 120_000,
      steps: [{ name: '1,000 events', send: { sample: 'Subscribe', events: 1000 }, expect: { probe: 1000 } }],
    },
    {
      id: 'parts-out-of-order',
      title: 'Parts out of order',
      why: 'A part that is retried comes behind the ones that were sent after it.',
      platform: 'No document promises an order.',
      basis: 'assumption',
      fix: 'Take each part by itself: nothing in it says which one it is, and none may wait for another.',
      steps: [
        {
          name: '60 events, the last part first',
          send: { sample: 'Subscribe', events: 60 },
          trouble: ['reordered'],
          expect: { probe: 60 },
        },
      ],
    },
    {
      id: 'own-details',
      title: "Each event's own details",
      why: 'The whole body is in each part: the details of the event that a part begins with stand far behind in message.raw, not at its beginning.',
      platform: 'The whole raw body is repeated in each part.',
      basis: 'documented',
      fix: 'Look in message.raw.Events for the type and address of the event, not for its place in message.events.',
      steps: [
        {
          // Few, so that a page of the newest shows them all.
          name: 'three events in two parts',
          send: {
            delivery: {
              ListID: list,
              Events: Array.from({ length: 3 }, (_, index) => ({
                ...subscribe,
                EmailAddress: addressOf(`own${index + 1}`),
                Name: `Own ${index + 1} {{run}}`,
              })),
            },
          },
          partSize: 2,
          expect: { kept: [addressOf('own3'), 'Own 3 {{run}}'], probe: 3 },
        },
      ],
    },
    {
      id: 'update-first',
      title: 'An update before its subscription',
      why: 'Where the subscription is retried, the update overtakes it: what it says is newer, and must not get lost.',
      platform: 'No document promises an order.',
      basis: 'assumption',
      fix: 'Compare the dates: the subscription that comes after it is older, and must not overwrite it. And make the contact where you do not know the address of an update.',
      steps: [
        { name: 'an update of 09:31', send: updateOf('first', '2026-01-15 09:31:00', 'Newer {{run}} first') },
        {
          name: 'the subscription of 09:30',
          send: subscriptionOf('first'),
          expect: { kept: [addressOf('first'), 'Newer {{run}} first'], probe: 1 },
        },
      ],
    },
    {
      id: 'older-update-late',
      title: 'An older update that comes late',
      why: 'An update that is retried comes behind a newer one, and must not win.',
      platform: 'No document promises an order; each event has its date.',
      basis: 'assumption',
      fix: "Compare the event's date with that of the last one that you applied for the address, and pass over an older one.",
      steps: [
        { name: 'the subscription of 09:30', send: subscriptionOf('older') },
        { name: 'an update of 09:32', send: updateOf('older', '2026-01-15 09:32:00', 'Newer {{run}} older') },
        {
          name: 'an update of 09:31, late',
          send: updateOf('older', '2026-01-15 09:31:00', 'Outdated {{run}} older'),
          expect: { kept: [addressOf('older'), 'Newer {{run}} older'], probe: 1 },
        },
      ],
    },
    {
      id: 'older-event-late',
      title: 'An older deactivation that comes late',
      why: 'Somebody leaves and joins again within the hour: where the leaving is retried it comes last, and must not win.',
      platform: 'No document promises an order; each event has its date.',
      basis: 'assumption',
      fix: "Compare the event's date with that of the last one that you applied for the address, and pass over an older one.",
      steps: [
        { name: 'the subscription of 09:30', send: subscriptionOf('late') },
        {
          name: 'a deactivation of 08:30, late',
          send: deactivationOf('late', '2026-01-15 08:30:00'),
          expect: { probe: 1 },
        },
      ],
    },
    {
      id: 'older-subscription-late',
      title: 'An older subscription that comes late',
      why: 'A subscription that is retried comes behind what was sent after it: it must not bring back somebody who has left, nor an old name.',
      platform: 'No document promises an order; each event has its date.',
      basis: 'assumption',
      fix: 'Keep of somebody who has left the address and the date, and pass over every event that is older, subscriptions too.',
      steps: [
        { name: 'the subscription of 09:30', send: subscriptionOf('left'), expect: { probe: 1 } },
        {
          name: 'a deactivation of 09:32',
          send: deactivationOf('left', '2026-01-15 09:32:00'),
          expect: { probe: 'after <= before' },
        },
        {
          name: 'a subscription of 09:31, late',
          send: subscriptionOf('left', '2026-01-15 09:31:00'),
          expect: { probe: 'after <= before' },
        },
      ],
    },
    {
      id: 'leaves-and-returns',
      title: 'Somebody who leaves and returns',
      why: 'Whoever has unsubscribed must get nothing more; and whoever then joins again wants to be there.',
      platform: 'Who is active again after having left most likely comes as Subscribe.',
      basis: 'assumption',
      fix: 'Take a contact away at its deactivation, or mark it and count it no more (the probe counts who is subscribed); and take it in again with a subscription that is newer.',
      steps: [
        { name: 'the subscription of 09:30', send: subscriptionOf('back'), expect: { probe: 1 } },
        {
          name: 'a deactivation of 09:31',
          send: deactivationOf('back', '2026-01-15 09:31:00'),
          expect: { probe: -1 },
        },
        {
          name: 'a subscription of 09:32',
          send: subscriptionOf('back', '2026-01-15 09:32:00'),
          expect: { kept: addressOf('back'), probe: 1 },
        },
      ],
    },
    {
      id: 'same-minute',
      title: 'Two updates of one minute',
      why: 'Dates have minutes alone: who corrects a name twice in a minute sends two events of the same date, of which the second counts.',
      platform: "Every date in Campaign Monitor's documents ends in :00.",
      basis: 'assumption',
      fix: 'Pass over an event that is older than what you know, not one of the same date; and know what came before by its eventId, not by its address or date.',
      steps: [
        { name: 'the subscription of 09:30', send: subscriptionOf('minute') },
        {
          // It is looked for, so that it is done before the next comes: else nothing tells which of them is to win.
          name: 'an update of 09:31',
          send: updateOf('minute', '2026-01-15 09:31:00', 'Outdated {{run}} minute'),
          expect: { kept: [addressOf('minute'), 'Outdated {{run}} minute'], probe: 1 },
        },
        {
          name: 'another update of 09:31',
          send: updateOf('minute', '2026-01-15 09:31:00', 'Newer {{run}} minute'),
          expect: { kept: [addressOf('minute'), 'Newer {{run}} minute'], probe: 0 },
        },
      ],
    },
    {
      id: 'one-address-twice',
      title: 'One address twice in a notification',
      why: 'Who subscribes and at once corrects the name may come with both events in one delivery, and each has details of its own.',
      platform: 'Events of one list are sent together; that none of an address comes twice no document says.',
      basis: 'assumption',
      fix: 'Look in message.raw.Events for the type as well as the address of the event, and go through the events in their order.',
      steps: [
        {
          name: 'a subscription of 09:30 and an update of 09:31',
          send: {
            delivery: {
              ListID: list,
              Events: [
                ...subscriptionOf('twofold').delivery.Events,
                ...updateOf('twofold', '2026-01-15 09:31:00', 'Newer {{run}} twofold').delivery.Events,
              ],
            },
          },
          expect: { kept: [addressOf('twofold'), 'Newer {{run}} twofold'], probe: 1 },
        },
      ],
    },
    {
      id: 'changed-address',
      title: 'An address that was changed',
      why: 'objectId is the new address, which you do not know yet: what you have is under the old one.',
      platform: 'An Update carries OldEmailAddress; objectId is the new one.',
      basis: 'assumption',
      fix: 'Find the contact by OldEmailAddress in message.raw, and move it to the new address.',
      steps: [
        { name: 'the subscription of 09:30', send: subscriptionOf('before') },
        {
          name: 'an update of 09:31 to another address',
          send: updateOf('after', '2026-01-15 09:31:00', 'Ada Sample', 'before'),
          expect: { kept: addressOf('after'), probe: 1 },
        },
      ],
    },
    {
      id: 'changed-address-first',
      title: 'An address that was changed before its subscription came',
      why: 'Where the subscription is retried, the change of its address overtakes it: the old address must not become a second contact.',
      platform: 'No document promises an order; each event has its date.',
      basis: 'assumption',
      fix: 'Keep of an address that was changed the date, and pass over every event of it that is older.',
      steps: [
        {
          name: 'an update of 09:31 to another address',
          send: updateOf('changed', '2026-01-15 09:31:00', 'Ada Sample', 'former'),
        },
        {
          name: 'the subscription of 09:30, of the old address',
          send: subscriptionOf('former'),
          expect: { kept: addressOf('changed'), probe: 1 },
        },
      ],
    },
    {
      id: 'unknown-address',
      title: 'A deactivation of an unknown address',
      why: 'Lists are older than your contacts. What is not found must not be taken for another one: indexOf gives -1 then, which splice counts from the end.',
      platform: 'Every subscriber of the list is told of, whenever they came.',
      basis: 'documented',
      fix: 'Do nothing where the address is not found, and answer 2xx.',
      steps: [
        { name: 'the subscription of somebody', send: subscriptionOf('stays') },
        {
          name: 'a deactivation of somebody else',
          send: deactivationOf('stranger', '2026-01-15 09:31:00'),
          expect: { kept: addressOf('stays'), probe: 1 },
        },
      ],
    },
    {
      id: 'unknown-type',
      title: 'An unknown type of event',
      why: 'Vendors add types. A 500 for one makes the sender repeat the whole notification, and in the end give it up with all that is in it.',
      platform: 'Anything but Subscribe, Update and Deactivate becomes UNKNOWN, which is documented as a word.',
      basis: 'assumption',
      fix: 'Pass over an eventType that you do not know, take the others, and answer 2xx.',
      steps: [
        {
          name: 'an unknown event and one that is known',
          send: {
            delivery: {
              ListID: list,
              Events: [
                { ...subscribe, Type: 'Teleport', EmailAddress: 'unknown.{{run}}@example.org' },
                { ...subscribe, EmailAddress: 'unknown.{{run}}@example.org' },
              ],
            },
          },
          expect: { probe: 1 },
        },
      ],
    },
    {
      id: 'missing-field',
      title: 'A field that is missing',
      why: 'Names may be empty, custom fields may be none, and what is optional may not be there at all.',
      platform: 'Name may be "" and CustomFields []; that a field is missing altogether is not documented.',
      basis: 'assumption',
      fix: 'Check what you read before you use it. What cannot be used is answered 2xx or 4xx and noted, never thrown; and without an address nobody is a contact.',
      steps: [
        {
          name: 'no name, no custom fields',
          send: {
            delivery: {
              ListID: list,
              Events: [{ Type: 'Subscribe', Date: '2026-01-15 09:30:00', EmailAddress: 'bare.{{run}}@example.org' }],
            },
          },
          expect: { probe: 1 },
        },
        {
          name: 'no address',
          send: { delivery: { ListID: list, Events: [{ Type: 'Subscribe', Date: '2026-01-15 09:30:00' }] } },
          expect: { status: ['2xx', '4xx'], probe: 0 },
        },
      ],
    },
    {
      id: 'letter-case',
      title: 'An address in other letter case',
      why: 'Ada@Example.org and ada@example.org are one subscriber to Campaign Monitor: two contacts are one too many.',
      platform: 'Addresses come as they were typed.',
      basis: 'assumption',
      fix: 'Compare addresses in lower case, and put a unique key on that.',
      steps: [
        { name: 'in lower case', send: subscriptionOf('case') },
        {
          name: 'an update with capital letters',
          send: updateOf('Case', '2026-01-15 09:31:00', 'Cased {{run}}'),
          expect: { kept: [addressOf('case'), 'Cased {{run}}'], probe: 1 },
        },
        {
          name: 'another subscription, with capital letters',
          send: {
            delivery: {
              ListID: list,
              Events: [{ ...subscribe, Date: '2026-01-15 09:32:00', EmailAddress: 'CASE.{{run}}@Example.ORG' }],
            },
          },
          expect: { probe: 0 },
        },
      ],
    },
    {
      id: 'scripts',
      title: 'Names and addresses in other scripts',
      why: 'Text is UTF-8, and its characters are cut where packets end: a handler that reads it piece by piece as text, or as Latin, breaks names and signatures.',
      platform: 'JSON in UTF-8.',
      basis: 'documented',
      fix: 'Join the bytes first and decode them then, as UTF-8; sign and compare bytes, not text.',
      steps: [
        {
          name: 'an address in Cyrillic, a name in four scripts, in pieces',
          send: scriptsOf('анна', '陽子 👩‍💻 Müller-Lüdenscheidt Олена Ковальчук-Шевченко אורלי בן־דוד {{run}}'),
          trouble: [{ slow: 300 }],
          // Of the address what stands before its host, which may be shown in ASCII.
          expect: { kept: ['анна.{{run}}@', 'Олена Ковальчук-Шевченко אורלי בן־דוד {{run}}'], probe: 1 },
        },
        {
          name: 'another address, of as many letters',
          send: scriptsOf('инна', 'Инна'),
          expect: { probe: 1 },
        },
      ],
    },
    {
      id: 'exact-bytes',
      title: 'A signature over the exact bytes',
      why: 'The body of the vendor is passed on to the byte, with its spaces, escapes and order: JSON that was read and written anew is another text, and its signature another one.',
      platform: 'HMAC-SHA256 over the raw bytes, base64.',
      basis: 'documented',
      fix: 'Keep the raw body (express.raw({ type: "*/*" })), check the signature on that, and read the JSON only then.',
      needsKey: true,
      steps: [
        {
          name: 'with spaces and escapes',
          send: {
            delivery: {
              ListID: list,
              Events: [{ ...subscribe, EmailAddress: 'bytes.{{run}}@example.org', Name: 'Zoë "Z" </b>' }],
            },
          },
          trouble: ['escaped'],
          expect: { probe: 1 },
        },
      ],
    },
    {
      id: 'signature-wrong',
      title: 'A wrong signature',
      why: 'Your callback is public: anybody can post to it. The signature is all that tells the platform from others.',
      platform: 'Elements-Webhook-Signature: sha256=<base64>, where the instance has a signature key.',
      basis: 'documented',
      fix: 'Compute the HMAC over the raw bytes, compare it in constant time (crypto.timingSafeEqual), and answer 401 to what does not fit.',
      needsKey: true,
      steps: [
        { name: 'signed by another key', send: one, trouble: ['wrong-signature'], expect: { status: '4xx', probe: 0 } },
      ],
    },
    {
      id: 'signature-missing',
      title: 'No signature',
      why: 'A check that is left out where the header is missing is no check.',
      platform: 'The header is sent wherever the instance has a signature key.',
      basis: 'documented',
      fix: 'Refuse with 401 what has no signature, as you refuse a wrong one.',
      needsKey: true,
      steps: [{ name: 'not signed', send: one, trouble: ['unsigned'], expect: { status: '4xx', probe: 0 } }],
    },
    {
      id: 'signature-old',
      title: 'An old signature',
      why: 'Who has seen one notification knows a signature that was right, for another body; and to 2017 platforms wrote sha1=, by which a check may be led astray.',
      platform: 'The signature is of the very bytes; sha1= was sent to 2017.',
      basis: 'documented',
      fix: 'Compute the HMAC of each body that comes; take sha256= alone, or check sha1= as strictly.',
      needsKey: true,
      steps: [
        { name: 'the signature of another body', send: one, trouble: ['old-signature'], expect: { status: '4xx' } },
        {
          name: 'sha1= by another key',
          send: one,
          trouble: ['wrong-sha1-signature'],
          expect: { status: '4xx', probe: 0 },
        },
      ],
    },
    {
      id: 'signature-part',
      title: 'A part of the signature',
      why: 'What compares the beginning alone takes sha256= from anybody.',
      platform: 'Elements-Webhook-Signature: sha256=<base64>, 44 characters behind the equals sign.',
      basis: 'documented',
      fix: 'Compare the whole header with the whole signature, its length first (crypto.timingSafeEqual wants both of one length).',
      needsKey: true,
      steps: [
        { name: 'sha256= alone', send: one, trouble: ['empty-signature'], expect: { status: '4xx' } },
        { name: 'the beginning of the right one', send: one, trouble: ['cut-signature'], expect: { status: '4xx' } },
        {
          name: 'the right one with another end',
          send: one,
          trouble: ['other-end-signature'],
          expect: { status: '4xx', probe: 0 },
        },
      ],
    },
    {
      id: 'tampered',
      title: 'A body that was changed on its way',
      why: 'Whoever can change an address in it writes into your contacts.',
      platform: 'The signature is of the very bytes.',
      basis: 'documented',
      fix: 'Check the signature on the bytes that came, before anything is made of them.',
      needsKey: true,
      steps: [{ name: 'one letter changed', send: one, trouble: ['tampered'], expect: { status: '4xx', probe: 0 } }],
    },
    {
      id: 'slow-body',
      title: 'A body that comes slowly',
      why: 'Large bodies on a slow line take their seconds: a handler, or the server before it, must not give up at once.',
      platform: 'Not documented; up to 300 kB come in each part of a full batch.',
      basis: 'assumption',
      fix: 'Allow a request some 10 s for its body.',
      steps: [{ name: 'over 3 s', send: one, trouble: [{ slow: 3000 }], expect: { probe: 1 } }],
    },
    {
      id: 'cut-connection',
      title: 'A connection that is cut within the body',
      why: 'Half a body is no notification; what is made of it must not stand in the way of the retry.',
      platform: 'A connection that breaks is retried.',
      basis: 'assumption',
      fix: 'Work only once the whole body is there, and note the eventId together with the work, not before.',
      steps: [
        { name: 'the attempt', send: one, trouble: ['cut'] },
        { wait: 200 },
        { name: 'the retry', send: { again: 'the attempt' }, expect: { probe: 1 } },
      ],
    },
    {
      id: 'twenty-at-once',
      title: '20 at once',
      why: 'Several lists, several instances and retries post at the same time.',
      platform: 'Whether the platform waits for one answer before it sends the next no document says.',
      basis: 'assumption',
      fix: 'Keep what requests share (a file, a connection, a counter) safe from each other.',
      steps: [
        {
          name: '20 notifications',
          send: { sample: 'Subscribe', events: 20 },
          trouble: ['split'],
          atOnce: 20,
          expect: { probe: 20 },
        },
      ],
    },
    {
      id: 'speed',
      title: 'How fast it answers',
      why: 'A batch of 1,000 is 50 answers; a sender that waits too long gives up, sends it again, and in the end stops.',
      platform:
        'Time-outs are not documented; here a callback has 10 s. Campaign Monitor gives a webhook up after a week of errors.',
      basis: 'assumption',
      fix: 'Put the notification on disk or in a queue, answer, and work then.',
      steps: [
        {
          repeat: { times: 100, atMostMs: 5000 },
          steps: [{ send: one }],
          expect: { p99Ms: answerWithinMs },
        },
      ],
    },
  ];
}

/** How many addresses one notification of a removal names. */
const removedAtOnce = 20;

/**
 * What has those leave again who were made up for checks: a deactivation for each.
 * @param addresses theirs
 * @param date of the deactivations, as Campaign Monitor writes it: newer than all that was sent
 * @param timeoutMs how long it may take in all
 */
export function removalOf(addresses: readonly string[], date: string, timeoutMs: number): Scenario {
  const deliveries: WrittenSource[] = [];
  for (let first = 0; first < addresses.length; first += removedAtOnce) {
    const events = addresses.slice(first, first + removedAtOnce).map((address) => deactivated(address, date));
    deliveries.push({ delivery: { ListID: list, Events: events } });
  }
  return scenario({ name: 'removal', timeoutMs, steps: deliveries.map((send) => ({ send })) });
}

/** What shows how long a callback takes for its work, where no check has shown it yet. */
export const oneSubscription: Scenario = scenario({
  name: 'how long it takes',
  timeoutMs: 30_000,
  steps: [{ send: subscriptionOf('pace'), expect: { kept: addressOf('pace'), probe: 1 } }],
});

/**
 * Two contacts between which a third one stands, by its address and by its date, in whatever order a page has them.
 * @param address the third one's
 */
export function neighboursOf(address: string): Scenario {
  const at = address.lastIndexOf('@');
  const one = (more: string, Date: string): WrittenSteps[number] => {
    const EmailAddress = address.slice(0, at) + more + address.slice(at);
    const send = { delivery: { ListID: list, Events: [{ ...subscribe, EmailAddress, Date }] } };
    return { send, expect: { status: 'any', kept: EmailAddress } };
  };
  const steps = [one('-w', '2026-01-15 08:00:00'), one('w', '2026-01-15 10:00:00')];
  return scenario({ name: 'its neighbours', timeoutMs: 30_000, steps });
}
