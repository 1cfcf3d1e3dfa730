/** A step that a held event has passed, shown as a frame of its thread. */
import { say } from '../../common/say.ts';
import type { AttemptDetail, Notification } from '../../protocol/history.ts';
import type { RelayClient } from '../../protocol/relay-client.ts';
import { prefix } from '../prefix.ts';
import { documentPath, type DocumentAddress } from '../events/address.ts';
import type { DocumentContent, DocumentTexts } from '../event-documents/content.ts';
import { stretchOf } from '../event-documents/json-text.ts';
import { elementOf } from '../event-editor/shown-body.ts';
import { placeOf } from '../ui/phrases.ts';
import { printable } from '../ui/printable.ts';
import type { HeldThread } from './held-threads.ts';
import type { JsonPath } from './json-value.ts';

export interface Station {
  readonly name: string;
  readonly document: DocumentAddress;
  /** Where the event may be, if the document is JSON. */
  readonly paths: readonly JsonPath[];
  readonly element: { readonly index: number; readonly of: number } | null;
}

export interface Place {
  readonly uri: string;
  readonly name: string;
  /** From 1. */
  readonly line: number;
}

export function lastAttemptOf({ notificationId, forwardings, found }: HeldThread): AttemptDetail | undefined {
  const destinations = new Set(forwardings.map(({ destinationId }) => destinationId));
  return found.attempts
    .filter((each) => each.notificationId === notificationId && destinations.has(each.destinationId))
    .sort((a, b) => (a.at < b.at ? -1 : 1))
    .at(-1);
}

export function notificationOf({ notificationId, found }: HeldThread): Notification | undefined {
  return found.notifications.find(({ id }) => id === notificationId);
}

export function stationsOf(thread: HeldThread, edited: boolean): Station[] {
  const { event, delivery } = thread.found;
  const notification = notificationOf(thread);
  const position = event.inDelivery.position - 1;
  const { of } = event.inDelivery;
  const eventId = event.id;
  const body = { document: { eventId, kind: 'body', attempt: null } as const, element: { index: position, of } };
  const received: Station = {
    ...body,
    name: say('{0} received', delivery.id),
    paths: bodyPaths(position),
  };
  const stations: Station[] = [received];
  const isNormalized = notification?.kind === 'normalized';
  const inNotification = {
    document: { eventId, kind: 'notification', attempt: null } as const,
    element: null,
    paths: notificationPaths(notification?.eventIds.indexOf(eventId) ?? -1),
  };
  if (isNormalized) {
    stations.unshift({
      ...inNotification,
      name:
        notification.parts > 1
          ? say('{0} normalized, part {1} of {2}', notification.id, notification.part + 1, notification.parts)
          : say('{0} normalized', notification.id),
    });
  }
  const sent = isNormalized ? inNotification : { ...body, paths: bodyPaths(position) };
  const place = [...new Set(thread.forwardings.map(({ destination }) => placeOf(destination)))].join(', ');
  const attempt = lastAttemptOf(thread);
  if (attempt !== undefined) {
    stations.unshift({
      name: say('attempt {0}: {1}', attempt.number, attempt.status ?? printable(attempt.error ?? '', 100)),
      document: { eventId, kind: 'answer', attempt: numberInOrder(thread, attempt) },
      element: null,
      paths: [],
    });
  }
  stations.unshift({
    ...sent,
    name: edited
      ? say('edited, before sending to {0}', place)
      : attempt === undefined
        ? say('before sending to {0}', place)
        : say('before resending to {0}', place),
  });
  return stations;
}

function bodyPaths(position: number): JsonPath[] {
  return [['Events', position], ...notificationPaths(position)];
}

function notificationPaths(index: number): JsonPath[] {
  return index < 0
    ? []
    : [
        ['message', 'events', index],
        ['response', 'events', index],
      ];
}

function numberInOrder({ found }: HeldThread, attempt: AttemptDetail): number {
  const inOrder = [...found.attempts].sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : a.number - b.number));
  return inOrder.indexOf(attempt) + 1;
}

export class StationPlaces {
  readonly #client: RelayClient;
  readonly #texts: DocumentTexts;
  readonly #of = new WeakMap<HeldThread, Map<string, Promise<Place>>>();
  /** Cached because the notifications of a delivery follow each other and share its body. */
  #body: { readonly deliveryId: string; readonly content: Promise<DocumentContent> } | undefined;

  constructor(client: RelayClient, texts: DocumentTexts) {
    this.#client = client;
    this.#texts = texts;
  }

  of(thread: HeldThread, station: Station): Promise<Place> {
    const known = this.#of.get(thread) ?? new Map<string, Promise<Place>>();
    this.#of.set(thread, known);
    const { kind, attempt } = station.document;
    const key = `${kind} ${attempt ?? ''}`;
    const place = known.get(key) ?? this.in(station, thread.deliveryId);
    known.set(key, place);
    place.catch(() => known.delete(key));
    return place;
  }

  /** @param deliveryId allows caching the body @throws RelayRequestError if the event is no longer in the history */
  async in(station: Station, deliveryId?: string): Promise<Place> {
    const { document, element, paths } = station;
    const { text, extension } = await this.#read(document, deliveryId);
    const path = documentPath(document, extension);
    const found =
      extension === 'xml' && element !== null
        ? elementOf(text, element)[0]
        : extension === 'json'
          ? paths.map((each) => stretchOf(text, each)).find((each) => each !== undefined)
          : undefined;
    const line = found === undefined ? 1 : text.slice(0, found.start).split('\n').length;
    return { uri: `${prefix}:${encodeURI(path)}`, name: path.slice(path.lastIndexOf('/') + 1), line };
  }

  #read(document: DocumentAddress, deliveryId: string | undefined): Promise<DocumentContent> {
    const read = (): Promise<DocumentContent> =>
      import('../deferred.ts').then(({ readDocument }) => readDocument(this.#client, document, this.#texts));
    if (document.kind !== 'body' || deliveryId === undefined) return read();
    if (this.#body?.deliveryId === deliveryId) return this.#body.content;
    const content = read();
    const body = { deliveryId, content };
    this.#body = body;
    content.catch(() => {
      if (this.#body === body) this.#body = undefined;
    });
    return content;
  }
}
