import * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import { offer } from '../ui/offer.ts';
import { cancelable } from '../ui/progress.ts';
import { showStatusMessage } from '../ui/status-message.ts';
import { stepByStep, type Steps } from './notification-groups.ts';

/** More events than this fill a screen, so actions on them ask first. */
const mostUnasked = 20;

export async function isMeant(count: number, question: string, detail: string, yes: string): Promise<boolean> {
  if (count <= mostUnasked) return true;
  return (await vscode.window.showWarningMessage(question, { modal: true, detail }, yes)) === yes;
}

export function inFull(count: number): string {
  return count.toLocaleString(vscode.env.language);
}

export interface Said {
  readonly none: string;
  readonly one: string;
  readonly many: (count: number) => string;
  readonly canceled: (count: number) => string;
}

/** Uses the status bar, because the views show the result, unless nothing was done. */
export function sayDone({ done, canceled }: Steps, texts: Said): void {
  if (canceled) showStatusMessage(texts.canceled(done));
  else if (done === 0) void offer('Information', texts.none, {});
  else showStatusMessage(done === 1 ? texts.one : texts.many(done));
}

export async function inSteps(
  title: string,
  groups: readonly (readonly string[])[],
  work: (ids: readonly string[]) => Promise<number>,
): Promise<Steps> {
  const [first] = groups;
  if (first === undefined) return { done: 0, canceled: false };
  if (groups.length === 1) return { done: await work(first), canceled: false };
  const all = groups.reduce((sum, { length }) => sum + length, 0);
  return cancelable(title, (signal, progress) => {
    let at = 0;
    return stepByStep(groups, signal, work, (size) => {
      at += size;
      progress.report({ increment: (100 * size) / all, message: say('{0} of {1}', at, all) });
    });
  });
}
