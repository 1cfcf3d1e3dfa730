/** What is done to many notifications at once: in steps that can be given up, and said afterwards. */
import * as vscode from 'vscode';
import { offer } from '../ui/offer.ts';
import { cancellable } from '../ui/progress.ts';
import { say } from '../ui/say.ts';
import { stepByStep } from './step-by-step.ts';
import type { Steps } from './step-by-step.ts';

/** More events than this fill a screen: what is done to them at once is asked about. */
const mostUnasked = 20;

/**
 * Asks before something is done to more events than are seen at once; to fewer it is done without a question.
 * @param question what is asked, with how many they are
 * @param detail what comes of it
 * @param yes the button that does it
 * @returns whether it is to be done
 */
export async function isMeant(count: number, question: string, detail: string, yes: string): Promise<boolean> {
  if (count <= mostUnasked) return true;
  return (await vscode.window.showWarningMessage(question, { modal: true, detail }, yes)) === yes;
}

/** A number as it is said. */
export function inFull(count: number): string {
  return count.toLocaleString(vscode.env.language);
}

/** What is said of what was done. */
export interface Said {
  readonly none: string;
  readonly one: string;
  readonly many: (count: number) => string;
  readonly cancelled: (count: number) => string;
}

/** Says what was done, in passing: the views show how it goes on. That nothing was done they do not show. */
export function sayDone({ done, cancelled }: Steps, texts: Said): void {
  if (cancelled) say(texts.cancelled(done));
  else if (done === 0) void offer('Information', texts.none, {});
  else say(done === 1 ? texts.one : texts.many(done));
}

/** Works through groups of ids; more than one shows progress that can be cancelled. */
export async function inSteps(
  title: string,
  groups: readonly (readonly string[])[],
  work: (ids: readonly string[]) => Promise<number>,
): Promise<Steps> {
  const [first] = groups;
  if (first === undefined) return { done: 0, cancelled: false };
  if (groups.length === 1) return { done: await work(first), cancelled: false };
  const all = groups.reduce((sum, { length }) => sum + length, 0);
  return cancellable(title, (signal, progress) => {
    let at = 0;
    return stepByStep(groups, signal, work, (size) => {
      at += size;
      progress.report({ increment: (100 * size) / all, message: vscode.l10n.t('{0} of {1}', at, all) });
    });
  });
}
