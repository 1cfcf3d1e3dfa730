import { say } from '../../common/say.ts';
import { readPayload, type VendorEvent } from '../../campaign-monitor/payload.ts';
import { maskSecrets } from '../../export/item.ts';
import { signatureHeader } from '../../open-connectors/signature.ts';
import type { AttemptDetail, Forwarding, Headers, Notification } from '../../protocol/history.ts';
import type { Result } from '../../protocol/methods.ts';
import type { RelayClient } from '../../protocol/relay-client.ts';
import { dateOf, placeOf, type ListNaming } from '../ui/phrases.ts';
import { printable } from '../ui/printable.ts';
import { inOrder, maskHeaders, readableBody, type DocumentTexts } from '../event-documents/content.ts';
import { isHeldAtGate, labelOf, marksOf, rowState, stateWord, type RowState } from '../../protocol/event-row.ts';
import { forwardingInFull, type RowContext } from '../events/event-words.ts';
import { mappingOf } from './mapping.ts';
import type { Column, ColumnName, EditorAction, EventView, Fact, ShownBody, TextKind } from './messages.ts';
import { reasonOf } from './reason.ts';
import { nothingMarked, shownBody, type JsonPath, type Marked } from './shown-body.ts';
import { clockOf, preciseOf, timelineOf, type StepSubject, type Timeline } from './timeline.ts';

export interface Viewer extends ListNaming {
  readonly around: RowContext;
  readonly objectIdField: string;
  readonly documentTexts: DocumentTexts;
  readonly language: string;
}

export interface ReadEvent {
  readonly found: Result<'events/get'>;
  readonly whole: Result<'deliveries/get'>;
}

export interface DrawnEvent {
  readonly view: EventView;
  readonly subjects: Timeline['subjects'];
}

/** @param known the delivery, if already read: it never changes @throws RelayRequestError if the event is gone */
export async function readEvent(
  client: RelayClient,
  eventId: string,
  known?: Result<'deliveries/get'>,
): Promise<ReadEvent> {
  const [found, whole] = await Promise.all([
    client.request('events/get', { id: eventId }),
    known ?? client.request('deliveries/get', { id: eventId }),
  ]);
  return { found, whole };
}

export function drawEvent(read: ReadEvent, chosen: string | undefined, viewer: Viewer): DrawnEvent {
  const { found } = read;
  const { around, language } = viewer;
  const { event } = found;
  const { groups, subjects, first } = timelineOf({ found, around, language });
  const state = rowState(event);
  const heading = labelOf(event);
  return {
    subjects,
    view: {
      eventId: event.id,
      heading,
      pill: { state, text: stateWord(state) },
      reason: reasonOf(found, around),
      facts: factsOf(read, viewer),
      details: detailsOf(read),
      actions: actionsOf(found),
      // Resending would also send the event to destinations that have accepted it.
      waits: event.forwardings.length > 0 && event.forwardings.every((each) => each.state === 'waiting'),
      texts: textsOf(read),
      groups,
      chosen: chosen !== undefined && subjects.has(chosen) ? chosen : first,
      first: beginsAtAnswer(state) ? 'answered' : 'cameIn',
      stale: null,
    },
  };
}

function beginsAtAnswer(state: RowState): boolean {
  return state === 'failed' || state === 'retrying' || state === 'rejected';
}

function factsOf({ found, whole }: ReadEvent, viewer: Viewer): Fact[] {
  const { event, delivery } = found;
  const { language } = viewer;
  const place = whole.events.findIndex(({ id }) => id === event.id) + 1;
  const facts: Fact[] = [];
  const list = event.list === null ? undefined : viewer.nameOfList(event.list);
  if (list !== undefined) facts.push([say('List'), printable(list)]);
  facts.push([say('Received'), dateOf(event.receivedAt, language)]);
  if (delivery.eventCount > 1 && place > 0)
    facts.push([say('Position in delivery'), say('{0} of {1}', place, delivery.eventCount)]);
  const signature = signatureFact(event.signature);
  if (signature !== undefined) facts.push(signature);
  // The signature has its own row.
  const marks = marksOf({ ...event, signature: null });
  if (marks.length > 0) facts.push([say('Note'), marks.join(', ')]);
  const { editOf } = delivery;
  if (editOf !== null) facts.push([say('Replaces'), say('{0}, with edits', editOf)]);
  if (event.warning !== null) facts.push([say('Warning'), printable(event.warning), 'bad']);
  return facts;
}

