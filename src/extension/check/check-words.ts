import type { Finding } from '../../check/run.ts';
import { ScenarioFileError } from '../../check/scenario-file.ts';
import { SaidError, textOf, words } from '../../check/words.ts';
import { CommandError } from '../ui/command-error.ts';
import { withNext } from '../ui/error-words.ts';
import { sayIn } from '../ui/localiser.ts';
import type { Localiser } from '../ui/localiser.ts';
import { inMessage } from '../ui/printable.ts';
import type { CheckState } from './messages.ts';

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

/** A duration, rounded to seconds, and from two minutes on to half minutes. */
export function spanWords(ms: number, l10n: Localiser): string {
  const seconds = Math.ceil(ms / 1000);
  return seconds < 120 ? l10n.t('{0} s', seconds) : l10n.t('{0} min', Math.ceil(seconds / 30) / 2);
}

/** What to do if the contact count doesn't work. Nothing has been sent then. */
export function probeTodo({ todo }: SaidError, l10n: Localiser): string {
  return todo === undefined
    ? l10n.t('Nothing was sent to your callback. Fix the problem, or set up the contact count again.')
    : `${l10n.t('Nothing was sent to your callback.')} ${textOf(todo, sayIn(l10n))}`;
}

/** Why a report wasn't saved. A CommandError already says what wasn't written, and what to do. */
export function reportProblem(error: unknown, l10n: Localiser): string {
  return error instanceof CommandError
    ? withNext(error, l10n)
    : l10n.t('Couldn’t save the report: {0}', inMessage((error as Error).message, 300));
}

/** The problem comes before its place because a row is short. */
export function checkError(error: unknown, l10n: Localiser): string {
  if (!(error instanceof SaidError)) return withNext(error, l10n);
  const say = sayIn(l10n);
  const { said, todo } = error;
  if (error instanceof ScenarioFileError && error.wrong.length > 0) {
    return error.wrong.map(({ place, what }) => textOf(what, say) + (place === '' ? '' : ` (${place})`)).join('; ');
  }
  return todo === undefined ? textOf(said, say) : textOf(words('sentences', said, todo), say);
}
