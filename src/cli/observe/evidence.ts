/** What an observation has seen, read: deliveries of Campaign Monitor, notifications of Open Connectors, and who is whom in them. */
import { z } from 'zod';
import { readPayload, textField } from '../../campaign-monitor/payload.ts';
import type { VendorEvent } from '../../campaign-monitor/payload.ts';
import { parseJson } from '../../common/parse-json.ts';
import { webhookIdHeader } from '../../open-connectors/signature.ts';
import type { FailurePolicy } from '../../open-connectors/delivery-queue.ts';
import type { Received } from './listener.ts';
import type { Passage } from './public-end.ts';

/** Where the vendors post to: each is a webhook's or the instance's URL. */
export const places = {
  json: 'observe-json',
  xml: 'observe-xml',
  serverError: 'observe-500',
  notFound: 'observe-404',
  silent: 'observe-silent',
  refused: 'observe-refused',
  platform: 'observe-open-connectors',
} as const;

/** The subscribers of an observation, by their addresses. */
export interface People {
  /** Joins, is renamed, leaves, comes back by an addition, and is imported again. */
  readonly steady: string;
  /** The same by another address. */
  readonly renamed: string;
  /** Joins, leaves, and comes back by an update. */
  readonly returning: string;
  /** Joins while some webhooks fail. */
  readonly failing: string;
  /** Their notifications are answered with 500, and with 404. */
  readonly platformError: string;
  readonly platformNotFound: string;
  /** Are imported together. */
  readonly batch: readonly string[];
}

/** All addresses of an observation. */
export function addressesOf(people: People): string[] {
  return Object.values(people).flat() as string[];
}

/** What was seen. Each part is null where the observation has not come that far. */
export interface Observations {
  readonly listId: string;
  readonly people: People;
  readonly received: readonly Received[];
  /** What the test call posted, and whether Campaign Monitor called it failed. */
  testCall: { readonly received: Received | null; readonly failed: boolean } | null;
  /** When the first subscriber was added, and the account's clock then; in milliseconds since 1970. */
  joined: { readonly at: number; readonly systemDate: string } | null;
  /** How long it was not told of, in milliseconds; `never`: as long as was waited. */
  readableAfterMs: number | 'never' | null;
  /** The vendor's words for a webhook. */
  webhookStatus: { readonly active: string; readonly inactive: string } | null;
  /** While webhooks failed. */
  failing: {
    readonly at: number;
    watchedMs: number;
    /** When the port that refused connections took them again; null: it refused none, and ended them. */
    reopenedAt: number | null;
  } | null;
  /** When the import began, in milliseconds since 1970: what somebody fires from then on may be its. */
  importedAt: number | null;
  /** What is gained on the way to this machine; null: the vendors reach it directly. */
  readonly passage: Passage | null;
  /** Where an instance is watched. */
  instance: {
    readonly id: number;
    /** The ids in its log. */
    loggedIds: readonly string[] | null;
    /** What the account's platform does with what fails; null where it does not say. */
    policy: FailurePolicy | null;
    /** Whether it posts of other lists, too. */
    readonly watchesOthers: boolean;
  } | null;
}

/** Events of a delivery, at most, as the relay's default. */
const mostEvents = 10_000;

/** A delivery of Campaign Monitor's that was read. */
export interface Delivery {
  readonly received: Received;
  readonly listId: string | null;
  readonly events: readonly VendorEvent[];
}

const objectSchema = z.record(z.string(), z.unknown());
const eventObjectSchema = z.looseObject({
  eventType: z.string().catch(''),
  objectType: z.string().catch(''),
  objectId: z.union([z.string(), z.number()]).transform(String).catch(''),
});
const notificationSchema = z.looseObject({
  id: z.union([z.string(), z.number()]).transform(String).optional().catch(undefined),
  severity: z.unknown().optional(),
  action: z.unknown().optional(),
  topic: z.unknown().optional(),
  user: z.unknown().optional(),
  message: z.looseObject({
    eventId: z.union([z.string(), z.number()]).transform(String).optional().catch(undefined),
    raw: z.unknown().optional(),
    events: z.array(eventObjectSchema).catch([]),
  }),
});

/** A notification of the platform that was read. */
export interface Notification extends z.output<typeof notificationSchema> {
  readonly received: Received;
  /** What `Elements-Webhook-Id` said; null: nothing. */
  readonly webhookId: string | null;
}

/** An event object beside the event of the vendor's that it was made of. */
export interface Pair {
  readonly vendor: VendorEvent;
  readonly object: z.output<typeof eventObjectSchema>;
}

/** Observations, read once. */
export class Evidence {
  readonly seen: Observations;
  readonly json: readonly Delivery[];
  readonly xml: readonly Delivery[];
  readonly notifications: readonly Notification[];
  #ownEvents: ReadonlySet<string> | undefined;

  constructor(seen: Observations) {
    this.seen = seen;
    const isTest = (received: Received): boolean => received === seen.testCall?.received;
    this.json = this.at(places.json).flatMap((each) => (isTest(each) ? [] : deliveryOf(each)));
    this.xml = this.at(places.xml).flatMap(deliveryOf);
    const isOurs = ({ body }: Received): boolean => seen.instance?.watchesOthers !== true || this.#tells(body);
    this.notifications = this.at(places.platform).filter(isOurs).flatMap(notificationOf);
  }

