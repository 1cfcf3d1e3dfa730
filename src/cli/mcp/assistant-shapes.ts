/**
 * What an assistant sees of a history: of data from outside, only values that are known to be impersonal; of others
 * their shape, such as `text, 12 characters`. This looks at values, not at their encoding.
 */
import {
  constants,
  isKnownDate,
  isKnownName,
  isKnownWord,
  isOpenHeader,
} from '../../campaign-monitor/anonymise/known.ts';
import { isCustomFields, roleOf } from '../../campaign-monitor/anonymise/field-roles.ts';
import { readPayload } from '../../campaign-monitor/payload.ts';
import { readXml } from '../../campaign-monitor/xml.ts';
import type { Reported } from '../../check/report.ts';
import { checkEnglish } from '../../check/words.ts';
import type { CheckCode } from '../../check/words.ts';
import { clientName, whoPaused } from '../../protocol/debug.ts';
import { parseJson } from '../../common/parse-json.ts';
import type { AttemptDetail, Delivery, EventRow, Forwarding, Headers, Notification } from '../../protocol/history.ts';
import type { Status } from '../../protocol/status.ts';
import { AddressMask, fit, longestBody, mayHoldAddress } from './safe-text.ts';

/** Of a value that is nested deeper, only its kind is shown. No vendor nests deeper than ten. */
const deepest = 32;

/** Maximum keys of an answer, and headers, to show. */
const mostKeys = 50;
const mostHeaders = 50;

const longestText = 1000;

export interface Permitted {
  /** Show email addresses. */
  readonly addresses: boolean;
  /** Show the text of callbacks' answers. */
  readonly answers: boolean;
}

function shapeOf(text: string): string {
  const kind = isKnownDate(text)
    ? 'date'
    : /^\d+$/.test(text)
      ? 'digits'
      : /^https?:\/\//i.test(text)
        ? 'URL'
        : mayHoldAddress(text.slice(0, longestBody))
          ? 'text with an address'
          : 'text';
  return `${kind}, ${text.length} characters`;
}

/** Letters and digits, so that it cannot contain an address. */
const plainName = /^(?=.*[\p{L}\p{N}])[\p{L}\p{M}\p{N}_ ()[\]-]{1,60}$/u;

function isPlainName(name: string): boolean {
  if (isKnownName(name)) return true;
  return plainName.test(name) && !(['hex', 'base64'] as const).some((encoding) => decodesToAddress(name, encoding));
}

function decodesToAddress(name: string, encoding: 'hex' | 'base64'): boolean {
  return /^[\x20-\x7e]*@[\x20-\x7e]*$/.test(Buffer.from(name, encoding).toString('latin1'));
}

function nameShape(name: string): string {
  return isPlainName(name) ? name : shapeOf(name);
}

/** Fields that hold an address, whatever its form. */
const addressField = /^(?:(?:old)?emailaddress|email|objectid|path)$/i;

