/**
 * The engine's own words in the user's language. They stand in src/check, for the terminal too, and in English there:
 * scripts/check-manifest.ts gathers the suite's texts from the suite itself.
 */
import type { Finding, Outcome } from '../../check/run.ts';
import type { Localiser } from '../ui/localiser.ts';
import type { CheckState } from './messages.ts';

/** A text of the suite: a check's title and those of its steps, why it matters, what the platform does, what to do. */
export function suiteText(text: string, l10n: Localiser): string {
  return l10n.t.call(l10n, text);
}

/** Why a file of scenarios is not shown, and what to do. What is wrong comes before its place: a row is short. */
export function fileProblem({ message }: Error, l10n: Localiser): string {
  const [, notJson] = /^is not JSON: (.*)$/s.exec(message) ?? [];
  if (notJson !== undefined) return l10n.t('Not JSON: {0}', notJson);
  const [most = ''] = /\d+/.exec(message) ?? [];
  const bounded = bound(message.replace(most, '…'), most, l10n);
  if (bounded === undefined) return withPlaceBehind(message, l10n);
  return `${bounded} ${l10n.t('Make several files of it, or send what is long as a fixture.')}`;
}

/** `scenarios[0].steps[1].send: is missing`, the other way round; as it is where several things are wrong. */
function withPlaceBehind(message: string, l10n: Localiser): string {
  const [, place, what] = /^([\w.[\]]+): ([^;]+)$/.exec(message) ?? [];
  if (place === undefined || what === undefined) return message;
  const [, key] = /^unknown key (.*)$/.exec(what) ?? [];
  if (key !== undefined) return l10n.t('Unknown key {0} in {1}', key, place);
  return what === 'is missing' ? l10n.t('Missing: {0}', place) : `${what} (${place})`;
}

function bound(message: string, most: string, l10n: Localiser): string | undefined {
  switch (message) {
    case 'is longer than … bytes':
      return l10n.t('Longer than {0} bytes.', most);
    case 'is nested deeper than …':
      return l10n.t('Nested deeper than {0}.', most);
    case 'has more than … values':
      return l10n.t('More than {0} values.', most);
    case 'has an object of more than … keys':
      return l10n.t('An object has more than {0} keys.', most);
    case 'has more than … expressions':
      return l10n.t('More than {0} expressions.', most);
    default:
      return undefined;
  }
}

/** How a check is, in a word. */
export function stateWord(state: CheckState, l10n: Localiser): string {
  switch (state) {
    case 'passed':
      return l10n.t('Passed');
    case 'failed':
      return l10n.t('Failed');
    case 'undecided':
      return l10n.t('Not decided');
    case 'skipped':
      return l10n.t('Skipped');
    case 'running':
      return l10n.t('Running');
    case 'waiting':
      return l10n.t('Waiting');
    case 'notRun':
      return l10n.t('Not run');
  }
}

/** What a finding came to, in words. */
export function verdictWord(verdict: Finding['verdict'], l10n: Localiser): string {
  switch (verdict) {
    case 'met':
      return l10n.t('As expected');
    case 'unmet':
      return l10n.t('Not as expected');
    case 'undecided':
      return l10n.t('Not decided');
  }
}

/** What is looked at. */
export function lookedAt(what: string, l10n: Localiser): string {
  switch (what) {
    case 'the answer':
      return l10n.t('The answer');
    case 'the answers':
      return l10n.t('The answers');
    case 'the slowest answer':
      return l10n.t('The slowest answer');
    case 'p50':
      return l10n.t('Half of the answers (p50)');
    case 'p99':
      return l10n.t('99 of 100 answers (p99)');
    case 'attempts':
      return l10n.t('Attempts');
    case 'the order of the answers':
      return l10n.t('The order of the answers');
    case 'a condition':
      return l10n.t('A condition');
    case 'the probe':
      return l10n.t('The probe');
    case 'what it keeps':
      return l10n.t('What it keeps');
    default:
      return what;
  }
}

/** What was expected or came, or why a check was not run, where these are words of the engine's own. */
export function engineText(text: string, l10n: Localiser): string {
  switch (text) {
    case 'no signature key was given':
      return l10n.t('no signature key was given');
    case 'the time for all checks is up':
      return l10n.t('the time for all checks is up');
    case 'no probe was given, which would tell what the callback made of it':
      return l10n.t('no probe was given, which would tell what the callback made of it');
    case 'no page was named that shows what the callback keeps':
      return l10n.t('no page was named that shows what the callback keeps');
    case 'all of it':
      return l10n.t('all of it');
    case 'no change':
      return l10n.t('no change');
    case 'no answer':
      return l10n.t('no answer');
    default:
      return growth(text, l10n) ?? text;
  }
}

/** By how much the probe grew: `2 more (from 2 to 4)`. */
function growth(text: string, l10n: Localiser): string | undefined {
  const [, by = '', from, to = ''] =
    /^(\d+ more|\d+ fewer|no change)(?: \(from (-?\d+) to (-?\d+)\))?$/.exec(text) ?? [];
  if (by === '') return undefined;
  const count = Number.parseInt(by);
  const words = by.endsWith('more')
    ? l10n.t('{0} more', count)
    : by.endsWith('fewer')
      ? l10n.t('{0} fewer', count)
      : l10n.t('no change');
  return from === undefined ? words : l10n.t('{0} (from {1} to {2})', words, from, to);
}

/** What a finding says, in a line. */
export function findingWords({ verdict, what, expected, actual }: Finding, l10n: Localiser): string {
  return verdict === 'undecided'
    ? `${lookedAt(what, l10n)}: ${engineText(actual, l10n)}`
    : l10n.t('{0}: expected {1}, got {2}', lookedAt(what, l10n), engineText(expected, l10n), engineText(actual, l10n));
}

/** How many there are of each outcome, such as `23 passed, 3 failed`. */
export function countsLine(counts: Readonly<Record<Outcome, number>>, l10n: Localiser): string {
  const { passed, failed, undecided, skipped } = counts;
  return [
    l10n.t('{0} passed', passed),
    l10n.t('{0} failed', failed),
    ...(undecided > 0 ? [l10n.t('{0} not decided', undecided)] : []),
    ...(skipped > 0 ? [l10n.t('{0} skipped', skipped)] : []),
  ].join(', ');
}
