/** Judges what is assumed of Campaign Monitor, by what it posted and answered. */
import { isDeepStrictEqual } from 'node:util';
import { readPayload, textField } from '../../campaign-monitor/payload.ts';
import { duration } from '../terminal/text.ts';
import { addressOf, canonical, headerOf, places } from './evidence.ts';
import type { Delivery, Evidence } from './evidence.ts';
import type { Received } from './listener.ts';
import { tellable, tellableNames } from './tellable.ts';
import {
  confirmed,
  gapsOf,
  gapWords,
  judgeSchedule,
  latest,
  open,
  refuted,
  scheduleOf,
  watchedAfter,
} from './verdict.ts';
import type { Correction, Verdict } from './verdict.ts';

/** What the sandbox assumes of Campaign Monitor, in milliseconds. */
const assumedSchedule = [1000, 5000, 30_000];
const assumedTimeoutMs = 10_000;
/** What the network may add to it. */
const timeoutToleranceMs = 500;

const quarterHour = 900_000;

/** Attempts that fail alike are not further apart than this, in milliseconds. */
const apartMs = 1000;

/** Judges the zone of dates by the account's clock; the offset is rounded to quarters of an hour. */
export function judgeDateZone({ json, seen: { joined, people } }: Evidence): Verdict {
  const event = json.flatMap(({ events }) => events).find((each) => addressOf(each) === people.steady);
  const date = vendorTime(event === undefined ? null : textField(event, 'Date'));
  const clock = vendorTime(joined?.systemDate ?? null);
  if (joined === null || date === null || clock === null) return open('no date was received that could be compared');
  const offsetOf = (time: number): number => Math.round((time - joined.at) / quarterHour) * quarterHour;
  const [offset, account] = [offsetOf(date), offsetOf(clock)];
  const hours = offset / 3_600_000;
  const isSettable = Number.isInteger(hours) && offset !== 0 && hours >= -12 && hours <= 14;
  const needsWords = offset !== 0 && !isSettable;
  const zone = `${offsetWords(offset)}${needsWords ? " (set the relay's timeZone to a zone with this offset)" : ''}`;
  const correction: readonly Correction[] = isSettable
    ? // The sign of these names is the other way round (IANA time zone database, "etcetera").
      [{ of: 'relay', change: { timeZone: `Etc/GMT${hours > 0 ? '-' : '+'}${Math.abs(hours)}` } }]
    : [];
  return offset === account
    ? confirmed(`dates are ${zone}, as the account's clock is`, ...correction)
    : refuted(
        `dates are ${zone}, and the account's clock is ${duration(Math.abs(account - offset))} away`,
        ...correction,
      );
}

/** Such as UTC+5:30. @param offset in milliseconds */
function offsetWords(offset: number): string {
  const minutes = Math.abs(offset) / 60_000;
  const rest = minutes % 60 === 0 ? '' : `:${String(minutes % 60).padStart(2, '0')}`;
  return offset === 0 ? 'UTC' : `UTC${offset > 0 ? '+' : '-'}${Math.floor(minutes / 60)}${rest}`;
}

/** A date of the vendor's, read as if it were UTC; null where it is none. */
function vendorTime(text: string | null): number | null {
  const [, day, clock = '00:00:00'] =
    /^(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d(?::\d\d)?))?$/.exec(text?.trim() ?? '') ?? [];
  const time = day === undefined ? NaN : Date.parse(`${day}T${clock.length === 5 ? `${clock}:00` : clock}Z`);
  return Number.isNaN(time) ? null : time;
}

/** Judges the shape of XML: it is to be read as the very events that came as JSON. */
export function judgeXml({ xml, ownEvents: own, seen }: Evidence): Verdict {
  const posts = seen.received.filter(({ place }) => place === places.xml);
  const [first] = posts;
  if (first === undefined) return open('no XML was received');
  const form = `elements: ${tellableNames(elementNames(first.body.toString('utf8')))}`;
  if (xml.length === 0) return refuted(`no delivery could be read; ${form}`);
  const isRead = ({ listId, events }: Delivery): boolean =>
    listId === seen.listId && events.every((event) => own.has(canonical(event)));
  const unlike = xml.filter((each) => !isRead(each));
  return unlike.length === 0
    ? confirmed(`read as what JSON says; ${form}`)
    : refuted(`${unlike.length} of ${xml.length} deliveries are read as something else than JSON says; ${form}`);
}

