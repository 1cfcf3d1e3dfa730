import { say } from '../../common/say.ts';
import type { Finding } from '../../check/run.ts';
import { ScenarioFileError } from '../../check/scenario-file.ts';
import { CheckError } from '../../check/check-error.ts';
import { CommandError } from '../ui/command-error.ts';
import { withNext } from '../ui/error-words.ts';
import { inMessage } from '../ui/printable.ts';
import type { CheckState } from './messages.ts';

export function stateWord(state: CheckState): string {
  return {
    passed: say('Passed'),
    failed: say('Failed'),
    undecided: say('Undecided'),
    skipped: say('Skipped'),
    running: say('Running'),
    waiting: say('Waiting'),
    notRun: say('Not run'),
  }[state];
}

export function verdictWord(verdict: Finding['verdict']): string {
  return {
    met: say('As expected'),
    unmet: say('Not as expected'),
    undecided: say('Undecided'),
  }[verdict];
}

/** Rounded up to seconds; from two minutes on, to half minutes. */
export function spanWords(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  return seconds < 120 ? say('{0} s', seconds) : say('{0} min', Math.ceil(seconds / 30) / 2);
}

export function probeTodo({ next }: CheckError): string {
  return next === undefined
    ? say('Nothing was sent to your callback. Fix the problem, or set up the contact count again.')
    : `${say('Nothing was sent to your callback.')} ${next}`;
}

export function reportProblem(error: unknown): string {
  return error instanceof CommandError
    ? withNext(error)
    : say('Couldn’t save the report: {0}', inMessage((error as Error).message, 300));
}

/** Rows are short, so the problem precedes its place. */
export function checkError(error: unknown): string {
  if (!(error instanceof CheckError)) return withNext(error);
  if (error instanceof ScenarioFileError && error.wrong.length > 0) {
    return error.wrong.map(({ place, what }) => what + (place === '' ? '' : ` (${place})`)).join('; ');
  }
  return error.next === undefined ? error.message : `${error.message}. ${error.next}`;
}