  /** Whether it tells of somebody of this observation. */
  #tells(body: Buffer): boolean {
    return addressesOf(this.seen.people).some((address) => body.includes(address));
  }

  /** When the watching of what fails ended, in milliseconds since 1970; null where it came to no end. */
  get watchedUntil(): number | null {
    const { failing } = this.seen;
    return failing === null || failing.watchedMs === 0 ? null : failing.at + failing.watchedMs;
  }

  /** The events that were posted to us, each as text that is the same whatever the order of its fields. */
  get ownEvents(): ReadonlySet<string> {
    this.#ownEvents ??= new Set(this.json.flatMap(({ events }) => events.map(canonical)));
    return this.#ownEvents;
  }

  /** What came to a place, in order. */
  at(place: string): readonly Received[] {
    return this.seen.received.filter((each) => each.place === place);
  }

  /** All POSTs of Campaign Monitor. */
  get posts(): readonly Received[] {
    return this.seen.received.filter(({ place }) => place !== places.platform);
  }

  /** The events of somebody at the webhook that fails never, in order. @param isCounted which deliveries are looked at */
  eventsOf(addresses: readonly string[], isCounted: (received: Received) => boolean = () => true): VendorEvent[] {
    return this.json
      .filter(({ received }) => isCounted(received))
      .flatMap(({ events }) => events.filter((event) => addresses.includes(addressOf(event) ?? '')));
  }

  /** What came to a place that tells of somebody: the first and each retry. */
  attemptsFor(place: string, address: string): readonly Received[] {
    return this.at(place).filter(({ body }) => body.includes(address));
  }

  /** Each notification once, whatever was sent again. */
  get firstNotifications(): readonly Notification[] {
    const { platformError, platformNotFound } = this.seen.people;
    const retries = new Set(
      [platformError, platformNotFound].flatMap((address) => this.attemptsFor(places.platform, address).slice(1)),
    );
    return this.notifications.filter(({ received }) => !retries.has(received));
  }

  /** Whether what a notification has as `raw` is the body of a delivery, as its events were also posted to us. */
  isBody({ message: { raw } }: Notification): boolean {
    const body = objectSchema.safeParse(raw).data;
    const events = eventsIn(raw);
    if (body?.['ListID'] !== this.seen.listId || events.length === 0) return false;
    return events.every((event) => this.ownEvents.has(canonical(event)));
  }

  /** Event objects with what they were made of: by `raw` where that tells, else by their order. */
  get pairs(): readonly Pair[] {
    const first = this.firstNotifications;
    if (first.some((each) => this.isBody(each))) {
      const used = new Map<string, number>();
      return first.flatMap(({ message: { raw, events } }) => {
        const key = JSON.stringify([raw]);
        const start = used.get(key) ?? 0;
        used.set(key, start + events.length);
        const vendor = eventsIn(raw).slice(start);
        return events.flatMap((object, i) => (vendor[i] === undefined ? [] : [{ vendor: vendor[i], object }]));
      });
    }
    // What came after a notification that failed may have been queued: the other end has then seen less.
    const { platformError, platformNotFound, failing } = this.seen.people;
    const isBefore = ({ body }: Received): boolean =>
      ![platformError, platformNotFound, failing].some((address) => body.includes(address));
    const upTo = <T extends { readonly received: Received }>(all: readonly T[]): readonly T[] => {
      const end = all.findIndex(({ received }) => !isBefore(received));
      return end === -1 ? all : all.slice(0, end);
    };
    const told = upTo(first);
    // Where none of them names anybody, none failed.
    const vendor = (told.length < first.length ? upTo(this.json) : this.json).flatMap(({ events }) => events);
    const objects = told.flatMap(({ message }) => message.events);
    // Where one end has seen more than the other, their order tells nothing.
    if (vendor.length !== objects.length) return [];
    return objects.flatMap((object, i) => (vendor[i] === undefined ? [] : [{ vendor: vendor[i], object }]));
  }
}

/** The address of an event. */
export function addressOf(event: VendorEvent): string | null {
  return textField(event, 'EmailAddress');
}

function eventsIn(raw: unknown): readonly VendorEvent[] {
  const events = objectSchema.safeParse(raw).data?.['Events'];
  return z.array(objectSchema).safeParse(events).data ?? [];
}

/** @throws RangeError where it is nested too deep */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_name, each: unknown) =>
    each !== null && typeof each === 'object' && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  );
}

/** Each is read once, however often it is looked at: who knows the URL may post much. */
const deliveries = new WeakMap<Received, Delivery[]>();
const notifications = new WeakMap<Received, Notification[]>();

function deliveryOf(received: Received): Delivery[] {
  const known = deliveries.get(received);
  if (known !== undefined) return known;
  const payload = readPayload(received.body, headerOf(received, 'content-type'), mostEvents);
  const read = payload.kind === 'events' ? [{ received, listId: payload.listId, events: payload.events }] : [];
  deliveries.set(received, read);
  return read;
}

function notificationOf(received: Received): Notification[] {
  const known = notifications.get(received);
  if (known !== undefined) return known;
  const { data } = notificationSchema.safeParse(parseJson(received.body.toString('utf8')));
  const read = data === undefined ? [] : [{ ...data, received, webhookId: headerOf(received, webhookIdHeader) }];
  notifications.set(received, read);
  return read;
}

/** The first header of a name, in any letter case. */
export function headerOf({ headers }: Received, name: string): string | null {
  return headers.find(([each]) => each.toLowerCase() === name.toLowerCase())?.[1] ?? null;
}