function detailsOf({ found }: ReadEvent): Fact[] {
  const { event, delivery, notifications } = found;
  return [
    [say('Event'), event.id],
    [say('Delivery'), delivery.id],
    ...notifications.map(({ id, eventId }): Fact => [
      say('Notification'),
      say('{0}, eventId {1}', id, printable(eventId)),
    ]),
    ...(event.list === null ? [] : [[say('List'), printable(event.list)] as const]),
  ];
}

/** Undefined for Campaign Monitor, which doesn't sign deliveries. */
function signatureFact(signature: Result<'events/get'>['event']['signature']): Fact | undefined {
  const name = say('Signature');
  switch (signature) {
    case 'valid':
      return [name, say('valid'), 'good'];
    case 'invalid':
      return [name, say('wrong'), 'bad'];
    case 'missing':
      return [name, say('missing'), 'bad'];
    case 'unchecked':
      return [name, say('not checked: no verify key set')];
    case 'fetched':
      return [name, say('fetched: no signature to check')];
    case null:
      return undefined;
  }
}

function actionsOf({ event, attempts }: Result<'events/get'>): EditorAction[] {
  const { forwardings } = event;
  const sendable = event.notificationId !== null;
  const actions: EditorAction[] = [];
  const open = forwardings.filter(({ state }) => state === 'waiting' || state === 'held');
  // What waits is tried now, and what is held can't be sent.
  if (sendable && (forwardings.length === 0 || forwardings.some(({ state }) => state !== 'held')))
    actions.push('resend');
  if (sendable) actions.push('resendTo', 'resendOnSave');
  if (forwardings.some(isHeldAtGate)) actions.push('release', 'editAndRelease');
  else actions.push('editAndResend');
  if (open.length > 0) actions.push('discard');
  if (open.some((each) => each.state === 'held' && !isHeldAtGate(each))) actions.push('manageSecrets');
  actions.push('copyAsCurl', 'copyAsHttp', 'copyAsHar', 'copyAsFixture');
  if (event.address !== null && event.address !== '') actions.push('copyAddress');
  if (sendable) actions.push('compareWithNotification', 'createTest');
  if (attempts.length > 1) actions.push('compareAnswers');
  return actions;
}

function textsOf({ found }: ReadEvent): TextKind[] {
  const kinds: TextKind[] = ['body'];
  if (found.notifications.length > 0) kinds.push('notification');
  if (found.attempts.length > 0) kinds.push('answer');
  return kinds;
}

/** A column is computed again if its key changes. */
export function columnKeys(read: ReadEvent, subject: StepSubject | undefined): Readonly<Record<ColumnName, string>> {
  const way = wayOf(read, subject);
  const sent = `${way.notification?.id ?? ''} ${way.destinationId ?? ''}`;
  const answered =
    subject?.kind === 'attempt'
      ? `${sent} ${subject.attempt.number}`
      : subject?.kind === 'open'
        ? JSON.stringify(subject.forwarding)
        : (subject?.kind ?? '');
  return { cameIn: read.found.delivery.id, sent, answered: `${sent} ${answered}` };
}

export function cameInColumn(read: ReadEvent, viewer: Viewer): Column {
  const { found, whole } = read;
  const { delivery } = found;
  const { language } = viewer;
  const vendor = vendorEventOf(read);
  const object = vendor.event;
  const marked: Marked =
    delivery.source === 'campaign-monitor'
      ? {
          marks: vendor.of > 1 && vendor.index >= 0 ? [['Events', vendor.index]] : [],
          mapped:
            object === undefined
              ? []
              : ['Type', 'Date', viewer.objectIdField]
                  .filter((name) => Object.hasOwn(object, name))
                  .map((name) => ['Events', vendor.index, name]),
          element: vendor.of > 1 ? { index: vendor.index, of: vendor.of } : null,
        }
      : {
          ...nothingMarked,
          marks: vendor.of > 1 ? ['message', 'response'].map((holder) => [holder, 'events', vendor.index]) : [],
        };
  const facts: Fact[] = [
    [say('Content type'), printable(delivery.contentType ?? '')],
    [say('Size'), say('{0} bytes', delivery.bodyBytes.toLocaleString(language))],
  ];
  const body = bodyOf(Buffer.from(whole.body, 'base64'), delivery.contentType, marked, viewer);
  const cut = say('Only the first 64 KiB of the body were kept.');
  return {
    title:
      delivery.source === 'campaign-monitor'
        ? say('{0} from Campaign Monitor', delivery.id)
        : say('{0} from Open Connectors', delivery.id),
    pill: null,
    facts: facts.filter(([, value]) => value !== ''),
    mapping: [],
    headers: shownHeaders(whole.headers),
    body: delivery.truncated ? { ...body, notices: [cut, ...body.notices] } : body,
    nothing: '',
    asText: 'body',
  };
}

