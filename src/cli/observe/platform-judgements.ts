/** Judges what is assumed of Open Connectors, by the notifications that an instance posted. */
import { isDeepStrictEqual } from 'node:util';
import { textField } from '../../campaign-monitor/payload.ts';
import type { VendorEvent } from '../../campaign-monitor/payload.ts';
import { retryDelays } from '../../common/retry-policies.ts';
import { defaultSettings } from '../../protocol/settings.ts';
import type { Mapping } from '../../protocol/settings.ts';
import { addressOf, canonical, places } from './evidence.ts';
import type { Evidence, Notification } from './evidence.ts';
import { duration } from '../terminal/text.ts';
import { isTellable, tellable, tellableNames } from './tellable.ts';
import {
  confirmed,
  fits,
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

const { mapping: assumedMapping, partSize: assumedPartSize } = defaultSettings();

/** Event objects may be of anything; those of the vendor's three types are looked at. */
const vendorTypes = Object.keys(assumedMapping.eventTypes);

function corrections(mapping: Partial<Mapping>): readonly Correction[] {
  return [
    { of: 'relay', change: { mapping } },
    { of: 'sandbox', path: '/open-connectors/settings', change: { mapping } },
  ];
}

/** Judges which `eventType` each of the vendor's types becomes. */
export function judgeEventTypes({ pairs }: Evidence): Verdict {
  const seen = new Map<string, Set<string>>();
  for (const { vendor, object } of pairs) {
    const type = textField(vendor, 'Type') ?? '';
    if (vendorTypes.includes(type)) seen.set(type, (seen.get(type) ?? new Set()).add(object.eventType));
  }
  if (seen.size === 0) return open('no notification could be matched with an event');
  const finding = [...seen].map(([type, made]) => `${type} → ${tellableNames(made)}`).join('; ');
  const differs = [...seen].some(([type, made]) => !isDeepStrictEqual([...made], [assumedMapping.eventTypes[type]]));
  if (differs) {
    const isOne = [...seen.values()].every(({ size }) => size === 1);
    const observed = Object.fromEntries([...seen].map(([type, [made = '']]) => [type, made]));
    const isSettable = isOne && Object.values(observed).every(isTellable);
    return refuted(
      finding,
      ...(isSettable ? corrections({ eventTypes: { ...assumedMapping.eventTypes, ...observed } }) : []),
    );
  }
  return seen.size === vendorTypes.length ? confirmed(finding) : open(`so far ${finding}`);
}

/** Judges `objectType`. */
export function judgeObjectType({ pairs, firstNotifications }: Evidence): Verdict {
  const objects =
    pairs.length > 0 ? pairs.map(({ object }) => object) : firstNotifications.flatMap(({ message }) => message.events);
  const seen = [...new Set(objects.map(({ objectType }) => objectType))];
  const [only = ''] = seen;
  if (seen.length === 0) return open('no event object was received');
  if (seen.length === 1 && only === assumedMapping.objectType) return confirmed(`always ${tellable(only)}`);
  return refuted(
    `objectType is ${tellableNames(seen)}`,
    ...(seen.length === 1 && isTellable(only) ? corrections({ objectType: only }) : []),
  );
}

/** Judges which field becomes `objectId`, also after a change of address. */
export function judgeObjectId({ pairs, seen: { people } }: Evidence): Verdict {
  if (pairs.length === 0) return open('no notification could be matched with an event');
  const isRenaming = (event: VendorEvent): boolean =>
    addressOf(event) === people.renamed && textField(event, 'OldEmailAddress') === people.steady;
  const isAlways = (field: string): boolean =>
    pairs.every(({ vendor, object }) => textField(vendor, field) === object.objectId);
  if (isAlways(assumedMapping.objectIdField)) {
    return pairs.some(({ vendor }) => isRenaming(vendor))
      ? confirmed('EmailAddress; after a change of address, the new one')
      : open('EmailAddress, but no change of address was seen');
  }
  const fields = Object.keys(pairs[0]?.vendor ?? {}).filter((field) => isAlways(field));
  const field = fields.find(isTellable);
  if (field !== undefined) return refuted(`the field ${tellable(field)}`, ...corrections({ objectIdField: field }));
  const isOldAddress = pairs.every(
    ({ vendor, object }) => object.objectId === (textField(vendor, 'OldEmailAddress') ?? addressOf(vendor)),
  );
  return refuted(isOldAddress ? 'EmailAddress; for an Update, the old one' : 'no field of the event has this value');
}

/** Judges how many event objects a notification has, by a delivery that is to be split. */
export function judgePartSize({ firstNotifications, json }: Evidence): Verdict {
  const most = Math.max(0, ...firstNotifications.map(({ message }) => message.events.length));
  const largest = Math.max(0, ...json.map(({ events }) => events.length));
  if (most === 0) return open('no event object was received');
  if (most > assumedPartSize && largest <= most) return refuted(`at least ${most} event objects in one notification`);
  if (most > assumedPartSize) {
    return refuted(`${most} event objects in one notification`, {
      of: 'relay',
      change: { partSize: Math.min(most, 1000) },
    });
  }
  if (largest <= most) return open(`no delivery was split; the largest had ${largest} events`);
  const finding = `a delivery of ${largest} events came as notifications of at most ${most}`;
  if (most === assumedPartSize) return confirmed(finding);
  return refuted(
    finding,
    { of: 'relay', change: { partSize: most } },
    { of: 'sandbox', path: '/open-connectors/settings', change: { partSize: most } },
  );
}

/** Judges whether `raw` is the vendor's body, by what our own webhook received of the same events. */
export function judgeRaw(evidence: Evidence): Verdict {
  const all = evidence.firstNotifications;
  if (all.length === 0) return open('no notification was received');
  const others = all.filter((each) => !evidence.isBody(each));
  const [other] = others;
  if (other === undefined)
    return confirmed(`in ${all.length} notifications, the body that our own webhook received, too`);
  return refuted(
    `raw is ${shapeOf(other.message.raw)}${others.length < all.length ? `, in ${others.length} of ${all.length} notifications` : ''}`,
    ...rawCorrection(evidence, all),
  );
}

function rawCorrection({ ownEvents: own }: Evidence, all: readonly Notification[]): readonly Correction[] {
  const make = (raw: 'event' | 'nothing'): readonly Correction[] => [
    { of: 'sandbox', path: '/open-connectors/settings', change: { raw } },
  ];
  if (all.every(({ message: { raw } }) => isEmpty(raw))) return make('nothing');
  return all.every(({ message: { raw } }) => raw !== undefined && own.has(canonical(raw))) ? make('event') : [];
}

function isEmpty(raw: unknown): boolean {
  return raw === undefined || raw === null || (typeof raw === 'object' && Object.keys(raw).length === 0);
}

function shapeOf(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value !== 'object') return `a ${typeof value}`;
  const names = Object.keys(value);
  return names.length === 0 ? 'an empty object' : `an object with ${tellableNames(names)}`;
}

