/**
 * What checks and scenarios say: findings, reasons and errors hold codes and values, of which this is the English. The
 * extension says the same in the user's language (l10n/).
 */
import { inEnglish, spokenWords } from '../common/words.ts';
import type { Said, Say, Words } from '../common/words.ts';

/** The English of each code. None is a sentence with its full stop but where it says what to do. */
export const checkEnglish = {
  // What is looked at.
  answer: 'the answer',
  answers: 'the answers',
  attempts: 'attempts',
  callback: 'your callback',
  condition: 'a condition',
  kept: 'what it keeps',
  order: 'the order of the answers',
  p50: 'half of the answers (p50)',
  p99: '99 of 100 answers (p99)',
  probe: 'the probe',
  'slowest-answer': 'the slowest answer',

  // What is expected of it, and what came.
  'all-kept': 'all of it',
  'answered-before': '{0} was answered before one that was sent earlier',
  'at-most-ms': 'at most {0} ms',
  'broken-page-without': 'a page that says it is JSON, is cut off or broken, and is without {0}',
  'empty-body': 'an empty body',
  ended: 'nothing listens at {0} any more: it ended behind its answer',
  fewer: '{0} fewer',
  'from-to': '{0} (from {1} to {2})',
  more: '{0} more',
  ms: '{0} ms',
  'no-answer': 'no answer',
  'no-change': 'no change',
  'no-page': 'no page was named that shows what the callback keeps',
  'no-probe': 'no probe was given, which would tell what the callback made of it',
  'none-awaited': 'no answer was awaited',
  'not-awaited': 'not awaited',
  nothing: 'nothing',
  once: '{0} (once)',
  others: '{0} others',
  'page-broken': '{0} says that it is JSON, and is cut off or broken',
  'page-shows-part':
    'the page is without {0}, and without two contacts that were sent after it as well: it may show a part only',
  'page-without': 'a page without {0}',
  'still-there': 'still there',
  'still-changing': 'the number was still changing: {0} at last',
  'same-order': 'the same',
  'order-sent': 'the order of what was sent',
  times: '{0} ({1} times)',
  twice: '{0} (twice)',

  // Put together.
  and: '{0} and {1}',
  because: '{0}: {1}',
  list: '{0}, {1}',
  or: '{0} or {1}',
  sentences: '{0}. {1}',
  subject: '{0} {1}',
  'then-too': '{0}; {1}',
  unmet: '{0}: expected {1}, got {2}',

  // Why there is no answer.
  'accepts-certificate': '{0}: "insecureTls" of the destination accepts the certificate',
  closed: 'the connection was closed without an answer',
  'no-complete-answer': 'no complete answer within {0} ms',
  'no-connection': 'no connection in time',
  'unknown-error': 'unknown error',

  // Why something was not run, or not to its end.
  'no-key': 'no signature key was given',
  'needs-key': '{0} is about the signature, and no signature key was given',
  'nothing-answers': 'nothing answers any more since "{0}"',
  'nothing-listens': 'nothing listens at {0}: {1}',
  'time-is-up': 'the time for all checks is up',
  'too-long': 'it took longer than {0} ms',

  // What a step is called, and what it sends.
  'a-delivery': 'a delivery',
  'a-sample': 'a sample, {0}',
  again: '{0} again',
  as: 'as {0}',
  delivery: 'delivery',
  notification: 'notification',
  part: 'part {0} of {1}',
  repeated: '{0} times',
  samples: '{0} samples, {1}',
  'sent-again': 'again',
  'sent-changed': 'changed',
  'sent-cut': 'cut',
  'sent-cut-signature': 'with the beginning of the signature',
  'sent-empty-signature': 'with sha256= alone',
  'sent-late': 'late',
  'sent-not-signed': 'not signed',
  'sent-old-signature': 'with the signature of another body',
  'sent-other-end-signature': 'with the beginning of the signature and another end',
  'sent-unanswered': 'answer not awaited',
  'sent-wrong-sha1': 'signed by another key, as sha1=',
  'sent-wrong-signature': 'signed by another key',

  // Of a probe, or of a page that shows what is kept.
  'a-signal': 'a signal',
  answered: '{0} answered {1}',
  'cannot-run': '{0} cannot be run: {1}',
  'ended-by': '{0} was ended by {1}',
  'ended-with': '{0} ended with {1}',
  'gives-no-answer': '{0} gives no answer: {1}',
  'no-whole-number': '{0} gives no whole number',
  'of-which-no-number': '{0} answered {1}, of which {2} gives no number: {3}',
  'take-of-answer': 'Say what to count in it: --probe-value \'{0}\', or "value" in a file of scenarios.',
  'the-page': 'the page {0}',
  'the-probe': 'the probe {0}',
  'took-longer': '{0} took longer than {1} s',
  'too-many-values-of': '{0} answers with more than {1} values',

  // What would be too much.
  beside: '{0}, beside {1} of steps that are sent again',
  'below-megabyte': 'less than 1 MB',
  'escaped-too-much': '"escaped" would make {0} of it: at most {1} are held at once',
  megabytes: '{0} MB',
  'more-than': 'more than {0}',
  'no-room':
    '{0}: at most {1} are held at once. Each notification has the whole delivery: make its parts larger, send fewer events, or "as": "delivery".',
  'scenario-too-much':
    'the scenario would send more than {0} requests or {1} with this step. Repeat less, or make several scenarios of it.',
  'step-sends': '{0} requests with {1} in one step',
  'step-too-much': '{0}: at most {1} are sent. Make its parts larger, or several steps of it.',

  // Why a file, or what it names, cannot be used.
  'an-object': 'an object',
  'a-list': 'a list',
  'a-number': 'a number',
  'a-text': 'a text',
  'a-value': 'a {0}',
  'a-whole-number': 'a whole number',
  'cannot-be-read': '{0} cannot be read: {1}',
  changes: 'changes while it is read',
  'check-name': 'Check that the file exists and its name is spelled correctly.',
  'copy-into': 'Copy what is to be sent into a file of that folder.',
  hidden: 'is a dot file or in a dot folder: none of these is read',
  'is-missing': 'is missing',
  'is-no-file': 'is no file',
  'is-not-json': 'is not JSON: {0}',
  'is-not-there': 'is not there',
  'longer-than': 'is longer than {0} bytes',
  'make-fixture': 'Send what is long as a fixture: { "send": { "fixture": "subscribe.json" } }. Or make several files.',
  'make-several': 'Make several files of it.',
  'more-expressions': 'has more than {0} expressions',
  'more-keys': 'has an object of more than {0} keys',
  'more-values': 'has more than {0} values',
  'must-be': 'must be {0}',
  'nested-deeper': 'is nested deeper than {0}',
  'no-earlier-step': 'scenario "{0}": no earlier step is called "{1}"',
  'no-events': 'it holds no events, so it is no delivery',
  'no-folder': 'there is no folder to look for {0} in',
  'no-history': 'there is no history to take it from',
  'no-recording': 'it is no recording of cm-relay: its first line does not say so',
  'not-a-delivery': 'this is no delivery: {0}',
  outside: 'is outside the folder of the scenarios, by its path or by a link',
  'recording-line': 'line {0}: {1}',
  'see-documents': 'docs/scenarios.md tells how it is written; "$schema" makes your editor check it.',
  'test-call': 'a delivery without events is a test call, of which no notification is made',
  'true-or-false': 'true or false',
  'try-again': 'Try again.',
  'unknown-key': 'unknown key {0}',

  // Of a report.
  'line-got': 'got:',
  'line-expected': 'expected:',
  'line-mend': 'to do:',
  'line-open': 'open:',
  'line-platform': 'platform:',
  'line-sent': 'sent:',
  'line-why': 'why:',
  assumed: '{0} (An assumption: docs/assumptions.md.)',
  failed: 'FAILED',
  passed: 'passed',
  skipped: 'skipped',
  undecided: 'undecided',
  'open-finding': '{0} (expected {1}): {2}',
  'several-requests': '{0} ({1} requests)',
  'so-many-failed': '{0} failed',
  'so-many-passed': '{0} passed',
  'so-many-skipped': '{0} skipped',
  'so-many-undecided': '{0} undecided',
} as const;
export type CheckCode = keyof typeof checkEnglish;

