/**
 * Turns captured deliveries into ones that can be shared: what is personal is replaced consistently, what says how the
 * vendor builds a delivery (structure, field order, types of values, unknown fields, dates, header names) stays.
 */
import { maskedValue } from '../common/masking.ts';
import { eachString, isTooDeep, replaceJson } from './anonymise/json.ts';
import type { Json } from './anonymise/json.ts';
import { Replacements } from './anonymise/replacements.ts';
import { rewriteXml } from './anonymise/xml.ts';

/** A delivery as it was received. */
export interface Capture {
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Uint8Array;
}

/** A delivery without anything personal. */
export interface AnonymisedCapture {
  readonly headers: [string, string][];
  /** `text`: the body is neither JSON nor XML; only its punctuation is kept. */
  readonly format: 'json' | 'xml' | 'text' | 'empty';
  /** The JSON value, or the XML or text. */
  readonly body: Json;
}

/** Headers whose values tell how the vendor sends and nothing about anybody. */
const openHeaders = new Set([
  'accept',
  'accept-charset',
  'accept-encoding',
  'cache-control',
  'connection',
  'content-encoding',
  'content-type',
  'expect',
  'pragma',
  'transfer-encoding',
  'user-agent',
]);

/**
 * Anonymises deliveries together: the same original gets the same replacement in all of them, and different ones get
 * different ones, so that "the old address equals the new one" still shows.
 *
 * Replaced: names, addresses, values and keys of custom fields, IP addresses, list ids, and the value of every field
 * that is not known, by a placeholder of the same kind (a number stays a number, a URL a URL, text beyond ASCII stays
 * beyond ASCII). Kept: names of fields, `Date` where it has a date's form, words of the vendor's own vocabulary
 * (`Type`, `State`, an `eventType`), booleans, null, zero and empty text.
 * @param captures deliveries, from Campaign Monitor or notifications of Open Connectors
 */
export function anonymise(captures: readonly Capture[]): AnonymisedCapture[] {
  const documents = captures.map((capture) => read(capture.body));
  const replacements = new Replacements();
  for (const document of documents) document.collect(replacements);
  return captures.map((capture, i) => {
    const document = documents[i] ?? unreadable('');
    return {
      headers: capture.headers.map(([name, value]): [string, string] => [
        name,
        openHeaders.has(name.toLowerCase()) && !replacements.holdsOriginal(value) ? value : maskedValue,
      ]),
      ...document.replace(replacements),
    };
  });
}

interface Document {
  collect(replacements: Replacements): void;
  replace(replacements: Replacements): Pick<AnonymisedCapture, 'format' | 'body'>;
}

function read(bytes: Uint8Array): Document {
  const text = new TextDecoder().decode(bytes);
  if (text.trim() === '') return { collect: () => undefined, replace: () => ({ format: 'empty', body: '' }) };
  try {
    const value = JSON.parse(text) as Json;
    if (isTooDeep(text)) return unreadable(text);
    return {
      collect: (replacements) => eachString(value, (original, role) => replacements.note(original, role)),
      replace: (replacements) => ({
        format: 'json',
        body: replaceJson(value, replacements),
      }),
    };
  } catch {
    // Not JSON.
  }
  try {
    if (text.trimStart().startsWith('<')) {
      rewriteXml(text, (original) => original);
      return {
        collect: (replacements) =>
          rewriteXml(text, (original, role) => {
            replacements.note(original, role);
            return original;
          }),
        replace: (replacements) => ({
          format: 'xml',
          body: rewriteXml(text, (original, role) => replacements.text(original, role)),
        }),
      };
    }
  } catch {
    // Not XML either.
  }
  return unreadable(text);
}

/** A body that cannot be read, or is nested too deeply, keeps its punctuation, so that what is wrong with its form still shows. */
function unreadable(text: string): Document {
  return {
    collect: () => undefined,
    replace: () => ({
      format: 'text',
      body: text
        .replace(/\p{L}/gu, 'x')
        .replace(/\p{N}/gu, '0')
        .replace(/[^\n\t\x20-\x7e]/gu, '?'),
    }),
  };
}
