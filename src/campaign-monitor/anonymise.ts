/**
 * Turns captured deliveries into ones that can be shared: what is personal is replaced consistently, what says how the
 * vendor builds a delivery (structure, field order, types of values, fields of the vendors' words, dates, headers) stays.
 */
import { maskedValue } from '../common/masking.ts';
import { eachString, isTooDeep, replaceJson } from './anonymise/json.ts';
import type { Json } from './anonymise/json.ts';
import { isKnownName, isOpenHeader } from './anonymise/known.ts';
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

/**
 * Anonymises deliveries together: the same original gets the same replacement in all of them, and different ones get
 * different ones, so that "the old address equals the new one" still shows.
 *
 * Replaced: names, addresses, values and keys of custom fields, IP addresses, list ids, the value of every field that is
 * not known, and the name of one that is not made of the vendors' words, by a placeholder of the same kind (a number
 * stays a number, a URL a URL, text beyond ASCII stays beyond ASCII). Kept (anonymise/known.ts): names and words (`Type`,
 * `State`, an `eventType`) that are made of the vendors' words, `Date` where it is a date, headers that say how the
 * vendor sends where their values are of what clients write, booleans, null, zero and empty text.
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
        replacements.name(name, 'header'),
        isOpenHeader(name, value) ? value : maskedValue,
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
      rewriteXml(text, { text: (original) => original, name: (original) => original });
      return {
        collect: (replacements) =>
          rewriteXml(text, {
            text: (original, role) => {
              replacements.note(original, role);
              return original;
            },
            name: (original) => {
              if (!isKnownName(original)) replacements.note(original, 'customKey');
              return original;
            },
          }),
        replace: (replacements) => ({
          format: 'xml',
          body: rewriteXml(text, {
            text: (original, role) => replacements.text(original, role),
            name: (original) => replacements.name(original, 'element'),
          }),
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
