import { isUtf8 } from 'node:buffer';
import { z } from 'zod';
import { tooManyMembers } from '../common/parse-json.ts';
import { readXml } from './xml.ts';

/** One element of `Events`. Every field may be missing or of another type: see {@link textField}. */
export type VendorEvent = Readonly<Record<string, unknown>>;

/**
 * The body of one webhook POST.
 * - `events`: in order. `json` is the body as UTF-8 JSON: the same bytes if they were that already, the JSON
 *   equivalent with the JSON format's names for XML, a re-encoding for another character set.
 * - `test`: an empty body, or an object whose `Events` is missing or empty. What the vendor's test call posts is
 *   [unknown], so any such object counts as one.
 * - `rejected`: neither, with one line that says what is wrong and where; `tooMany` if it only has too many events or
 *   members.
 */
export type Payload =
  | {
      readonly kind: 'events';
      readonly listId: string | null;
      readonly events: readonly VendorEvent[];
      readonly json: Buffer;
    }
  | { readonly kind: 'test' }
  | { readonly kind: 'rejected'; readonly reason: string; readonly tooMany: boolean };

/** `{"ListID","Events"}`, one list per request [vendor]; unknown fields are ignored, missing ones tolerated. */
interface Body {
  readonly ListID?: string | null;
  readonly Events?: readonly VendorEvent[] | null;
}

/** The same check as the schema below, which explains failures, but would cost as much as parsing each delivery. */
function isBody(value: unknown): value is Body {
  if (!isObject(value)) return false;
  const { ListID, Events } = value;
  if (ListID !== undefined && ListID !== null && typeof ListID !== 'string') return false;
  return Events === undefined || Events === null || (Array.isArray(Events) && Events.every(isObject));
}

function isObject(value: unknown): value is VendorEvent {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function whyNoBody(value: unknown): string {
  const event = z.custom<VendorEvent>(isObject, { error: (issue) => `expected an object, got ${kindOf(issue.input)}` });
  const body = z.object(
    {
      ListID: z.string({ error: (issue) => `expected a string, got ${kindOf(issue.input)}` }).nullish(),
      Events: z.array(event, { error: (issue) => `expected an array, got ${kindOf(issue.input)}` }).nullish(),
    },
    { error: (issue) => `expected an object with "ListID" and "Events", got ${kindOf(issue.input)}` },
  );
  const issue = body.safeParse(value).error?.issues[0];
  return issue === undefined ? 'another shape' : describe(issue.path, issue.message);
}

/**
 * Reads the body of a Campaign Monitor webhook. JSON by content, whatever the Content-Type; XML if the first character
 * is `<`. Never throws.
 * @param bytes the body, decompressed
 * @param contentType used only for the character set of bytes that are not UTF-8
 * @param mostEvents a body with more events, or with too many members in an object, is rejected
 */
export function readPayload(bytes: Buffer, contentType?: string | null, mostEvents = Infinity): Payload {
  const utf8 = isUtf8(bytes) && !hasNulAtStart(bytes);
  const text = utf8 ? stripBom(bytes.toString('utf8')) : decode(bytes, contentType);
  const start = text.search(/\S/);
  if (start === -1) return { kind: 'test' };
  let value: unknown;
  let json = text;
  if (text[start] === '<') {
    const xml = readXml(text);
    if (xml.kind === 'tooManyNames') return { kind: 'rejected', reason: xml.reason, tooMany: true };
    if (xml.kind !== 'read') return rejected(`not well-formed XML: ${xml.reason}`);
    ({ value } = xml);
    json = JSON.stringify(value);
  }
  const tooMuch = mostEvents === Infinity ? null : tooManyMembers(json);
  if (tooMuch !== null) return { kind: 'rejected', reason: tooMuch, tooMany: true };
  try {
    value ??= JSON.parse(json);
  } catch (error) {
    return rejected(`neither JSON nor XML: ${oneLine((error as Error).message)}`);
  }
  return fromValue(value, mostEvents, () => (json === text && utf8 && bytes[0] !== 0xef ? bytes : Buffer.from(json)));
}

function rejected(reason: string): Payload {
  return { kind: 'rejected', reason, tooMany: false };
}

function fromValue(value: unknown, mostEvents: number, json: () => Buffer): Payload {
  // First, so that further events aren't validated.
  const present = (value as { Events?: unknown } | null)?.Events;
  if (Array.isArray(present) && present.length > mostEvents) {
    const reason = `the delivery holds ${present.length} events, of which at most ${mostEvents} are taken at once`;
    return { kind: 'rejected', reason, tooMany: true };
  }
  if (!isBody(value)) return rejected(whyNoBody(value));
  const events = value.Events ?? [];
  if (events.length === 0) return { kind: 'test' };
  return { kind: 'events', listId: value.ListID ?? null, events, json: json() };
}

/** A field as text: a string unchanged, a number or boolean converted, anything else null. */
export function textField(event: VendorEvent, name: string): string | null {
  if (!Object.hasOwn(event, name)) return null;
  const value = event[name];
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return null;
}

function describe(path: readonly PropertyKey[], message: string): string {
  const where = path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('');
  return where === '' ? message : `${where.replace(/^\./, '')}: ${message}`;
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (value === undefined) return 'nothing';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

function oneLine(text: string): string {
  return text.replace(/[\s\p{Cc}]+/gu, ' ').slice(0, 200);
}

function stripBom(text: string): string {
  return text.startsWith('\ufeff') ? text.slice(1) : text;
}

/** JSON and XML begin with ASCII, so one NUL in the first two bytes means UTF-16 without a byte order mark. */
function hasNulAtStart(bytes: Buffer): boolean {
  return bytes.length >= 2 && (bytes[0] === 0) !== (bytes[1] === 0);
}

/** By byte order mark, the declared character set, else Windows-1252. */
function decode(bytes: Buffer, contentType: string | null | undefined): string {
  const [first, second] = bytes;
  const bare = hasNulAtStart(bytes);
  if ((first === 0xff && second === 0xfe) || (bare && second === 0)) return new TextDecoder('utf-16le').decode(bytes);
  if ((first === 0xfe && second === 0xff) || (bare && first === 0)) return new TextDecoder('utf-16be').decode(bytes);
  const head = bytes.subarray(0, 200).toString('latin1');
  const declared =
    /charset\s*=\s*"?([\w.:-]+)/i.exec(contentType ?? '')?.[1] ??
    /^\s*<\?xml[^>]*encoding\s*=\s*["']([\w.:-]+)/.exec(head)?.[1];
  if (declared !== undefined && !/^utf-?8$/i.test(declared)) {
    try {
      return new TextDecoder(declared).decode(bytes);
    } catch {
      // An unknown character set.
    }
  }
  return new TextDecoder('windows-1252').decode(bytes);
}