function elementNames(text: string): string[] {
  return [...text.slice(0, 65_536).matchAll(/<([A-Za-z_][\w.:-]{0,60})/g)].map(([, name = '']) => name);
}

/** Judges whether one POST has several types; that none had is no proof. */
export function judgeMixedTypes({ json }: Evidence): Verdict {
  const types = ({ events }: Delivery): string[] => [...new Set(events.map((event) => textField(event, 'Type') ?? ''))];
  const mixed = json.map(types).filter(({ length }) => length > 1);
  if (json.length === 0) return open('no delivery was received');
  return mixed.length > 0
    ? confirmed(`one POST had ${tellableNames(mixed.flat())}`)
    : open(
        `not seen in ${json.length} deliveries, of which the largest had ${Math.max(...json.map(({ events }) => events.length))} events`,
      );
}

/** Judges what the test call posts. */
export function judgeTestCall({ seen: { testCall } }: Evidence): Verdict {
  if (testCall === null) return open('no test call was made');
  const { received, failed } = testCall;
  if (received === null)
    return open(failed ? 'Campaign Monitor says that the call failed, and nothing came' : 'nothing came');
  const body = received.body.toString('utf8').trim();
  const payload = readPayload(received.body, headerOf(received, 'content-type'));
  const sandbox = (testBody: string): Correction => ({ of: 'sandbox', path: '/settings', change: { testBody } });
  if (body === '') return confirmed('an empty body', sandbox('empty'));
  switch (payload.kind) {
    case 'test':
      return /ListID/.test(body)
        ? confirmed('an object with the list and no events', sandbox('no-events'))
        : confirmed('an object without list and events', sandbox('empty-object'));
    case 'events':
      return confirmed(
        `an example of ${tellableNames(payload.events.map((event) => textField(event, 'Type') ?? ''))}`,
        sandbox('examples'),
      );
    case 'rejected':
      return refuted('something that is neither a delivery nor empty: the relay answers it with 400', sandbox('text'));
  }
}

interface Failing {
  readonly name: string;
  readonly attempts: readonly Received[];
  /** Whether it was retried; null where that could not be seen. */
  readonly isRetried: boolean | null;
}

/** Every way in which deliveries failed, and whether they were retried. */
function failuresIn(evidence: Evidence): readonly Failing[] {
  const { failing, people } = evidence.seen;
  if (failing === null) return [];
  const { reopenedAt } = failing;
  const attemptsAt = (place: string): readonly Received[] => evidence.attemptsFor(place, people.failing);
  const answered = [places.serverError, places.notFound].map(attemptsAt);
  const all = [...answered, attemptsAt(places.silent)];
  // A retry that comes after one gap elsewhere has had its time after three; one that comes nowhere, after all that are
  // assumed.
  const whole = latest(assumedSchedule.reduce((sum, pause) => sum + pause));
  const firstGaps = all.flatMap((attempts) => gapsOf(attempts).slice(0, 1));
  const longEnough = firstGaps.length > 0 ? 3 * Math.min(...firstGaps) : whole;
  const of = (name: string, attempts: readonly Received[]): Failing => {
    const [first] = attempts;
    if (attempts.length > 1) return { name, attempts, isRetried: true };
    // One that still waits for its answer has not failed yet.
    if (first === undefined || (first.answer.kind === 'hang' && first.waitedMs === null)) {
      return { name, attempts, isRetried: null };
    }
    const since = failing.at + failing.watchedMs - first.at - (first.waitedMs ?? 0);
    return { name, attempts, isRetried: since >= longEnough ? false : null };
  };
  const seen = [of('500', attemptsAt(places.serverError)), of('404', attemptsAt(places.notFound))];
  const silent = of('a time-out', attemptsAt(places.silent));
  const refused = attemptsAt(places.refused);
  if (reopenedAt === null) return [...seen, silent, of('a broken connection', refused)];
  // What was refused is seen by nobody. It fails as fast as what is answered: only where that was retried well after the
  // port was open again, it could have been seen.
  const wasTime = answered.some((attempts) => attempts.some(({ at }) => at > reopenedAt + apartMs));
  const isRetried = refused.length > 0 ? true : wasTime ? false : null;
  return [...seen, silent, { name: 'a refused connection', attempts: refused, isRetried }];
}

