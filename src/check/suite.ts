/** docs/check.md has the checks in a table, which a test compares with this file. */
import { scenario, type Scenario, type WrittenScenario } from './scenario.ts';

export type Basis =
  /** Documents or captures of the vendors. */
  | 'documented'
  /** This tool's assumption, see docs/assumptions.md. */
  | 'assumption';

export interface Check {
  readonly id: string;
  readonly title: string;
  readonly why: string;
  readonly platform: string;
  readonly basis: Basis;
  readonly fix: string;
  readonly needsKey: boolean;
  readonly scenario: Scenario;
}

type WrittenSteps = WrittenScenario['steps'];
type WrittenSource = { readonly delivery: { ListID: string; Events: Record<string, unknown>[] } };

interface Written extends Omit<Check, 'needsKey' | 'scenario'> {
  readonly needsKey?: true;
  readonly timeoutMs?: number;
  readonly steps: WrittenSteps;
}

const one = { sample: 'Subscribe' } as const;

function retryAfter(wait: number, attempt: Partial<WrittenSteps[number]>): WrittenSteps {
  return [
    { name: 'the attempt', send: one, ...attempt },
    { wait },
    { name: 'the retry', send: { again: 'the attempt' }, expect: { probe: 1 } },
  ];
}

/** As Campaign Monitor documents it. */
const subscribe = {
  CustomFields: [{ Key: 'website', Value: 'http://example.org' }],
  Date: '2026-01-15 09:30:00',
  EmailAddress: 'ada.{{run}}.first@example.org',
  Name: 'Ada Sample',
  SignupIPAddress: '192.0.2.7',
  Type: 'Subscribe',
};
const list = '96c0bbdaa54760c8d9e62a2b7ffa2e13';

function addressOf(who: string): string {
  return `${who}.{{run}}@example.org`;
}

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

