/**
 * English texts of checks and scenarios: findings, reasons and errors contain codes and values. The extension
 * translates them (l10n/).
 */
import { spokenWords } from '../common/words.ts';
import type { Said, Words } from '../common/words.ts';

/** Only texts that say what to do are sentences with a full stop. */
export const checkEnglish = {
  // What is compared.
  answer: 'the answer',
  answers: 'the answers',
  attempts: 'attempts',
  callback: 'your callback',
  condition: 'a condition',
  kept: 'stored data',
  order: 'the order of answers',
  p50: 'median answer time (p50)',
  p99: '99th-percentile answer time (p99)',
  probe: 'contacts',
  'slowest-answer': 'the slowest answer',

  // Expected and actual values.
  'all-kept': 'everything',
  'answered-before': '{0} answered before an earlier request',
  'at-most-ms': 'at most {0} ms',
  'broken-page-without': 'a page of truncated or invalid JSON, without {0}',
  'empty-body': 'an empty body',
  ended: 'nothing is listening at {0} anymore: the server exited during or after this check',
  fewer: '-{0}',
  'from-to': '{0} (from {1} to {2})',
  more: '+{0}',
  ms: '{0} ms',
  'no-answer': 'no answer',
  'no-change': 'no change',
  'no-page': 'no page with your stored contacts was provided',
  'no-probe': 'no contact count was set up',
  'none-awaited': 'no answer was expected',
  'not-awaited': 'not expected',
  nothing: 'nothing',
  once: '{0} (once)',
  others: '{0} more',
  'page-broken': '{0} is marked as JSON but is truncated or invalid',
  'page-shows-part': 'the page doesn’t show {0} or two contacts sent later, so it may show only some contacts',
  'page-without': 'a page without {0}',
  'still-there': 'still running',
  'still-changing': 'the contact count was still changing (last: {0})',
  'same-order': 'as sent',
  'order-sent': 'the sending order',
  times: '{0} ({1} times)',
  twice: '{0} (twice)',

  // Combinations.
  and: '{0} and {1}',
  because: '{0}: {1}',
  list: '{0}, {1}',
  or: '{0} or {1}',
  sentences: '{0}. {1}',
  subject: '{0} {1}',
  'then-too': '{0}; {1}',
  unmet: '{0}: expected {1}, got {2}',

  // Why there is no answer.
  'accepts-certificate': '{0}: to accept this certificate, set "insecureTls" for the destination',
  closed: 'the connection was closed without an answer',
  'no-complete-answer': 'no complete answer within {0} ms',
  'no-connection': 'no connection in time',
  'unknown-error': 'unknown error',

  // Why something was not run, or not completed.
  'no-key': 'no signature key was provided',
  'needs-key': '{0} requires a signature key, but no key was provided',
  'nothing-answers': 'the destination hasn’t answered since the check "{0}"',
  'nothing-listens': 'nothing is listening at {0}: {1}',
  'time-is-up': 'the time limit for all checks was reached',
  'too-long': 'the time limit of {0} ms was exceeded',

  // Titles of steps, and what they send.
  'a-delivery': 'a delivery',
  'a-sample': '{0} sample',
  again: '{0} again',
  as: 'as {0}',
  delivery: 'delivery',
  notification: 'notification',
  part: 'part {0} of {1}',
  repeated: '{0} times',
  samples: '{0} {1} samples',
  'sent-again': 'again',
  'sent-changed': 'changed',
  'sent-cut': 'truncated',
  'sent-cut-signature': 'with a truncated signature',
  'sent-empty-signature': 'with sha256= only',
  'sent-late': 'late',
  'sent-not-signed': 'unsigned',
  'sent-old-signature': 'with the signature of another body',
  'sent-other-end-signature': 'with the signature’s end changed',
  'sent-unanswered': 'no answer expected',
  'sent-wrong-sha1': 'signed with another key, as sha1=',
  'sent-wrong-signature': 'signed with another key',

  // Of a probe, or of a page with stored data.
  'a-signal': 'a signal',
  answered: '{0} answered {1}',
  'cannot-run': 'can’t run {0}: {1}',
  'ended-by': '{0} was ended by {1}',
  'ended-with': '{0} exited with {1}',
  'gives-no-answer': '{0} didn’t answer: {1}',
  'no-whole-number': '{0} didn’t return a whole number',
  'of-which-no-number': '{0} answered {1}, but {2} can’t be evaluated: {3}',
  'take-of-answer':
    'Specify where the number is: use --probe-value \'{0}\', "value" in a scenario file, or the button "Set Up Contact Count" in VS Code.',
  'the-page': 'the page {0}',
  'the-probe': 'the contact count {0}',
  'took-longer': '{0} took longer than {1} s',
  'too-many-values-of': '{0} returned more than {1} values',

  // Exceeded limits.
  beside: '{0} (plus {1} from resent steps)',
  'below-megabyte': 'less than 1 MB',
  'escaped-too-much': '"escaped" could expand the delivery to {0}; the limit is {1}. Use a smaller delivery.',
  megabytes: '{0} MB',
  'more-than': 'more than {0}',
  'no-room':
    '{0} exceeds the limit of {1}. Each notification contains the whole delivery: use larger parts, fewer events, or "as": "delivery".',
  'scenario-too-much':
    'this step would make the scenario exceed {0} requests or {1}. Repeat the step fewer times, or split the scenario.',
  'step-sends-one': 'a step with 1 request and {0} of data',
  'step-sends': 'a step with {0} requests and {1} of data',
  'step-too-much':
    '{0} exceeds the limit of {1} requests. Use larger parts, or spread the requests over several steps.',

  // Why a file, or one that it names, cannot be used.
  'an-object': 'an object',
  'a-list': 'a list',
  'a-number': 'a number',
  'a-text': 'text',
  'a-value': 'a {0}',
  'a-whole-number': 'a whole number',
  'cannot-be-read': 'can’t read {0}: {1}',
  changes: 'changed while it was being read',
  'check-name': 'Check that the file exists and its name is spelled correctly.',
  'copy-into': 'Copy the content into a file in the scenario folder.',
  hidden: 'can’t be used because it’s a dot file or is in a dot folder',
  'is-missing': 'is missing',
  'is-no-file': 'isn’t a file',
  'is-not-json': 'isn’t JSON: {0}',
  'is-not-there': 'doesn’t exist',
  'longer-than': 'is longer than {0} bytes',
  'make-fixture':
    'Send large content as a fixture: { "send": { "fixture": "subscribe.json" } }. Or split the file into smaller files.',
  'make-several': 'Split the file into smaller files.',
  'more-expressions': 'has more than {0} expressions',
  'more-keys': 'has an object with more than {0} keys',
  'more-values': 'has more than {0} values',
  'must-be': 'must be {0}',
  'nested-deeper': 'is nested more than {0} levels deep',
  'no-earlier-step': 'scenario "{0}": no earlier step is named "{1}"',
  'no-events': 'not a delivery: it contains no events',
  'no-folder': 'can’t read {0}: the scenario file isn’t in a local folder',
  'no-history': 'no history is available',
  'no-recording': 'not a cm-relay recording',
  'not-a-delivery': 'not a delivery: {0}',
  outside: 'is outside the scenario folder, either by its path or through a link',
  'recording-line': 'line {0}: {1}',
  'see-documents': 'See docs/scenarios.md for the format. Add "$schema" to have your editor check the file.',
  'test-call': 'a delivery without events is a test call and produces no notification',
  'true-or-false': 'true or false',
  'try-again': 'Try again.',
  'unknown-key': 'unknown key {0}',

  // Of a report.
  'line-got': 'got:',
  'line-expected': 'expected:',
  'line-mend': 'fix:',
  'line-open': 'undecided:',
  'line-platform': 'platform:',
  'line-sent': 'sent:',
  'line-why': 'why:',
  assumed: '{0} (Assumption; see docs/assumptions.md.)',
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

/** One value for each placeholder of a text. */
type ValuesOf<Text extends string> = Text extends `${string}{3}${string}`
  ? [Value, Value, Value, Value]
  : Text extends `${string}{2}${string}`
    ? [Value, Value, Value]
    : Text extends `${string}{1}${string}`
      ? [Value, Value]
      : Text extends `${string}{0}${string}`
        ? [Value]
        : [];

export function words<C extends CheckCode>(code: C, ...values: ValuesOf<(typeof checkEnglish)[C]>): Words {
  return { code, values };
}

/** An English text that is its own code, such as the title of a check. */
export function ownText(english: string): Words {
  return { code: english, values: [] };
}

export function joined(by: 'and' | 'list' | 'or' | 'then-too', all: readonly Said[]): Said {
  return all.length === 0 ? '' : all.reduce((before, each) => words(by, before, each));
}

const english: Readonly<Record<string, string>> = checkEnglish;

/** In English unless a language is given. */
export function textOf(said: Said): string {
  if (typeof said === 'string') return said;
  return spokenWords(said, (code) => english[code] ?? code) ?? '';
}

/** Null for a plain text, or none. */
export function codeOf(said: Said | null): string | null {
  return said === null || typeof said === 'string' ? null : said.code;
}

/** Why a check or scenario cannot continue. `message` and `next`, the advice, are in English. */
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

export function saidOf(error: unknown): Said {
  return error instanceof SaidError ? error.said : (error as Error).message;
}