/** Judges what is the same in each notification. */
export function judgeEnvelope({ firstNotifications, seen: { instance } }: Evidence): Verdict {
  const [first] = firstNotifications;
  if (first === undefined || instance === null) return open('no notification was received');
  const wanted = {
    severity: 'medium',
    action: 'create',
    topic: `instance-${instance.id}-campaignmonitor-events`,
    user: 'notifications@cloud-elements.com',
  } as const;
  const names = Object.keys(wanted) as (keyof typeof wanted)[];
  const others = names.filter((name) => firstNotifications.some((each) => each[name] !== wanted[name]));
  const [other] = others;
  return other === undefined
    ? confirmed('all four, in every notification')
    : refuted(`another value in ${others.join(', ')}`);
}

/** Judges what `Elements-Webhook-Id` holds. */
export function judgeWebhookId({ firstNotifications: all }: Evidence): Verdict {
  if (all.length === 0) return open('no notification was received');
  if (all.every(({ webhookId }) => webhookId === null)) return refuted('no notification has the header');
  if (all.every(({ webhookId, message }) => webhookId === message.eventId)) return confirmed('always the eventId');
  return all.every(({ webhookId, id }) => webhookId === id)
    ? refuted("the envelope's id", { of: 'sandbox', path: '/open-connectors/settings', change: { webhookId: 'id' } })
    : refuted('neither the eventId nor the id of the envelope');
}