function scriptsOf(who: string, name: string): WrittenSource {
  const event = { ...subscribe, CustomFields: [], EmailAddress: `scripts-${who}.{{run}}@пример.example`, Name: name };
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

/** In this order, since basic abilities of a callback come first. */
export function checksFor({ answerWithinMs }: { readonly answerWithinMs: number }): Check[] {
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
      title: 'Accepts a relay notification',
      why: 'This is what the relay sends to your callback: the envelope, one event object, and the Campaign Monitor body as message.raw.',
      platform: 'Open Connectors posts this envelope. How a Subscribe event maps to an event object is undocumented.',
      basis: 'assumption',
      fix: 'Answer a JSON POST with 2xx right away, and process message.events.',
      steps: [{ name: 'one event', send: one, expect: { withinMs: answerWithinMs, probe: 1 } }],
    },
    {
      id: 'platform-notification',
      title: 'Accepts a platform notification',
      why: 'On the platform, IDs aren’t 0, the instance name is HTML-escaped, tags are set, and event objects have more fields.',
      platform:
        'Seen in two captured notifications: some events have pollDate, newPath, and both instance_id and instanceId.',
      basis: 'documented',
      fix: 'Read the fields you need and ignore the ones you don’t know.',
      steps: [{ name: 'one event', send: one, as: 'platform', expect: { probe: 1 } }],
    },
    {
      id: 'older-shape',
      title: 'Accepts the older notification format',
      why: 'The platform still documents {"eventId","instanceId","response":{"events":[…]},"notificationId"}. A handler that reads message.events can’t process this format.',
      platform: 'An older or asynchronous format, documented next to the current one.',
      basis: 'documented',
      fix: 'If the body has no "message", look for "response". Answer 2xx even if you don’t process the notification.',
      steps: [{ name: 'one event', send: one, as: 'older' }],
    },
    {
      id: 'event-types',
      title: 'Updates and deactivations',
      why: 'Subscribers change their details or leave the list, even those your callback has never seen.',
      platform: 'Update and Deactivate become UPDATED and DELETED.',
      basis: 'assumption',
      fix: 'Accept an update or deactivation even if you don’t know the address.',
      steps: [
        { name: 'an update', send: { sample: 'Update' } },
        { name: 'a deactivation', send: { sample: 'Deactivate' } },
      ],
    },
    {
      id: 'quotes',
      title: 'Quotes in names and addresses',
      why: "O'Brien is a valid name and o'brien+news@… a valid address. Code that builds SQL or HTML by joining strings breaks on such values and allows injection.",
      platform: 'As far as is known, names and addresses arrive exactly as typed.',
      basis: 'assumption',
      fix: 'Pass values to your database as parameters, and escape everything you display.',
      steps: [
        {
          name: 'an apostrophe, quotes, and HTML and SQL special characters',
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
          // The part before it may be shown escaped.
          expect: { kept: 'quotes.{{run}}@example.org', probe: 1 },
        },
      ],
    },
    {
      id: 'every-event',
      title: 'All events in a notification',
      why: 'A notification holds up to 20 events. A handler that reads only the first loses 19 of 20.',
      platform: 'A webhook notification holds at most 20 event objects.',
      basis: 'documented',
      fix: 'Process every entry of message.events, not just message.events[0].',
      steps: [{ name: '20 events', send: { sample: 'Subscribe', events: 20 }, expect: { probe: 20 } }],
    },
    {
      id: 'same-event-twice',
      title: 'The same eventId twice',
      why: 'Delivery is at least once: an acknowledged notification may arrive again with the same bytes.',
      platform: 'Retries keep message.eventId. Campaign Monitor doesn’t send an ID.',
      basis: 'assumption',
      fix: 'Store each message.eventId in the same transaction as your changes, and skip any you already have.',
      steps: [{ name: 'one event, twice', send: one, trouble: ['twice'], expect: { probe: 1 } }],
    },
    {
      id: 'same-event-at-once',
      title: 'The same eventId twice at once',
      why: 'Two workers may receive the same notification before either has written anything.',
      platform: 'Undocumented. A retry after a timeout may overlap with a first attempt that’s still running.',
      basis: 'assumption',
      fix: 'Add a unique constraint on eventId or address so that the database rejects the second insert. Checking beforehand isn’t enough.',
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
      why: 'A proxy or gateway may answer 500 even though your callback did its work. The sender then tries again.',
      platform:
        '5xx is retried. SAP retries five times, after 8 s to 9 h. By default, the relay retries after 1, 2, 4, 8, and 16 s.',
      basis: 'documented',
      fix: 'Treat the second notification as already processed: its eventId is the same. If your own code failed, undo its partial changes.',
      steps: retryAfter(1000, { expect: { status: 'any' } }),
    },
    {
      id: 'retry-after-timeout',
      title: 'A retry after a timeout',
      why: 'The sender stops waiting while your handler is still working, and then retries.',
      platform: 'Timeouts are retried. The platform’s timeout is undocumented; the relay’s is 10 s by default.',
      basis: 'assumption',
      fix: 'Answer first, and then work from a queue on disk. Skip any eventId you already have.',
      steps: retryAfter(500, { trouble: ['unanswered'] }),
    },
    {
      id: 'large-batch',
      title: 'A batch of 1,000 events in 50 parts',
      why: 'An import arrives in deliveries of up to 1,000 events. A delivery of 1,000 becomes 50 notifications, and each notification repeats the whole body of about 300 kB.',
      platform: 'Notifications are split into parts of 20 events. Each part contains the whole raw body.',
      basis: 'documented',
      fix: 'Raise the body size limit (in Express, express.json({ limit: "10mb" }); the default is 100 kB), and answer before you process.',
      timeoutMs: 120_000,
      steps: [{ name: '1,000 events', send: { sample: 'Subscribe', events: 1000 }, expect: { probe: 1000 } }],
    },
    {
      id: 'parts-out-of-order',
      title: 'Parts out of order',
      why: 'A retried part arrives after parts that were sent later.',
      platform: 'The order is undocumented.',
      basis: 'assumption',
      fix: 'Process each part on its own. Parts aren’t numbered, so don’t make one part wait for another.',
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
      title: 'Details of each event',
      why: 'Each part contains the whole body, so the details of its first event may be far into message.raw.',
      platform: 'Each part repeats the whole raw body.',
      basis: 'documented',
      fix: 'Find the event in message.raw.Events by type and address, not by its position in message.events.',
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
      why: 'When the subscription is retried, the update arrives first. It’s newer and must not be lost.',
      platform: 'The order is undocumented.',
      basis: 'assumption',
      fix: 'Compare dates so that the older subscription doesn’t overwrite the update. Create the contact if you don’t know the address of an update.',
      steps: [
        { name: 'an update at 09:31', send: updateOf('first', '2026-01-15 09:31:00', 'Newer {{run}} first') },
        {
          name: 'the subscription at 09:30',
          send: subscriptionOf('first'),
          expect: { kept: [addressOf('first'), 'Newer {{run}} first'], probe: 1 },
        },
      ],
    },
    {
      id: 'older-update-late',
      title: 'An older update that arrives late',
      why: 'A retried update arrives after a newer one and must not overwrite it.',
      platform: 'The order is undocumented, but each event has a date.',
      basis: 'assumption',
      fix: 'Compare the event’s date with the date of the last event you applied for the address, and skip older events.',
      steps: [
        { name: 'the subscription at 09:30', send: subscriptionOf('older') },
        { name: 'an update at 09:32', send: updateOf('older', '2026-01-15 09:32:00', 'Newer {{run}} older') },
        {
          name: 'an update at 09:31, late',
          send: updateOf('older', '2026-01-15 09:31:00', 'Outdated {{run}} older'),
          expect: { kept: [addressOf('older'), 'Newer {{run}} older'], probe: 1 },
        },
      ],
    },
    {
      id: 'older-event-late',
      title: 'An older deactivation that arrives late',
      why: 'Someone leaves and rejoins within an hour. If the deactivation is retried and arrives last, it must not remove the contact.',
      platform: 'The order is undocumented, but each event has a date.',
      basis: 'assumption',
      fix: 'Compare the event’s date with the date of the last event you applied for the address, and skip older events.',
      steps: [
        { name: 'the subscription at 09:30', send: subscriptionOf('late') },
        {
          name: 'a deactivation at 08:30, late',
          send: deactivationOf('late', '2026-01-15 08:30:00'),
          expect: { probe: 1 },
        },
      ],
    },
    {
      id: 'older-subscription-late',
      title: 'An older subscription that arrives late',
      why: 'A retried subscription arrives after later events. It must not bring back someone who left, or restore an old name.',
      platform: 'The order is undocumented, but each event has a date.',
      basis: 'assumption',
      fix: 'Keep the address and date of people who left, and skip every older event, including subscriptions.',
      steps: [
        { name: 'the subscription at 09:30', send: subscriptionOf('left'), expect: { probe: 1 } },
        {
          name: 'a deactivation at 09:32',
          send: deactivationOf('left', '2026-01-15 09:32:00'),
          expect: { probe: 'after <= before' },
        },
        {
          name: 'a subscription at 09:31, late',
          send: subscriptionOf('left', '2026-01-15 09:31:00'),
          expect: { probe: 'after <= before' },
        },
      ],
    },
    {
      id: 'leaves-and-returns',
      title: 'Someone who leaves and returns',
      why: 'People who unsubscribe must not get any more mail. If they rejoin, they expect to get mail again.',
      platform: 'When someone becomes active again, Campaign Monitor most likely sends Subscribe.',
      basis: 'assumption',
      fix: 'On deactivation, remove the contact or mark it so that it’s no longer counted. Restore it when a newer subscription arrives.',
      steps: [
        { name: 'the subscription at 09:30', send: subscriptionOf('back'), expect: { probe: 1 } },
        {
          name: 'a deactivation at 09:31',
          send: deactivationOf('back', '2026-01-15 09:31:00'),
          expect: { probe: -1 },
        },
        {
          name: 'a subscription at 09:32',
          send: subscriptionOf('back', '2026-01-15 09:32:00'),
          expect: { kept: addressOf('back'), probe: 1 },
        },
      ],
    },
    {
      id: 'same-minute',
      title: 'Two updates in the same minute',
      why: 'Dates are accurate only to the minute: two corrections in the same minute arrive as two events with the same date. The second event counts.',
      platform: 'Every date in the Campaign Monitor documentation ends in :00.',
      basis: 'assumption',
      fix: 'Skip an event only if its date is older, not if it’s the same. Detect duplicates by eventId, not by address or date.',
      steps: [
        { name: 'the subscription at 09:30', send: subscriptionOf('minute') },
        {
          // Wait for its effect before the next: else nothing decides which of them wins.
          name: 'an update at 09:31',
          send: updateOf('minute', '2026-01-15 09:31:00', 'Outdated {{run}} minute'),
          expect: { kept: [addressOf('minute'), 'Outdated {{run}} minute'], probe: 1 },
        },
        {
          name: 'another update at 09:31',
          send: updateOf('minute', '2026-01-15 09:31:00', 'Newer {{run}} minute'),
          expect: { kept: [addressOf('minute'), 'Newer {{run}} minute'], probe: 0 },
        },
      ],
    },
    {
      id: 'one-address-twice',
      title: 'One address twice in a notification',
      why: 'When people subscribe and correct their name right away, both events may share a delivery. Each has its own details.',
      platform: 'Events of a list are sent together. Whether an address can appear twice is undocumented.',
      basis: 'assumption',
      fix: 'Find the event in message.raw.Events by both type and address, and process events in order.',
      steps: [
        {
          name: 'a subscription at 09:30 and an update at 09:31',
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
      title: 'A changed address',
      why: 'objectId is the new address, which you don’t know yet. Your contact is stored under the old one.',
      platform: 'An Update contains OldEmailAddress; objectId is the new address.',
      basis: 'assumption',
      fix: 'Find the contact by OldEmailAddress in message.raw, and change its address.',
      steps: [
        { name: 'the subscription at 09:30', send: subscriptionOf('before') },
        {
          name: 'an update at 09:31 to another address',
          send: updateOf('after', '2026-01-15 09:31:00', 'Ada Sample', 'before'),
          expect: { kept: addressOf('after'), probe: 1 },
        },
      ],
    },
    {
      id: 'changed-address-first',
      title: 'An address that changes before its subscription arrives',
      why: 'When the subscription is retried, the address change arrives first. The old address must not become a second contact.',
      platform: 'The order is undocumented, but each event has a date.',
      basis: 'assumption',
      fix: 'Keep the date of each address change, and skip older events for the old address.',
      steps: [
        {
          name: 'an update at 09:31 to another address',
          send: updateOf('changed', '2026-01-15 09:31:00', 'Ada Sample', 'former'),
        },
        {
          name: 'the subscription at 09:30, with the old address',
          send: subscriptionOf('former'),
          expect: { kept: addressOf('changed'), probe: 1 },
        },
      ],
    },
    {
      id: 'unknown-address',
      title: 'Deactivation of an unknown address',
      why: 'A list can have subscribers who aren’t in your contacts. Don’t mistake “not found” for another contact: indexOf returns -1, and splice then removes the last contact.',
      platform: 'You get events for every subscriber on the list, no matter when they joined.',
      basis: 'documented',
      fix: 'If you don’t find the address, change nothing and answer 2xx.',
      steps: [
        { name: 'someone’s subscription', send: subscriptionOf('stays') },
        {
          name: 'someone else’s deactivation',
          send: deactivationOf('stranger', '2026-01-15 09:31:00'),
          expect: { kept: addressOf('stays'), probe: 1 },
        },
      ],
    },
    {
      id: 'unknown-type',
      title: 'An unknown event type',
      why: 'Vendors add event types. If you answer 500, the sender retries the whole notification and finally gives up on all its events.',
      platform:
        'Any type other than Subscribe, Update, and Deactivate becomes UNKNOWN. The value UNKNOWN is documented, but this mapping isn’t.',
      basis: 'assumption',
      fix: 'Skip an unknown eventType, process the others, and answer 2xx.',
      steps: [
        {
          name: 'one unknown and one known event',
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
      title: 'A missing field',
      why: 'Names and custom fields may be empty, and optional fields may be missing.',
      platform: 'Name may be "" and CustomFields []. Missing fields are undocumented.',
      basis: 'assumption',
      fix: 'Check values before you use them. If you can’t use an event, log it and answer 2xx or 4xx; don’t throw. Never create a contact without an address.',
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
      title: 'An address in different letter case',
      why: 'To Campaign Monitor, Ada@Example.org and ada@example.org are the same subscriber. Don’t create two contacts.',
      platform: 'Addresses arrive as typed.',
      basis: 'assumption',
      fix: 'Compare addresses in lowercase, and add a unique constraint on the lowercase form.',
      steps: [
        { name: 'a subscription with a lowercase address', send: subscriptionOf('case') },
        {
          name: 'an update with a capital letter in the address',
          send: updateOf('Case', '2026-01-15 09:31:00', 'Cased {{run}}'),
          expect: { kept: [addressOf('case'), 'Cased {{run}}'], probe: 1 },
        },
        {
          name: 'another subscription with capital letters in the address',
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
      why: 'Text is UTF-8, and network packets can split its characters. A handler that decodes each chunk, or uses Latin-1, corrupts names and signatures.',
      platform: 'JSON in UTF-8.',
      basis: 'documented',
      fix: 'Join the bytes, and then decode them as UTF-8. Sign and compare bytes, not text.',
      steps: [
        {
          name: 'a Cyrillic address and a name in four scripts, sent in pieces',
          send: scriptsOf('анна', '陽子 👩‍💻 Müller-Lüdenscheidt Олена Ковальчук-Шевченко אורלי בן־דוד {{run}}'),
          trouble: [{ slow: 300 }],
          // The host of the address may be shown in ASCII, so look only for the part before it.
          expect: { kept: ['scripts-анна.{{run}}@', 'Олена Ковальчук-Шевченко אורלי בן־דוד {{run}}'], probe: 1 },
        },
        {
          name: 'another address of the same length',
          send: scriptsOf('инна', 'Инна'),
          expect: { probe: 1 },
        },
      ],
    },
    {
      id: 'exact-bytes',
      title: 'A signature over the exact bytes',
      why: 'The Campaign Monitor body is passed on byte for byte, including spaces, escapes, and order. If you parse and reserialize the body, its text and signature change.',
      platform: 'HMAC-SHA256 over the raw bytes, base64.',
      basis: 'documented',
      fix: 'Keep the raw body (in Express, express.raw({ type: "*/*" })), verify the signature over it, and only then parse the JSON.',
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
      why: 'Your callback is public, and anyone can post to it. Only the signature shows that a notification comes from the platform.',
      platform: 'Elements-Webhook-Signature: sha256=<base64>, if the instance has a signature key.',
      basis: 'documented',
      fix: 'Compute the HMAC over the raw bytes, compare it in constant time (crypto.timingSafeEqual), and answer 401 if it doesn’t match.',
      needsKey: true,
      steps: [
        {
          name: 'signed with another key',
          send: one,
          trouble: ['wrong-signature'],
          expect: { status: '4xx', probe: 0 },
        },
      ],
    },
    {
      id: 'signature-missing',
      title: 'No signature',
      why: 'If you skip the check when the header is missing, anyone can bypass the check by omitting the header.',
      platform: 'The header is sent whenever the instance has a signature key.',
      basis: 'documented',
      fix: 'Answer 401 if the signature is missing, just as you do if it’s wrong.',
      needsKey: true,
      steps: [{ name: 'unsigned', send: one, trouble: ['unsigned'], expect: { status: '4xx', probe: 0 } }],
    },
    {
      id: 'signature-old',
      title: 'An old signature',
      why: 'Anyone who has seen a notification knows a valid signature for another body. Until 2017, platforms sent sha1=, which can mislead a check.',
      platform: 'The signature covers the exact bytes. sha1= was sent until 2017.',
      basis: 'documented',
      fix: 'Compute the HMAC of each body you receive. Accept only sha256=, or verify sha1= just as strictly.',
      needsKey: true,
      steps: [
        { name: 'the signature of another body', send: one, trouble: ['old-signature'], expect: { status: '4xx' } },
        {
          name: 'sha1= with another key',
          send: one,
          trouble: ['wrong-sha1-signature'],
          expect: { status: '4xx', probe: 0 },
        },
      ],
    },
    {
      id: 'signature-part',
      title: 'A partial signature',
      why: 'A check that compares only the beginning of the signature accepts sha256= from anyone.',
      platform: 'Elements-Webhook-Signature: sha256=<base64>, 44 characters after the equals sign.',
      basis: 'documented',
      fix: 'Compare the whole header with the whole signature. Check the length first, because crypto.timingSafeEqual requires equal lengths.',
      needsKey: true,
      steps: [
        { name: 'sha256= only', send: one, trouble: ['empty-signature'], expect: { status: '4xx' } },
        {
          name: 'the beginning of the right signature',
          send: one,
          trouble: ['cut-signature'],
          expect: { status: '4xx' },
        },
        {
          name: 'the right signature with a different end',
          send: one,
          trouble: ['other-end-signature'],
          expect: { status: '4xx', probe: 0 },
        },
      ],
    },
    {
      id: 'tampered',
      title: 'A body changed in transit',
      why: 'Anyone who can change an address in the body can change your contacts.',
      platform: 'The signature covers the exact bytes.',
      basis: 'documented',
      fix: 'Verify the signature over the received bytes before you use them.',
      needsKey: true,
      steps: [{ name: 'one changed letter', send: one, trouble: ['tampered'], expect: { status: '4xx', probe: 0 } }],
    },
    {
      id: 'slow-body',
      title: 'A body that arrives slowly',
      why: 'A large body on a slow connection takes several seconds. Neither your handler nor the server in front of it should give up early.',
      platform: 'Undocumented. Each part of a full batch is up to 300 kB.',
      basis: 'assumption',
      fix: 'Allow about 10 s for a request body.',
      steps: [{ name: 'spread over 3 s', send: one, trouble: [{ slow: 3000 }], expect: { probe: 1 } }],
    },
    {
      id: 'cut-connection',
      title: 'A connection that breaks off mid-body',
      why: 'An incomplete body isn’t a notification. Partial changes must not block the retry.',
      platform: 'A broken connection is retried.',
      basis: 'assumption',
      fix: 'Wait for the whole body before you process it, and store the eventId together with your changes, not earlier.',
      steps: retryAfter(200, { trouble: ['cut'] }),
    },
    {
      id: 'twenty-at-once',
      title: '20 notifications at once',
      why: 'Notifications for several lists and instances, and retries, can arrive at the same time.',
      platform: 'It’s undocumented whether the platform waits for an answer before it sends the next notification.',
      basis: 'assumption',
      fix: 'Make anything shared between requests (a file, a connection, a counter) safe for concurrent use.',
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
      title: 'How fast your callback answers',
      why: 'A batch of 1,000 events arrives as 50 notifications, and each needs an answer. A sender that waits too long gives up, retries, and eventually stops sending.',
      platform:
        'The platform’s timeout is undocumented; the relay’s is 10 s by default. Campaign Monitor deactivates a webhook after a week of errors.',
      basis: 'assumption',
      fix: 'Save the notification to disk or a queue, answer, and then process it.',
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

const removedAtOnce = 20;

export function removalOf(addresses: readonly string[], date: string, timeoutMs: number): Scenario {
  const deliveries: WrittenSource[] = [];
  for (let first = 0; first < addresses.length; first += removedAtOnce) {
    const events = addresses.slice(first, first + removedAtOnce).map((address) => deactivated(address, date));
    deliveries.push({ delivery: { ListID: list, Events: events } });
  }
  return scenario({ name: 'removal', timeoutMs, steps: deliveries.map((send) => ({ send })) });
}

export const oneSubscription: Scenario = scenario({
  name: 'how long it takes',
  timeoutMs: 30_000,
  steps: [{ send: subscriptionOf('pace'), expect: { kept: addressOf('pace'), probe: 1 } }],
});

/** Two contacts that sort before and after a third, in ASCII so that a callback that corrupts the third shows them. */
export function neighborsOf(address: string): Scenario {
  const at = address.search(/-?[^\0-\x7f]|@[^@]*$/u);
  const one = (more: string, Date: string): WrittenSteps[number] => {
    const EmailAddress = `${address.slice(0, at)}${more}.{{run}}@example.org`;
    const send = { delivery: { ListID: list, Events: [{ ...subscribe, EmailAddress, Date }] } };
    return { send, expect: { status: 'any', kept: EmailAddress } };
  };
  const steps = [one('-w', '2026-01-15 08:00:00'), one('w', '2026-01-15 10:00:00')];
  return scenario({ name: 'its neighbors', timeoutMs: 30_000, steps });
}
