import { say } from '../../common/say.ts';
import { attemptAdvice, isInvalidResponse } from '../../protocol/attempts.ts';
import type { AttemptDetail, Forwarding } from '../../protocol/history.ts';
import type { Result } from '../../protocol/methods.ts';
import { decoded } from '../event-documents/content.ts';
import { forwardingInFull, type RowContext } from '../events/event-words.ts';
import { forwardingWord, isHeldAtGate, mostUrgent } from '../../protocol/event-row.ts';
import { placeOf } from '../ui/phrases.ts';
import { printable } from '../ui/printable.ts';
import type { Reason } from './messages.ts';

/** In UTF-16 units. The full response is below. */
const mostWords = 300;

/** The first one that exists counts. */
const reasonNames = ['message', 'error', 'detail', 'reason', 'title', 'description'] as const;

/** Null if the event is where it should be, or on its way there. */
export function reasonOf({ event, delivery, attempts }: Result<'events/get'>, around: RowContext): Reason | null {
  if (event.kind === 'rejected') {
    const what = say('The relay answered {0}', delivery.httpStatus);
    return { what, words: printable(delivery.reason ?? '', 1000), advice: '', tone: 'bad' };
  }
  const urgent = mostUrgent(event.forwardings);
  if (urgent === undefined) {
    if (delivery.answered === undefined) return null;
    const what = say('The relay answered {0} on purpose', delivery.httpStatus);
    return { what, words: say('The event wasn’t forwarded. You can resend it.'), advice: '', tone: 'busy' };
  }
  const word = forwardingWord(urgent);
  if (word === 'sent' || word === 'discarded') return null;
  const place = placeOf(urgent.destination);
  if (word === 'held') {
    const words = isHeldAtGate(urgent)
      ? forwardingInFull(urgent, around)
      : (around.whyWaiting(urgent.destinationId) ?? urgent.detail ?? '');
    return { what: say('Not sent to {0}', place), words: printable(words, 500), advice: '', tone: 'busy' };
  }
  const tone = word === 'failed' ? 'bad' : 'busy';
  const why = word === 'failed' ? null : around.whyWaiting(urgent.destinationId);
  const last = attempts.findLast((each) => isOf(each, urgent));
  if (why === null && last !== undefined && last.outcome !== 'sent') return { ...answerReason(last), tone };
  const words = why ?? urgent.detail;
  if (words === null) return null;
  const advice = attemptAdvice({ status: null, error: words });
  return { what: say('No answer from {0}', place), words: printable(words, 500), advice, tone };
}

function isOf(attempt: AttemptDetail, { notificationId, destinationId }: Forwarding): boolean {
  return attempt.notificationId === notificationId && attempt.destinationId === destinationId;
}

function answerReason(attempt: AttemptDetail): Omit<Reason, 'tone'> {
  const { status, error } = attempt;
  const place = placeOf(attempt.destination);
  const advice = attemptAdvice(attempt);
  if (status === null) {
    const what = isInvalidResponse(error) ? say('Invalid answer from {0}', place) : say('No answer from {0}', place);
    return { what, words: printable(error ?? '', 500), advice };
  }
  const own = callbackWords(attempt);
  const words = own === '' && error !== `answered ${status}` ? (error ?? '') : own;
  return { what: say('{0} from {1}', status, place), words: printable(words, mostWords), advice };
}

export function callbackWords({
  answerBody,
  answerHeaders,
}: Pick<AttemptDetail, 'answerBody' | 'answerHeaders'>): string {
  const contentType = answerHeaders.find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? null;
  const text = decoded(Buffer.from(answerBody, 'base64'), contentType)?.trim() ?? '';
  const said = text.startsWith('<') ? textOfPage(text) : (reasonInJson(text) ?? text);
  return said.replace(/\s+/g, ' ').trim();
}

function reasonInJson(text: string): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return reasonIn(value);
}

function reasonIn(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return undefined;
  for (const name of reasonNames) {
    const own: unknown = Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
    if (typeof own === 'string' && own !== '') return own;
    // Such as `{"error":{"message":"…"}}`; no deeper.
    if (typeof own === 'object' && own !== null) {
      const { message } = own as { readonly message?: unknown };
      if (typeof message === 'string' && message !== '') return message;
    }
  }
  return undefined;
}

function textOfPage(page: string): string {
  let text = '';
  let at = 0;
  let skipped: string | undefined;
  for (const { 0: tag, 1: end = '', 2: name = '', index } of page.matchAll(/<(\/?)([a-z!?][\w-]*)[^<>]*>/gi)) {
    if (skipped === undefined) text += `${page.slice(at, index)} `;
    at = index + tag.length;
    const lower = name.toLowerCase();
    if (skipped === undefined && end === '' && ['head', 'style', 'script'].includes(lower)) skipped = lower;
    else if (end !== '' && lower === skipped) skipped = undefined;
  }
  if (skipped === undefined) text += page.slice(at);
  return text.replace(/&(lt|gt|amp|quot|nbsp|#39);/g, (_, name: string) => entities[name] ?? ' ');
}

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', '#39': "'" };
