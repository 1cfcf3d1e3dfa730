/**
 * What one delivery may make the relay do and keep: its size alone does not tell, since a few bytes unfold to millions
 * of values, and each part of a delivery repeats its body.
 */
import { maxBodyValues } from '../common/parse-json.ts';
import type { Part } from './normalise.ts';

/** Of a body that is refused, what is kept, in bytes. */
export const keptRefusedBytes = 65_536;

/** What all parts of a delivery may come to as they are sent, in bytes: 50 parts of 5 MiB, the vendor's largest batch. */
const mostRenderedBytes = 268_435_456;

/** The platform's part size [docs]. Smaller parts are the user's own wish, and no reason to lose a batch. */
const platformPartSize = 20;

/** Forwardings of one delivery: its notifications times the destinations that each goes to. */
const mostForwardings = 100_000;

/** What each byte counts as structure: a value in JSON; a tag, or an attribute, which takes much more, in XML. */
const structureOf = new Uint8Array(256);
for (const character of ',[{<') structureOf[character.charCodeAt(0)] = 1;
structureOf['='.charCodeAt(0)] = 5;

/**
 * Why a body is not even read: it would unfold to too much. Also what stands inside of strings counts: that is quick,
 * holds in every character set, and no text of a genuine delivery comes near.
 * @returns null where it may be read
 */
export function tooMuchToRead(body: Uint8Array): string | null {
  if (body.length * 5 <= maxBodyValues) return null;
  let structure = 0;
  for (const byte of body) structure += structureOf[byte] ?? 0;
  return structure <= maxBodyValues ? null : `the body has more than ${maxBodyValues} values`;
}

/**
 * Why a delivery is not taken although it could be read: sending it would be too much.
 * @param events how many it holds
 * @param rawBytes the length of what each part repeats
 * @param parts its notifications
 * @param destinations how many these may go to
 * @returns null where it may be taken
 */
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