type Value = Words['values'][number];

/** A value for each place of a text. */
type ValuesOf<Text extends string> = Text extends `${string}{3}${string}`
  ? [Value, Value, Value, Value]
  : Text extends `${string}{2}${string}`
    ? [Value, Value, Value]
    : Text extends `${string}{1}${string}`
      ? [Value, Value]
      : Text extends `${string}{0}${string}`
        ? [Value]
        : [];

/** What a code says of these values. */
export function words<C extends CheckCode>(code: C, ...values: ValuesOf<(typeof checkEnglish)[C]>): Words {
  return { code, values };
}

/** A text of ours that is written where it belongs, such as the title of a check: it is its own code. */
export function ownText(english: string): Words {
  return { code: english, values: [] };
}

/** Several as one. */
export function joined(by: 'and' | 'list' | 'or' | 'then-too', all: readonly Said[]): Said {
  return all.length === 0 ? '' : all.reduce((before, each) => words(by, before, each));
}

const english: Readonly<Record<string, string>> = checkEnglish;

/** What is said as a text, in English where no language is given. */
export function textOf(said: Said, say: Say = inEnglish): string {
  if (typeof said === 'string') return said;
  return spokenWords(said, (code) => english[code] ?? code, say) ?? '';
}

/** By which code something is said; null where it is a text as it is, or nothing. */
export function codeOf(said: Said | null): string | null {
  return said === null || typeof said === 'string' ? null : said.code;
}

/** Why a check or scenario cannot go on. The message is in English, and so is `next`, which says what to do. */
export class SaidError extends Error {
  readonly said: Said;
  readonly todo: Said | undefined;
  readonly next: string | undefined;
  constructor(said: Said, todo?: Said) {
    super(textOf(said));
    this.said = said;
    this.todo = todo;
    this.next = todo === undefined ? undefined : textOf(todo);
  }
}

/** What an error says, by codes where it does. */
export function saidOf(error: unknown): Said {
  return error instanceof SaidError ? error.said : (error as Error).message;
}
