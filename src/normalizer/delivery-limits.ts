/**
 * Limits of what one delivery may cause. Its size alone is not enough: a few bytes unfold to millions of values, and
 * each part of a delivery repeats its body.
 */
import { maxBodyValues } from '../common/parse-json.ts';
import type { Part } from './normalize.ts';

/** Of the body of a refused delivery. */
export const keptRefusedBytes = 65_536;

/** Sum of all parts of a delivery as they are sent: 50 parts of 5 MiB, the vendor's largest batch. */
const mostRenderedBytes = 268_435_456;

/** Open Connectors' part size [docs]. A user may set a smaller one, which must not lose a batch. */
const platformPartSize = 20;

/** Notifications of one delivery, times the destinations of each. */
const mostForwardings = 100_000;

/** Weight of each byte as structure: 1 for a JSON value or an XML tag, 5 for an attribute, which takes much more. */
const structureOf = new Uint8Array(256);
for (const character of ',[{<') structureOf[character.charCodeAt(0)] = 1;
structureOf['='.charCodeAt(0)] = 5;

/**
 * Why a body is not even parsed: it would unfold to too much. Characters inside strings count, too: that is quick,
 * right in every character set, and no genuine delivery comes near the limit.
 */
export function tooMuchToRead(body: Uint8Array): string | null {
  if (body.length * 5 <= maxBodyValues) return null;
  let structure = 0;
  for (const byte of body) structure += structureOf[byte] ?? 0;
  return structure <= maxBodyValues ? null : `the body has more than ${maxBodyValues} values`;
}

/** @param rawBytes the length of what each part repeats */
export function tooMuchToSend(
  events: number,
  rawBytes: number,
  parts: readonly Part[],
  destinations: number,
): string | null {
  const rendered = Math.min(parts.length, Math.ceil(events / platformPartSize)) * rawBytes;
  if (rendered > mostRenderedBytes) {
    return `its ${parts.length} notifications, each with the whole body, are ${megabytes(rendered)}: at most ${megabytes(mostRenderedBytes)} are sent`;
  }
  const forwardings = parts.length * destinations;
  if (forwardings <= mostForwardings) return null;
  return `its ${parts.length} notifications to ${destinations} destinations are more than ${mostForwardings}`;
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1_048_576)} MB`;
}