export async function sentColumn(
  client: RelayClient,
  read: ReadEvent,
  subject: StepSubject | undefined,
  viewer: Viewer,
): Promise<Column> {
  const { notification, destinationId } = wayOf(read, subject);
  if (notification === undefined) {
    return nothingColumn(say('No notification'), say('Test calls and rejected deliveries don’t have notifications.'));
  }
  const rendered = await client.request('notifications/render', {
    id: notification.id,
    ...(destinationId !== undefined && { destinationId }),
  });
  const { contentType } = read.found.delivery;
  const bytes = Buffer.from(rendered.body, 'base64');
  const asItCame =
    notification.kind !== 'normalized' ||
    notification.forwardings.find((each) => each.destinationId === destinationId)?.mode === 'raw';
  const own = asItCame ? undefined : normalizedOf(read, notification, bytes);
  const marked: Marked =
    own === undefined
      ? nothingMarked
      : {
          ...nothingMarked,
          marks:
            own.vendor.of > 1
              ? [
                  ['message', 'raw', 'Events', own.vendor.index],
                  ['message', 'events', own.place],
                ]
              : [],
          mapped: ['eventType', 'objectId', 'date'].map((name): JsonPath => ['message', 'events', own.place, name]),
        };
  return {
    title:
      rendered.url === null
        ? say('{0}, not sent to any destination', notification.id)
        : say('{0} to {1}', notification.id, placeOf(maskSecrets(rendered.url))),
    pill: null,
    // Attempts don't store their signature.
    facts: rendered.headers.some(([name]) => name.toLowerCase() === signatureHeader.toLowerCase())
      ? [[say('Signature'), say('Computed with the key the relay has now. Attempts may have used another key.')]]
      : [],
    mapping:
      own?.vendor.event === undefined || own.object === undefined
        ? []
        : mappingOf(own.vendor.event, own.object, viewer.objectIdField),
    headers: shownHeaders(rendered.headers),
    body: bodyOf(bytes, asItCame ? contentType : null, marked, viewer),
    nothing: '',
    asText: 'notification',
  };
}

export function answeredColumn(read: ReadEvent, subject: StepSubject | undefined, viewer: Viewer): Column {
  const { language, documentTexts } = viewer;
  if (subject?.kind === 'attempt') return attemptColumn(subject, viewer);
  if (subject?.kind === 'open') {
    const { forwarding, notification } = subject;
    const state = forwarding.state;
    const why = whyOpen(forwarding, viewer);
    return {
      ...nothingColumn(
        say('{0} to {1}', notification.id, placeOf(forwarding.destination)),
        state === 'discarded' ? say('Discarded. To send the notification anyway, resend it.') : say('No answer yet.'),
      ),
      facts: why === '' ? [] : [[say('State'), printable(why, 500)]],
    };
  }
  const { delivery, attempts } = read.found;
  if (subject?.kind === 'normalized' || delivery.injected) {
    return nothingColumn(
      say('No answer'),
      attempts.length > 0 ? say('Select an attempt to see its answer.') : documentTexts.noAttempts,
    );
  }
  return {
    ...nothingColumn(
      say('Relay’s answer to the delivery'),
      delivery.status === 'rejected' ? '' : say('The relay answers as soon as the delivery is saved to disk.'),
    ),
    pill: {
      state: delivery.httpStatus === 200 ? 'sent' : 'failed',
      text: say('Answered {0}', delivery.httpStatus),
    },
    facts: [
      [say('Time'), clockOf(delivery.receivedAt, language)],
      ...(delivery.reason === null ? [] : [[say('Reason'), printable(delivery.reason, 1000), 'bad'] as const]),
    ],
  };
}

function whyOpen(forwarding: Forwarding, { around }: Viewer): string {
  if (isHeldAtGate(forwarding)) return forwardingInFull(forwarding, around);
  return around.whyWaiting(forwarding.destinationId) ?? forwarding.detail ?? '';
}

