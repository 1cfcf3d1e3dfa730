/** Personal data is replaced consistently; what shows how the vendor builds a delivery stays. */
import { maskedValue } from '../common/masking.ts';
import { eachString, isTooDeep, replaceJson, type Json } from './anonymize/json.ts';
import { isKnownName, isOpenHeader } from './anonymize/known.ts';
import { Replacements } from './anonymize/replacements.ts';
import { rewriteXml } from './anonymize/xml.ts';

export interface Capture {
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Uint8Array;
}

export interface AnonymizedCapture {
  readonly headers: [string, string][];
  /** `text`: the body is neither JSON nor XML; only its punctuation is kept. */
  readonly format: 'json' | 'xml' | 'text' | 'empty';
  readonly body: Json;
}

/**
 * Anonymizes deliveries together: the same original gets the same replacement in all of them, of the same kind (a
 * number by a number, a URL by a URL, text beyond ASCII by such text). Replaced: names, addresses, values and keys of
 * custom fields, IP addresses, list IDs, values of unknown fields. Kept (anonymize/known.ts): names and words made of
 * the vendors' words, dates, headers that show how the vendor sends if their values are common, booleans, null, zero
 * and empty text.
 * @param captures deliveries of Campaign Monitor or notifications of Open Connectors
 */
export function anonymize(captures: readonly Capture[]): AnonymizedCapture[] {
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
  replace(replacements: Replacements): Pick<AnonymizedCapture, 'format' | 'body'>;
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

/** Its fault is still visible. */
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
