/**
 * Rows repeat the forwardings of their notification, so a message about few events can be large: what is omitted is
 * counted, and can be requested by ID.
 */
import type { AttemptDetail, EventRow, Forwarding, Notification } from './history.ts';

/** In one message about new events, and its approximate size. */
export const mostRows = 1000;
export const mostPageBytes = 4_194_304;

/** Beside the body. */
const mostAnswerBytes = 33_554_432;

/** The latest of one event, and their approximate size. */
export const mostAttempts = 500;
const mostAttemptBytes = 8_388_608;

/** The latest of a notification on a time axis. */
export const mostTraced = 20;

export function rowBytes(row: EventRow): number {
  const texts = [row.type, row.list, row.address, row.date, row.warning, row.reason];
  return texts.reduce((sum, text) => sum + (text?.length ?? 0), 510) + forwardingBytes(row.forwardings);
}

function forwardingBytes(forwardings: readonly Forwarding[]): number {
  return forwardings.reduce(
    (sum, { destinationId, destination, signatureKeyName, detail }) =>
      sum + 310 + destinationId.length + destination.length + (signatureKeyName?.length ?? 0) + (detail?.length ?? 0),
    0,
  );
}

/** At least one. */
export function fittingRows(rows: readonly EventRow[]): EventRow[] {
  let bytes = 0;
  const end = rows.findIndex((row, index) => {
    bytes += rowBytes(row);
    return index >= mostRows || (index > 0 && bytes > mostPageBytes);
  });
  return rows.slice(0, end === -1 ? rows.length : end);
}

export interface FittingAnswer {
  readonly events: EventRow[];
  readonly notifications: Notification[];
  readonly omittedForwardings: number;
}

/** Every row and notification stays. */
export function fittingAnswer(events: EventRow[], notifications: Notification[]): FittingAnswer {
  let bytes = 0;
  let omitted = 0;
  const fit = <T extends { readonly forwardings: Forwarding[] }>(each: T): T => {
    bytes += forwardingBytes(each.forwardings);
    if (bytes <= mostAnswerBytes) return each;
    omitted += each.forwardings.length;
    return { ...each, forwardings: [] };
  };
  const fittingNotifications = notifications.map(fit);
  return { notifications: fittingNotifications, events: events.map(fit), omittedForwardings: omitted };
}

/** Omits bodies of the earlier ones that would make the result too large. Oldest first. */
export function fittingAttempts(attempts: readonly AttemptDetail[]): AttemptDetail[] {
  let bytes = 0;
  return attempts
    .toReversed()
    .map((attempt) => {
      bytes +=
        attempt.answerBody.length +
        attempt.answerHeaders.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
      return bytes <= mostAttemptBytes
        ? attempt
        : { ...attempt, answerHeaders: [], answerBody: '', answerTruncated: true };
    })
    .reverse();
}
