/** Attempts in words, the same for every client: their names, which ones began a round, what to do next. */
import { translate } from '../common/say.ts';
import type { AttemptDetail, Forwarding } from './history.ts';

/** The English texts; the extension translates them. */
export const attemptTexts = {
  attempt: 'Attempt {0}',
  replay: 'Attempt {0} (resent)',
  refused: 'Start the callback, or correct its URL and port.',
  'unknown-host': 'Check the destination’s host name.',
  'no-answer':
    'Check that the callback is running, and read its log for the time of the attempt. The callback should answer first and process the notification afterwards.',
  'not-http':
    'The callback is running, but its response isn’t valid HTTP. Check the status and headers that it sends, and that the destination’s port is the callback’s.',
  tls: 'Check whether the callback uses http or https, and check its certificate.',
  credentials: 'Check the destination’s credentials and signature key, and how the callback verifies them.',
  path: 'Check that the destination’s path is right and accepts POST requests.',
  body: 'The callback rejected the body. Read the callback’s answer, and check the body that was sent.',
  size: 'Raise the callback’s body size limit: a body can contain up to 1,000 events.',
  often: 'The callback gets too many requests. Lower the concurrency of the destination.',
  redirect: 'The destination redirects. Use the URL it redirects to.',
  callback: 'The callback failed. See its answer and log for the reason.',
  answer: 'See the callback’s answer for the reason.',
} as const;

/** An attempt this much before it was due was requested by a client, in milliseconds. */
const earlyMs = 50;

/** What distinguishes attempts of different rounds. */
type Tried = Pick<AttemptDetail, 'notificationId' | 'destinationId' | 'number' | 'at' | 'outcome' | 'nextAttemptAt'>;

/** The attempts of some notifications, for each forwarding the oldest first; earlier ones may be missing. */
interface Found<Attempt extends Tried> {
  readonly notifications: readonly {
    readonly id: string;
    readonly forwardings: readonly Pick<Forwarding, 'destinationId' | 'attempts' | 'ofRound'>[];
  }[];
  readonly attempts: readonly Attempt[];
}

/** The first attempt of each round but the first. */
export function replaysAmong<Attempt extends Tried>({ notifications, attempts }: Found<Attempt>): ReadonlySet<Attempt> {
  const replays = new Set<Attempt>();
  for (const { id, forwardings } of notifications) {
    for (const { destinationId, ...forwarding } of forwardings) {
      const own = attempts.filter((each) => each.notificationId === id && each.destinationId === destinationId);
      // The state says where the last round began; earlier rounds follow from the results of their attempts.
      const last = forwarding.attempts - forwarding.ofRound + 1;
      own.forEach((attempt, i) => {
        const { number } = attempt;
        const before = own[i - 1];
        if (number === 1 || number > last) return;
        if (number === last || (before !== undefined && isAskedFor(before, attempt))) replays.add(attempt);
      });
    }
  }
  return replays;
}

/** Whether a client requested it: a round had ended, or the next attempt wasn't due yet. */
function isAskedFor(before: Tried, attempt: Tried): boolean {
  if (before.outcome !== 'retrying' || before.nextAttemptAt === null) return true;
  return Date.parse(attempt.at) < Date.parse(before.nextAttemptAt) - earlyMs;
}

/** By its number, which continues across retries and replays. */
export function attemptName<Attempt extends Tried>(attempt: Attempt, replays: ReadonlySet<Attempt>): string {
  return translate(replays.has(attempt) ? attemptTexts.replay : attemptTexts.attempt, attempt.number);
}

/** What to do about an attempt that didn't succeed, in English. */
export function attemptAdvice(attempt: Pick<AttemptDetail, 'status' | 'error'>): string {
  return attemptTexts[adviceCode(attempt)];
}

/** Whether an attempt failed because undici refused the callback's response as invalid. */
export function isInvalidResponse(error: string | null): boolean {
  return /HTTP\/1\.1 protocol|UND_ERR_RES_CONTENT_LENGTH|bad (?:upgrade|response)/.test(error ?? '');
}

function adviceCode({ status, error }: Pick<AttemptDetail, 'status' | 'error'>): keyof typeof attemptTexts {
  if (status === null) {
    if (/ECONNREFUSED/.test(error ?? '')) return 'refused';
    if (/ENOTFOUND|EAI_AGAIN/.test(error ?? '')) return 'unknown-host';
    if (isInvalidResponse(error)) return 'not-http';
    return /certificate|ERR_SSL|EPROTO/.test(error ?? '') ? 'tls' : 'no-answer';
  }
  if (status === 401 || status === 403) return 'credentials';
  if (status === 404 || status === 405) return 'path';
  if (status === 400 || status === 422) return 'body';
  if (status === 413) return 'size';
  if (status === 429) return 'often';
  if (status >= 300 && status < 400) return 'redirect';
  return status >= 500 ? 'callback' : 'answer';
}