/** Judges whether what failed is sent again. */
export function judgeDeliveryRetries(evidence: Evidence): Verdict {
  const { failing } = evidence.seen;
  if (failing === null) return open('no delivery failed');
  const all = failuresIn(evidence);
  const names = (isRetried: boolean | null): string =>
    all
      .filter((each) => each.isRetried === isRetried)
      .map(({ name }) => name)
      .join(', ');
  const watched = duration(failing.watchedMs);
  const isNone = names(true) === '';
  if (isNone && (names(false) === '' || !all.slice(0, 2).every(({ isRetried }) => isRetried === false)))
    return open(`no retry within ${watched}: watch longer with --for`);
  const finding = [
    isNone ? 'not retried' : `retried after ${names(true)}`,
    ...(names(false) === '' ? [] : [`not within ${watched} after ${names(false)}`]),
    ...(names(null) === '' ? [] : [`not seen so far after ${names(null)}`]),
  ].join('; ');
  if (names(false) === '') return names(null) === '' ? confirmed(finding) : open(`${finding}: watch longer with --for`);
  return refuted(
    finding,
    ...(isNone || names(false) === '404'
      ? ([{ of: 'sandbox', path: '/settings', change: { retriedFailures: isNone ? 'none' : 'not-4xx' } }] as const)
      : []),
  );
}

/** Judges the pauses between retries after 500; those after other failures are told beside them. */
export function judgeDeliverySchedule(evidence: Evidence): Verdict {
  const attempts = evidence.attemptsFor(places.serverError, evidence.seen.people.failing);
  const gaps = gapsOf(attempts);
  const all = failuresIn(evidence);
  if (gaps.length === 0) {
    return all[0]?.isRetried === false
      ? refuted(`no retry after 500 within ${duration(evidence.seen.failing?.watchedMs ?? 0)}`)
      : open('no retry after 500 was seen: watch longer with --for');
  }
  const finding = all
    .filter((each) => each.attempts.length > 1)
    .map((each) => `after ${each.name}: ${gapWords(gapsOf(each.attempts))}`)
    .join('; ');
  return judgeSchedule(gaps, assumedSchedule, watchedAfter(attempts, evidence.watchedUntil), finding, {
    ...{ of: 'sandbox', path: '/settings', change: { retryDelaysMs: scheduleOf(gaps) } },
  });
}

/** Judges how long an answer is waited for; through a tunnel, the one who waits may be its provider. */
export function judgeDeliveryTimeout(evidence: Evidence): Verdict {
  const waited = evidence.at(places.silent).flatMap(({ waitedMs }) => (waitedMs === null ? [] : [waitedMs]));
  const [first] = waited;
  if (first === undefined) return open('Campaign Monitor still waited when the observation ended');
  const finding = `it waited ${duration(first)}`;
  if (evidence.seen.passage !== null) return open(`${finding}: through a tunnel, whose own time-out that may be`);
  return Math.abs(first - assumedTimeoutMs) <= timeoutToleranceMs
    ? confirmed(finding)
    : refuted(finding, {
        of: 'sandbox',
        path: '/settings',
        change: { deliveryTimeoutMs: Math.max(1, Math.min(first, 600_000)) },
      });
}

/** Headers by which a delivery could be told from another, or from a forged one. */
const telling = /signature|hmac|digest|(?:^|-)(?:event|delivery|webhook|message|request|idempotency)-?(?:id|key)$/i;

/** Judges whether a header could tell a delivery from another, or from a forged one. */
export function judgeHeaders({ posts, seen: { passage } }: Evidence): Verdict {
  if (posts.length === 0) return open('no delivery was received');
  const gained = passage === null ? [] : passage.headers;
  if (gained === null) return open('through a tunnel, and what it adds could not be told');
  const names = posts
    .flatMap(({ headers }) => headers.map(([name]) => name))
    .filter((name) => !gained.includes(name.toLowerCase()));
  const agents = posts.flatMap((each) => headerOf(each, 'user-agent') ?? []);
  const told = names.filter((name) => telling.test(name));
  const seen = `User-Agent: ${agents.length === 0 ? 'none' : tellableNames(agents)}; headers: ${tellableNames(names.map((name) => name.toLowerCase()))}`;
  return told.length === 0 ? confirmed(seen) : refuted(`there is ${tellableNames(told)}; ${seen}`);
}