const idField = /^(?:listid|eventid|id)$/i;
const id = /^(?:[0-9a-f]{16,32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[\w-]{20})$/i;

interface Place {
  readonly name: string;
  readonly custom: boolean;
  readonly depth: number;
}

/** Builds what an assistant sees; an instance replaces the same address by the same mark. */
export class AssistantShapes {
  readonly #mask = new AddressMask();
  readonly #permitted: Permitted;

  constructor(permitted: Permitted) {
    this.#permitted = permitted;
  }

  address(address: string): string {
    if (address === '') return '';
    return this.#permitted.addresses ? address : this.#mask.of(address);
  }

  /** A text of ours or the user's: without quoted JSON, and without addresses. */
  text(text: string): string {
    // The runtime's errors quote invalid JSON.
    const unquoted = text.replace(
      /\b(?:Unexpected|Expected|Bad|Unterminated|No number)\b[^]*(?: in JSON at| is not valid JSON)/,
      'not valid JSON',
    );
    const cut = unquoted.length <= longestText ? unquoted : `${unquoted.slice(0, longestText)}…`;
    if (this.#permitted.addresses) return cut;
    const told = cut.replace(/"([^"]*)"/g, (all, quoted: string) =>
      mayHoldAddress(quoted) ? `"${shapeOf(quoted)}"` : all,
    );
    return this.#mask.in(told);
  }

  /** A destination's URL: each part with an address is replaced by a mark. */
  url(url: string): string {
    if (this.#permitted.addresses || !mayHoldAddress(url)) return url;
    if (!URL.canParse(url)) return shapeOf(url);
    const { origin, pathname, search } = new URL(url);
    const rest = `${pathname}${search}`.replace(/[^/?&=;]+/g, (part) =>
      mayHoldAddress(part) ? this.#mask.of(part) : part,
    );
    return origin + rest;
  }

  /** A value of a body: each text that is not known to be harmless is replaced by its shape. */
  value(value: unknown, place: Place = { name: '', custom: false, depth: 0 }): unknown {
    if (typeof value === 'string') return this.#text(value, place);
    if (typeof value === 'number') return value === 0 ? 0 : 'number';
    if (typeof value !== 'object' || value === null) return value;
    if (place.depth >= deepest) return Array.isArray(value) ? 'list' : 'object';
    const depth = place.depth + 1;
    if (Array.isArray(value)) return value.map((item) => this.value(item, { ...place, depth }));
    return Object.fromEntries(
      Object.entries(value).map(([name, item]: [string, unknown], at) => [
        // Names of the same shape stay different.
        isPlainName(name) ? name : `${shapeOf(name)} (${at + 1})`,
        this.value(item, { name, depth, custom: place.custom || isCustomFields(name) }),
      ]),
    );
  }

  #text(text: string, { name, custom, depth }: Place): unknown {
    if (text.trim() === '' || constants.has(text)) return text;
    const role = roleOf(name, custom);
    if (role === 'customKey') return nameShape(text);
    if (!custom) {
      if (addressField.test(name)) return this.address(text);
      if (role === 'word' && isKnownWord(text)) return text;
      if (role === 'date' && isKnownDate(text)) return text;
      if (role === 'topic' && /^instance-\d{1,9}-campaignmonitor-events$/.test(text)) return text;
      if (idField.test(name) && id.test(text) && isPlainName(text)) return text;
    }
    // For a vendor that passes on the body as text.
    const inner = /^\s*[[{]/.test(text) ? parseJson(text) : undefined;
    if (inner !== undefined) return this.value(inner, { name, custom, depth: depth + 1 });
    return /^\S{1,320}$/.test(text) && text.includes('@') ? this.address(text) : shapeOf(text);
  }

  /** A body as it was received or sent. @param base64 its bytes */
  body(base64: string, contentType: string | null): unknown {
    const bytes = Buffer.from(base64, 'base64');
    if (bytes.length === 0) return '';
    const { format, value } = readBody(bytes, contentType);
    if (format === 'neither') return `neither JSON nor XML, ${bytes.length} bytes`;
    return { format, bytes: bytes.length, value: fit(this.value(value), longestBody) };
  }

  /** Values of known headers, and the shapes of others. */
  headers(headers: Headers): unknown {
    const told = headers.map(([name, value]) => [nameShape(name), knownHeader(name, value)]);
    return fit(told.slice(0, mostHeaders), longestBody / 4);
  }

  /** A row of the history. Usual values are left out, since a model pays for each character. */
  row(row: EventRow): object {
    const { id, deliveryId, kind, source, injected, receivedAt, duplicateOf, signature, httpStatus, notificationId } =
      row;
    return telling({
      id,
      deliveryId,
      injected,
      receivedAt,
      duplicateOf,
      signature,
      notificationId,
      kind: kind === 'event' ? null : kind,
      source: source === 'campaign-monitor' ? null : source,
      httpStatus: httpStatus === 200 ? null : httpStatus,
      answered: row.answered,
      type: row.type === null || isKnownWord(row.type) ? row.type : shapeOf(row.type),
      list: idShape(row.list),
      address: row.address === null ? null : this.address(row.address),
      date: row.date === null || isKnownDate(row.date) ? row.date : shapeOf(row.date),
      warning: warningWords(row.warning),
      reason: reasonWords(row.reason),
      inDelivery: row.inDelivery.of === 1 ? null : row.inDelivery,
      forwardings: row.forwardings.map((each) => {
        const { state, attempts, status, heldBy } = each;
        return telling({ destinationId: this.text(each.destinationId), state, attempts, status, heldBy });
      }),
    });
  }

  /** A relay's status, without secret URLs. */
  status(status: Status): object {
    const { version, startedAt, sending, answering, counts, tunnel } = status;
    const { state, held, breakpoints } = sending;
    return {
      running: true,
      version,
      startedAt,
      counts,
      sending: {
        state,
        held,
        breakpoints,
        ...(sending.state === 'paused' && { by: this.text(whoPaused(sending.by)), since: sending.since }),
      },
      ...(answering.state === 'on-purpose' && { answering: { ...answering, by: this.text(clientName(answering.by)) } }),
      tunnel: { kind: tunnel.kind, state: tunnel.state, reason: this.text(tunnel.reason) },
      destinations: status.destinations.map((each) =>
        telling({
          destinationId: this.text(each.destinationId),
          url: this.url(each.url),
          mode: each.mode,
          signed: each.signatureKeyName !== undefined,
          configured: each.configured,
          state: each.state,
          downSince: each.downSince,
          detail: failureWords(each.detail),
          waiting: each.waiting,
          lastStatus: each.lastStatus,
          failed: each.failed,
          retrying: each.retrying,
        }),
      ),
      missingKeys: status.missingKeys.map((name) => this.text(name)),
      notices: status.notices.map((notice) => this.text(notice)),
    };
  }

  delivery(delivery: Delivery): object {
    const { id, source, status, injected, receivedAt, httpStatus, signature, bodyBytes, truncated, eventCount } =
      delivery;
    const { contentType } = delivery;
    return {
      id,
      source,
      status,
      injected,
      receivedAt,
      httpStatus,
      signature,
      bodyBytes,
      truncated,
      eventCount,
      editOf: delivery.editOf,
      ...(delivery.answered !== undefined && { answered: delivery.answered }),
      reason: reasonWords(delivery.reason),
      list: idShape(delivery.list),
      contentType: contentType === null ? null : knownHeader('content-type', contentType),
    };
  }

  notification(notification: Notification): object {
    const { id, deliveryId, kind, part, parts, createdAt, eventIds, forwardings } = notification;
    const [first, last] = [eventIds[0], eventIds.at(-1)];
    return {
      id,
      deliveryId,
      kind,
      part,
      parts,
      createdAt,
      eventId: nameShape(notification.eventId),
      forwardings: forwardings.map((each) => this.forwarding(each)),
      events: eventIds.length > 1 ? `${first} to ${last}` : (first ?? null),
    };
  }

  forwarding(forwarding: Forwarding): object {
    const { mode, state, attempts, maxAttempts, nextAttemptAt, status, durationMs, heldBy, breakpointId } = forwarding;
    return telling({
      destinationId: this.text(forwarding.destinationId),
      destination: this.url(forwarding.destination),
      mode,
      state,
      attempts,
      maxAttempts,
      nextAttemptAt,
      status,
      durationMs,
      heldBy,
      breakpointId,
      signed: forwarding.signatureKeyName !== undefined,
      downSince: forwarding.downSince,
      detail: failureWords(forwarding.detail),
    });
  }

  attempt(attempt: AttemptDetail): object {
    const { notificationId, deliveryId, number, at, durationMs, status, outcome, nextAttemptAt } = attempt;
    return {
      notificationId,
      deliveryId,
      number,
      at,
      durationMs,
      status,
      outcome,
      nextAttemptAt,
      destinationId: this.text(attempt.destinationId),
      destination: this.url(attempt.destination),
      error: failureWords(attempt.error),
      answer: this.answer(attempt),
    };
  }

  /** A callback's answer: content type, size, and the keys of JSON; its text only if permitted. */
  answer({ answerHeaders, answerBody, status }: AttemptDetail): object | null {
    if (status === null) return null;
    const [, contentType] = answerHeaders.find(([name]) => name.toLowerCase() === 'content-type') ?? [];
    const bytes = Buffer.from(answerBody, 'base64');
    const value = parseJson(bytes.toString());
    const keys = [...keysOf(value)].map(nameShape);
    return {
      contentType: contentType === undefined ? null : knownHeader('content-type', contentType),
      bytes: bytes.length,
      ...(typeof value === 'object' &&
        value !== null && {
          keys: keys.length <= mostKeys ? keys : [...keys.slice(0, mostKeys), `${keys.length - mostKeys} more omitted`],
        }),
      ...(this.#permitted.answers && { text: this.#answerText(bytes) }),
    };
  }

  #answerText(bytes: Buffer): string {
    const text = bytes.toString();
    if (!Buffer.from(text).equals(bytes)) return `(${bytes.length} bytes, not text)`;
    const value = this.#permitted.addresses ? undefined : parseJson(text);
    const told = value === undefined ? this.#withoutAddresses(text) : JSON.stringify(this.#masked(value));
    return told.length <= longestBody ? told : `${told.slice(0, longestBody)}… (${told.length} characters in total)`;
  }

  #withoutAddresses(text: string): string {
    return this.#permitted.addresses ? text : this.#mask.in(text);
  }

  /** A JSON value without addresses in its texts and names. */
  #masked(value: unknown, depth = 0): unknown {
    if (typeof value === 'string') return this.#mask.in(value);
    if (typeof value !== 'object' || value === null) return value;
    if (depth >= deepest) return Array.isArray(value) ? 'list' : 'object';
    if (Array.isArray(value)) return value.map((item) => this.#masked(item, depth + 1));
    return Object.fromEntries(
      Object.entries(value).map(([name, item]: [string, unknown]) => [
        this.#mask.in(name),
        this.#masked(item, depth + 1),
      ]),
    );
  }

  scenario({ suite, id, title, outcome, reason, why, ms, steps }: Reported): object {
    const hasFindings = steps.some(({ findings }) => findings.some(({ verdict }) => verdict !== 'met'));
    return {
      suite: this.text(suite),
      id: this.text(id),
      title: this.text(title),
      outcome,
      ms,
      why: why === null ? null : this.text(why),
      reason: reason === null || hasFindings ? null : this.#seen(reason),
      steps: steps.map((step) => ({
        title: this.text(step.title),
        sent: step.sent,
        p50Ms: step.p50Ms,
        p99Ms: step.p99Ms,
        findings: step.findings.map(({ verdict, what, expected, actual }) => {
          return { verdict, what: this.text(what), expected: this.text(expected), actual: this.#seen(actual) };
        }),
        examples: step.examples.map(({ label, eventId, events, bytes, attempts }) => ({
          label: this.text(label),
          eventId: eventId === null ? null : nameShape(eventId),
          events,
          bytes,
          attempts: attempts.map(({ answer, ms: took }) => ({ answer: this.#seen(answer), ms: took })),
        })),
      })),
    };
  }

  /** A text about a callback or probe: our own words, and the shape of others, unless these are permitted. */
  #seen(text: string): string {
    if (this.#permitted.answers) return this.text(text);
    // After a status and a comma, the text is the callback's, even if it consists of our own words.
    const [, status, said = ''] = /^(\d{3}), ([^]*)$/.exec(text) ?? [];
    if (status !== undefined) return said === 'an empty body' ? text : `${status}, ${shapeOf(said)}`;
    return wordsOf(text).every((word) => ownWords.has(word)) ? text : (failureWords(text) ?? '');
  }
}

/** Leaves out members without information: no value, or false. */
function telling(record: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value != null && value !== false));
}

/** Texts of findings and labels that quote nothing from outside. */
const ownCodes: readonly CheckCode[] = [
  'answered-before',
  'at-most-ms',
  'closed',
  'empty-body',
  'from-to',
  'ms',
  'no-answer',
  'no-change',
  'no-complete-answer',
  'no-connection',
  'none-awaited',
  'not-awaited',
  'nothing',
  'once',
  'others',
  'same-order',
  'times',
  'twice',
  'and',
  'or',
  'delivery',
  'notification',
  'part',
  'sent-again',
];
const wordsOf = (text: string): string[] => text.split(/[^\p{L}]+/u).filter((word) => word !== '');
const ownWords = new Set(['true', ...ownCodes.flatMap((code) => wordsOf(checkEnglish[code]))]);

function readBody(bytes: Buffer, contentType: string | null): { format: 'JSON' | 'XML' | 'neither'; value: unknown } {
  const payload = readPayload(bytes, contentType);
  const text = bytes.toString();
  const isXml = text.trimStart().startsWith('<');
  if (payload.kind === 'events')
    return { format: isXml ? 'XML' : 'JSON', value: parseJson(payload.json.toString(), Infinity) };
  if (isXml) {
    const xml = readXml(text);
    return xml.kind === 'read' ? { format: 'XML', value: xml.value } : { format: 'neither', value: null };
  }
  const value = parseJson(text, Infinity);
  return { format: value === undefined ? 'neither' : 'JSON', value };
}

/** All keys in a JSON value, each once, in order. */
function keysOf(value: unknown, depth = 0, keys = new Set<string>()): Set<string> {
  if (typeof value !== 'object' || value === null || depth >= deepest) return keys;
  for (const [key, item] of Object.entries(value)) {
    if (!Array.isArray(value)) keys.add(key);
    keysOf(item, depth + 1, keys);
  }
  return keys;
}

function knownHeader(name: string, value: string): string {
  if (/^content-length$/i.test(name) && /^\d{1,9}$/.test(value)) return value;
  return isOpenHeader(name, value) ? value : shapeOf(value);
}

function idShape(text: string | null): string | null {
  return text === null || (id.test(text) && isPlainName(text)) ? text : shapeOf(text);
}

/** The relay's own warnings about an event. */
const warnings =
  /^(?:(?:no|unreadable) Date: the time of receipt stands for it|no [A-Za-z]{1,40}: objectId is empty|no ListID|a notification without events|[A-Za-z]{1,40} has \d+ characters, cut at \d+)$/;

function warningWords(warning: string | null): string | null {
  if (warning === null) return null;
  return warning
    .split('; ')
    .map((part) => (warnings.test(part) ? part : shapeOf(part)))
    .join('; ');
}

/** Reasons for rejecting a delivery, up to where they quote it. */
const reasons =
  /^(?:neither JSON nor XML|not well-formed XML|not JSON|the body is not valid (?:x-gzip|gzip|deflate|br)|the body is larger than \d+ bytes|the body has more than \d+ values|the (?:delivery|notification) holds \d+ events, of which at most \d+ are taken at once|its \d+ notifications, each with the whole body, are \d+ MB: at most \d+ MB are sent|its \d+ notifications to \d+ destinations are more than \d+|not a notification: expected an object with "message", or the older one with "response"|(?:(?:ListID|Events(?:\[\d+\])?): )?expected an? \w+(?: with "ListID" and "Events")?, got (?:null|nothing|an? \w+))(?=$|:)/;

/** Without quotes of the delivery. */
export function reasonWords(reason: string | null): string | null {
  if (reason === null) return null;
  const own = reasons.exec(reason)?.[0];
  if (own === undefined)
    return reason.startsWith('Content-Encoding ') ? 'its Content-Encoding is not supported' : shapeOf(reason);
  const place = /(?:at position \d+|\(line \d+,? column \d+\))/.exec(reason.slice(own.length))?.[0];
  return own + (place === undefined ? '' : ` ${place}`);
}

/** Reasons for a failed attempt, up to where they quote anything from outside. */
const failures =
  /^(?:cannot be reached: )?(?:answered \d{3}(?:, a redirect)?|no (?:complete )?answer within \d+ ms|no connection in time|sending is paused|stopped at b\d+|discarded|the answer is too long|it sends more than \d+ interim answers)/;
/** Codes of Node.js, OpenSSL and undici. */
const code =
  /\b(?:E(?:CONN[A-Z]{5,10}|HOSTUNREACH|NETUNREACH|NOTFOUND|PIPE|TIMEDOUT|AI_AGAIN|ADDRNOTAVAIL|ACCES|PROTO)|(?:UND_ERR|HPE|ERR_TLS|ERR_SSL|ERR_HTTP2?)_[A-Z_]{1,40}|[A-Z_]{0,40}CERT[A-Z_]{0,30})\b/;

/** @returns null if there is no text */
export function failureWords(text: string | null): string | null {
  if (text === null) return null;
  return failures.exec(text)?.[0] ?? code.exec(text)?.[0] ?? shapeOf(text);
}
