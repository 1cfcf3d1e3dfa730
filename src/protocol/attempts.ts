/** Attempts in words, alike for every client: what each is called, which of them began a round, what to do after one. */
import type { Say } from '../common/words.ts';
import type { AttemptDetail, Forwarding } from './history.ts';

/** The English of what is said of attempts: the extension says it in the user's language. */
export const attemptTexts = {
  attempt: 'Attempt {0}',
  replay: 'Attempt {0} (replay)',
  refused: 'Start the callback, or correct its URL and port.',
  'unknown-host': 'Check the host name of the destination.',
  'no-answer':
    'Look whether the callback runs, and what its log says at that time. It should answer first and work afterwards.',
  credentials: 'Check the credentials and the signature key of the destination, and how the callback checks.',
  path: 'Check the path of the destination: it takes POST.',
  body: 'The callback does not take the body: read its answer, and compare with what was sent.',
  size: 'Raise the size of bodies that the callback takes: a delivery may hold 1,000 events.',
  often: 'The callback is asked too often: lower the concurrency of the destination.',
  redirect: 'It redirects: give the URL that it leads to.',
  callback: 'The callback failed: its answer and its own log say why.',
  answer: 'Read the answer.',
} as const;

/** An attempt's number counts on over rounds: retries and replays alike. */
type Numbered = Pick<AttemptDetail, 'number' | 'at' | 'outcome' | 'nextAttemptAt'>;

/** An attempt that comes so much before it was due was asked for by somebody, in milliseconds. */
const earlyMs = 50;

/**
 * The numbers of the attempts that a replay asked for: the first of each round but the first.
 * @param attempts those of one forwarding, oldest first; earlier ones may be left out
 * @param forwarding as it stands now, which knows where its last round began
 */
export function replaysAmong(
  attempts: readonly Numbered[],
  forwarding: Pick<Forwarding, 'attempts' | 'ofRound'>,
): ReadonlySet<number> {
  const last = forwarding.attempts - forwarding.ofRound + 1;
  const first = attempts.filter(({ number }, i) => {
    if (number === 1 || number > last) return false;
    const before = attempts[i - 1];
    return number === last || (before !== undefined && asksAgain(before, attempts[i]));
  });
  return new Set(first.map(({ number }) => number));
}

/** Whether somebody had it sent again: a round had ended, or the next attempt was not due yet. */
function asksAgain(before: Numbered, attempt: Numbered | undefined): boolean {
  if (before.outcome !== 'retrying' || before.nextAttemptAt === null || attempt === undefined) return true;
  return Date.parse(attempt.at) < Date.parse(before.nextAttemptAt) - earlyMs;
}

/** What an attempt is called. @param replays as {@link replaysAmong} finds them */
export function attemptName(number: number, replays: ReadonlySet<number>, say: Say): string {
  return say(replays.has(number) ? attemptTexts.replay : attemptTexts.attempt, number);
}

/**
 * What to do about an attempt that was no success, in English.
 * @param attempt its status, null where no answer came, and why
 */
export function attemptAdvice(attempt: Pick<AttemptDetail, 'status' | 'error'>): string {
  return attemptTexts[adviceCode(attempt)];
}

function adviceCode({ status, error }: Pick<AttemptDetail, 'status' | 'error'>): keyof typeof attemptTexts {
  if (status === null) {
    if (/ECONNREFUSED/.test(error ?? '')) return 'refused';
    return /ENOTFOUND|EAI_AGAIN/.test(error ?? '') ? 'unknown-host' : 'no-answer';
  }
  if (status === 401 || status === 403) return 'credentials';
  if (status === 404 || status === 405) return 'path';
  if (status === 400 || status === 422) return 'body';
  if (status === 413) return 'size';
  if (status === 429) return 'often';
  if (status >= 300 && status < 400) return 'redirect';
  return status >= 500 ? 'callback' : 'answer';
}