/** Judges the vendor's words for a webhook that is active and one that is not. */
export function judgeWebhookStatus({ seen: { webhookStatus } }: Evidence): Verdict {
  if (webhookStatus === null) return open('no webhook was deactivated');
  const { active, inactive } = webhookStatus;
  const finding = `Active: "${tellable(active)}"; deactivated: "${tellable(inactive)}"`;
  const isActive = (word: string): boolean => word.toLowerCase() === 'active';
  return isActive(active) && !isActive(inactive) ? confirmed(finding) : refuted(finding);
}

/** Judges what somebody fires who comes back: the event after the Deactivate. */
export function judgeActiveAgain(evidence: Evidence): Verdict {
  const { importedAt } = evidence.seen;
  const { steady, renamed, returning } = evidence.seen.people;
  // The import changes the first one, too: what is fired from then on may be its.
  const before = (received: Received): boolean => importedAt === null || received.at < importedAt;
  const ways = [
    ['by an addition', evidence.eventsOf([steady, renamed], before)],
    ['by an update', evidence.eventsOf([returning])],
  ] as const;
  const seen = ways.flatMap(([way, events]) => {
    const left = events.findIndex((event) => textField(event, 'Type') === 'Deactivate');
    if (left === -1) return [];
    const back = events[left + 1];
    return [{ way, type: back === undefined ? null : (textField(back, 'Type') ?? '') }];
  });
  if (seen.every(({ type }) => type === null)) return open('nobody was seen to come back');
  const finding = seen.map(({ way, type }) => `${way}: ${type === null ? 'no event' : tellable(type)}`).join('; ');
  if (seen.every(({ type }) => type === null || type === 'Subscribe') && seen.some(({ type }) => type === null))
    return open(finding);
  if (seen.every(({ type }) => type === 'Subscribe')) return seen.length === 2 ? confirmed(finding) : open(finding);
  return refuted(
    finding,
    ...(seen.every(({ type }) => type === 'Update')
      ? [{ of: 'sandbox', path: '/settings', change: { activeAgain: 'Update' } } as const]
      : []),
  );
}

/** Judges how soon the API tells of a subscriber whom it has added. */
export function judgeReadable({ seen: { readableAfterMs } }: Evidence): Verdict {
  if (readableAfterMs === null) return open('no subscriber was added');
  if (readableAfterMs === 'never') return open('a subscriber could not be read as long as was waited');
  if (readableAfterMs === 0) return confirmed('at once');
  return refuted(`after ${duration(readableAfterMs)}`, {
    of: 'sandbox',
    path: '/settings',
    change: { readableAfterMs },
  });
}

/** Judges the order of events by one subscriber who joined, changed and left. */
export function judgeOrder({ json, seen: { people } }: Evidence): Verdict {
  const steady = [people.steady, people.renamed];
  const types = json
    .flatMap(({ events }) => events)
    .filter((event) => steady.includes(addressOf(event) ?? ''))
    .map((event) => textField(event, 'Type'));
  if (types.length < 3) return open('too few events were received');
  const finding = `an addition, an update, and an unsubscription arrived as ${types
    .slice(0, 3)
    .map((type) => tellable(type ?? ''))
    .join(', ')}`;
  return isDeepStrictEqual(types.slice(0, 3), ['Subscribe', 'Update', 'Deactivate'])
    ? confirmed(finding)
    : refuted(finding);
}

/** Judges in how many POSTs an import comes. */
export function judgeBatching({ json, seen: { people } }: Evidence): Verdict {
  const inBatch = json
    .map(({ events }) => events.filter((event) => people.batch.includes(addressOf(event) ?? '')).length)
    .filter((count) => count > 0);
  const all = inBatch.reduce((sum, count) => sum + count, 0);
  if (all < people.batch.length) return open(`${all} of ${people.batch.length} imported subscribers were received`);
  const finding = `an import of ${people.batch.length} new subscribers came in ${inBatch.length === 1 ? 'one POST' : `${inBatch.length} POSTs`}`;
  return inBatch.length === 1 ? confirmed(finding) : refuted(finding);
}
