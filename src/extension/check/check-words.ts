/** How checks and scenarios are, in words of the extension's own, and why one cannot be run. */
import type { Cost } from '../../check/cost.ts';
import type { Finding } from '../../check/run.ts';
import { ScenarioFileError } from '../../check/scenario-file.ts';
import { SaidError, textOf, words } from '../../check/words.ts';
import { CommandError } from '../ui/command-error.ts';
import { withNext } from '../ui/error-words.ts';
import { sayIn } from '../ui/localiser.ts';
import type { Localiser } from '../ui/localiser.ts';
import { inMessage } from '../ui/printable.ts';
import type { CheckState } from './messages.ts';

/** How a check is, in a word. */
export function stateWord(state: CheckState, l10n: Localiser): string {
  switch (state) {
    case 'passed':
      return l10n.t('Passed');
    case 'failed':
      return l10n.t('Failed');
    case 'undecided':
      return l10n.t('Undecided');
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
      return l10n.t('Undecided');
  }
}

/** A span of checks' time, roughly: to the second, from two minutes on to the half minute. */
export function spanWords(ms: number, l10n: Localiser): string {
  const seconds = Math.ceil(ms / 1000);
  return seconds < 120 ? l10n.t('{0} s', seconds) : l10n.t('{0} min', Math.ceil(seconds / 30) / 2);
}

/** What checks cost in time. @param limitMs how long they may take, in milliseconds */
export function costWords({ leastMs, mostMs }: Cost, limitMs: number, l10n: Localiser): string {
  return l10n.t(
    '{0} to {1}, plus your callback’s answer time; at most {2}',
    ...([leastMs, mostMs, limitMs] as const).map((ms) => spanWords(ms, l10n)),
  );
}

/** What to do where the contact count does not work. Nothing was sent by then. */
export function probeTodo({ todo }: SaidError, l10n: Localiser): string {
  return todo === undefined
    ? l10n.t('Nothing was sent to your callback. Fix the problem, or set up the contact count again.')
    : `${l10n.t('Nothing was sent to your callback.')} ${textOf(todo, sayIn(l10n))}`;
}

/** Why a report was not saved. One of ours says itself what was not written, and what to do. */
export function reportProblem(error: unknown, l10n: Localiser): string {
  return error instanceof CommandError
    ? withNext(error, l10n)
    : l10n.t('Couldn’t save the report: {0}', inMessage((error as Error).message, 300));
}

/** An error as one text: what went wrong, and what to do next. What is wrong comes before its place: a row is short. */
export function checkError(error: unknown, l10n: Localiser): string {
  if (!(error instanceof SaidError)) return withNext(error, l10n);
  const say = sayIn(l10n);
  const { said, todo } = error;
  if (error instanceof ScenarioFileError && error.wrong.length > 0) {
    return error.wrong.map(({ place, what }) => textOf(what, say) + (place === '' ? '' : ` (${place})`)).join('; ');
  }
  return todo === undefined ? textOf(said, say) : textOf(words('sentences', said, todo), say);
}