/** Judges after which answers a notification is sent again. */
export function judgePlatformFailures(evidence: Evidence): Verdict {
  const { platformError, platformNotFound } = evidence.seen.people;
  const [after500, after404] = [platformError, platformNotFound].map((address) =>
    evidence.attemptsFor(places.platform, address),
  ) as [readonly unknown[], readonly unknown[]];
  if (after500.length === 0) return open('no notification was answered with 500');
  const words = (attempts: readonly unknown[]): string => (attempts.length > 1 ? 'retried' : 'not retried so far');
  const finding = `after 500: ${words(after500)}; after 404: ${after404.length === 0 ? 'not seen' : words(after404)}`;
  if (after500.length > 1) return confirmed(finding);
  return open(evidence.seen.instance?.policy === 'queue' ? underQueue : finding);
}

/** Under this policy what fails is queued at once [docs]. */
const underQueue = 'policy queue: not retried';

/** Judges the pauses between the retries of a notification. */
export function judgePlatformSchedule(evidence: Evidence): Verdict {
  const attempts = evidence.attemptsFor(places.platform, evidence.seen.people.platformError);
  const gaps = gapsOf(attempts);
  const silentMs = watchedAfter(attempts, evidence.watchedUntil);
  if (gaps.length === 0) {
    if (evidence.seen.instance?.policy === 'queue') return open(underQueue);
    return silentMs !== null && silentMs > latest(retryDelays.sap[0] ?? 0)
      ? refuted(`no retry within ${duration(silentMs)}`)
      : open('no retry was seen: watch longer with --for');
  }
  const finding = `retried after ${gapWords(gaps)}`;
  const sandbox: Correction = {
    of: 'sandbox',
    path: '/open-connectors/settings',
    change: { retryDelaysMs: scheduleOf(gaps) },
  };
  const relay: readonly Correction[] = fits(gaps, retryDelays['cloud-elements'])
    ? [{ of: 'relay', change: { retry: 'cloud-elements' } }]
    : [];
  return judgeSchedule(gaps, retryDelays.sap, silentMs, finding, ...relay, sandbox);
}

/** Judges whether a retry is the same notification. */
export function judgeEventIdOnRetry(evidence: Evidence): Verdict {
  const { platformError, platformNotFound } = evidence.seen.people;
  const retried = [platformError, platformNotFound]
    .map((address) => evidence.notifications.filter(({ received }) => received.body.includes(address)))
    .filter(({ length }) => length > 1);
  if (retried.length === 0) return open('no retry was seen: watch longer with --for');
  const isSame = (of: (each: Notification) => unknown): boolean =>
    retried.every(
      ([first, ...more]) => first !== undefined && more.every((each) => isDeepStrictEqual(of(each), of(first))),
    );
  if (!isSame(({ message }) => message.eventId)) {
    return refuted('each attempt has another eventId', {
      of: 'sandbox',
      path: '/open-connectors/settings',
      change: { eventIdOnRetry: 'new' },
    });
  }
  return isSame(({ received }) => received.body)
    ? confirmed('the same eventId and the same bytes')
    : refuted('the same eventId, but other bytes');
}

/** Judges whether notifications are in the instance's log by their `eventId`. */
export function judgeInstanceLog({ firstNotifications, seen: { instance } }: Evidence): Verdict {
  const logged = instance?.loggedIds;
  if (logged === undefined || logged === null) return open("the instance's log could not be read");
  const ids = firstNotifications.flatMap(({ message }) => (message.eventId === undefined ? [] : [message.eventId]));
  if (ids.length === 0 || logged.length === 0) return open('nothing to compare');
  const found = ids.filter((id) => logged.includes(id)).length;
  const finding = `${found} of ${ids.length} notifications are in the log by their eventId`;
  return found === ids.length ? confirmed(finding) : found === 0 ? refuted(finding) : open(finding);
}