function attemptColumn({ attempt, name }: Extract<StepSubject, { readonly kind: 'attempt' }>, viewer: Viewer): Column {
  const { language, documentTexts } = viewer;
  const { status, error, nextAttemptAt } = attempt;
  const good = attempt.outcome === 'sent';
  const body = Buffer.from(attempt.answerBody, 'base64');
  const contentType = attempt.answerHeaders.find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? null;
  const facts: Fact[] = [
    [say('Time'), dateOf(attempt.at, language)],
    [say('Duration'), preciseOf(attempt.durationMs)],
  ];
  // Leave out an error that only repeats the status.
  if (error !== null && error !== `answered ${status}`) facts.push([say('Reason'), printable(error, 1000), 'bad']);
  if (attempt.outcome === 'retrying' && nextAttemptAt !== null)
    facts.push([say('Next attempt'), dateOf(nextAttemptAt, language)]);
  return {
    title: say('{0} at {1}', name, placeOf(maskSecrets(attempt.destination))),
    pill: {
      state: good ? 'sent' : 'failed',
      text: status === null ? say('No answer') : say('Answered {0}', status),
    },
    facts,
    mapping: [],
    headers: status === null ? null : shownHeaders(attempt.answerHeaders),
    body: status === null || body.length === 0 ? null : answerBody(body, contentType, attempt, viewer),
    nothing: status === null ? say('No answer.') : documentTexts.emptyAnswer,
    asText: 'answer',
  };
}

/** From 1, for the oldest attempt of the event. */
export function answerPlace({ found }: ReadEvent, { notificationId, destinationId, number }: AttemptDetail): number {
  return (
    inOrder(found.attempts).findIndex(
      (each) =>
        each.notificationId === notificationId && each.destinationId === destinationId && each.number === number,
    ) + 1
  );
}

function answerBody(
  body: Buffer,
  contentType: string | null,
  { answerTruncated }: AttemptDetail,
  viewer: Viewer,
): ShownBody {
  const shown = bodyOf(body, contentType, nothingMarked, viewer);
  return answerTruncated ? { ...shown, notices: [...shown.notices, viewer.documentTexts.truncatedAnswer] } : shown;
}

function bodyOf(body: Buffer, contentType: string | null, marked: Marked, { documentTexts }: Viewer): ShownBody {
  return shownBody(readableBody(body, contentType), marked, documentTexts.notice);
}

function nothingColumn(title: string, nothing: string): Column {
  return { title, pill: null, facts: [], mapping: [], headers: null, body: null, nothing, asText: null };
}

function shownHeaders(headers: Headers): (readonly [string, string])[] {
  return maskHeaders(headers).map(([name, value]) => [printable(name), printable(value, 4000)] as const);
}

function wayOf(
  { found }: ReadEvent,
  subject: StepSubject | undefined,
): { readonly notification: Notification | undefined; readonly destinationId: string | undefined } {
  switch (subject?.kind) {
    case 'attempt':
      return { notification: subject.notification, destinationId: subject.attempt.destinationId };
    case 'open':
      return { notification: subject.notification, destinationId: subject.forwarding.destinationId };
    default: {
      const notification =
        subject?.kind === 'normalized'
          ? subject.notification
          : (found.notifications.find(({ forwardings }) => forwardings.length > 0) ?? found.notifications[0]);
      return { notification, destinationId: notification?.forwardings[0]?.destinationId };
    }
  }
}

interface Element {
  readonly event: VendorEvent | undefined;
  /** Position in the delivery, from 0. */
  readonly index: number;
  readonly of: number;
}

function vendorEventOf({ found, whole }: ReadEvent): Element {
  const { event, delivery } = found;
  const index = whole.events.findIndex(({ id }) => id === event.id);
  if (event.kind !== 'event' || delivery.source !== 'campaign-monitor')
    return { event: undefined, index, of: event.kind === 'event' ? delivery.eventCount : 0 };
  const payload = readPayload(Buffer.from(whole.body, 'base64'), delivery.contentType);
  return payload.kind === 'events'
    ? { event: payload.events[index], index, of: payload.events.length }
    : { event: undefined, index, of: 0 };
}

interface Normalized {
  readonly vendor: Element;
  readonly object: Readonly<Record<string, unknown>> | undefined;
  /** Position in the notification, from 0. */
  readonly place: number;
}

function normalizedOf(read: ReadEvent, notification: Notification, bytes: Buffer): Normalized {
  const place = notification.eventIds.indexOf(read.found.event.id);
  let object: Readonly<Record<string, unknown>> | undefined;
  try {
    const { message } = JSON.parse(bytes.toString('utf8')) as {
      message?: { events?: readonly Record<string, unknown>[] };
    };
    object = message?.events?.[place];
  } catch {
    // Nested too deeply to parse: show no mapping.
  }
  return { vendor: vendorEventOf(read), object, place };
}
