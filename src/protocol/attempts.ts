import { say } from '../common/say.ts';
import type { AttemptDetail, Forwarding } from './history.ts';

/** An attempt this much before it was due was requested by a client. */
const earlyMs = 50;

type Tried = Pick<AttemptDetail, 'notificationId' | 'destinationId' | 'number' | 'at' | 'outcome' | 'nextAttemptAt'>;

/** For each forwarding the oldest first; earlier ones may be missing. */
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
  return replays.has(attempt) ? say('Attempt {0} (resent)', attempt.number) : say('Attempt {0}', attempt.number);
}

export function isInvalidResponse(error: string | null): boolean {
  return /HTTP\/1\.1 protocol|UND_ERR_RES_CONTENT_LENGTH|bad (?:upgrade|response)/.test(error ?? '');
}

export function attemptAdvice({ status, error }: Pick<AttemptDetail, 'status' | 'error'>): string {
  if (status === null) {
    if (/ECONNREFUSED/.test(error ?? '')) return say('Start the callback, or correct its URL and port.');
    if (/ENOTFOUND|EAI_AGAIN/.test(error ?? '')) return say('Check the destination’s host name.');
    if (isInvalidResponse(error))
      return say(
        'The callback is running, but its response isn’t valid HTTP. Check the status and headers that it sends, and that the destination’s port is the callback’s.',
      );
    if (/certificate|ERR_SSL|EPROTO/.test(error ?? ''))
      return say('Check whether the callback uses http or https, and check its certificate.');
    return say(
      'Check that the callback is running, and read its log for the time of the attempt. The callback should answer first and process the notification afterward.',
    );
  }
  if (status === 401 || status === 403)
    return say('Check the destination’s credentials and signature key, and how the callback verifies them.');
  if (status === 404 || status === 405)
    return say('Check that the destination’s path is right and accepts POST requests.');
  if (status === 400 || status === 422)
    return say('The callback rejected the body. Read the callback’s answer, and check the body that was sent.');
  if (status === 413) return say('Raise the callback’s body size limit: a body can contain up to 1,000 events.');
  if (status === 429) return say('The callback gets too many requests. Lower the concurrency of the destination.');
  if (status >= 300 && status < 400) return say('The destination redirects. Use the URL it redirects to.');
  if (status >= 500) return say('The callback failed. See its answer and log for the reason.');
  return say('See the callback’s answer for the reason.');
}
