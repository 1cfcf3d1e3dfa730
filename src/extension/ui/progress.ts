/** Work that may take its time: shown, and cancellable. One place says how. */
import * as vscode from 'vscode';
import { unlinked } from './printable.ts';

export type Progress = vscode.Progress<{ message?: string; increment?: number }>;

/**
 * Carries out work under a notification that can end it. Shown at once: for what is known to take long, and for several
 * steps, where the task itself knows what is done when it is given up.
 * @returns what the task returns, cancelled or not
 */
export function cancellable<T>(
  title: string,
  task: (signal: AbortSignal, progress: Progress) => Promise<T>,
): Thenable<T> {
  return vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: unlinked(title), cancellable: true },
    (progress, token) => {
      const abort = new AbortController();
      token.onCancellationRequested(() => abort.abort());
      return task(abort.signal, progress);
    },
  );
}

/** What takes a question back once a signal says so. @param signal undefined: it is never taken back */
export function tokenOf(signal: AbortSignal | undefined): vscode.CancellationToken {
  const source = new vscode.CancellationTokenSource();
  if (signal?.aborted === true) source.cancel();
  else signal?.addEventListener('abort', () => source.cancel(), { once: true });
  return source.token;
}

/** Work that takes less is not worth a notification, in milliseconds. */
const shownAfterMs = 700;

/** The user gave up what was under way: nothing needs to be said. */
export class GivenUpError extends Error {
  override readonly name = 'GivenUpError';
}

/** A view in which progress can be shown, as a bar above its rows. */
export interface ProgressPlace {
  readonly viewId: string;
  readonly isVisible: () => boolean;
}

/**
 * Carries out work; where it takes long a notification says so and can end it.
 * @param task is to end with an error when the signal says so, and may say how far it is
 * @param place where the work belongs to a view: while that is open, the bar above its rows says so, and nothing else
 * @throws GivenUpError where the user gave it up, and what the task throws
 */
export async function working<T>(
  title: string,
  task: (signal: AbortSignal, say: (message: string) => void) => Promise<T>,
  place?: ProgressPlace,
): Promise<T> {
  const abort = new AbortController();
  let said: string | undefined;
  let shown: Progress | undefined;
  const report = (): void => {
    if (said !== undefined) shown?.report({ message: unlinked(said) });
  };
  const done = task(abort.signal, (message) => {
    said = message;
    report();
  });
  if (place?.isVisible() === true)
    return vscode.window.withProgress({ location: { viewId: place.viewId } }, () => done);
  const show = (settled: Promise<void>): void => {
    void vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title: unlinked(title), cancellable: true },
      (progress, token) => {
        token.onCancellationRequested(() => abort.abort());
        shown = progress;
        report();
        return settled;
      },
    );
  };
  try {
    return await whereItTakesLong(done, show);
  } catch (error) {
    if (abort.signal.aborted) throw new GivenUpError(title);
    throw error;
  }
}

/**
 * Carries out work that only reads, or cannot be given up: where its view is open, the bar above that says so at once;
 * else, where it takes long, a notification without a Cancel that would do nothing.
 */
export async function inView<T>(place: ProgressPlace, title: string, task: () => Promise<T>): Promise<T> {
  if (place.isVisible()) return vscode.window.withProgress({ location: { viewId: place.viewId } }, task);
  return whereItTakesLong(task(), (settled) => {
    void vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title: unlinked(title), cancellable: false },
      () => settled,
    );
  });
}

/** What work comes to; where it is not done in time, it is shown until it is settled. */
async function whereItTakesLong<T>(work: Promise<T>, show: (settled: Promise<void>) => void): Promise<T> {
  const settled = settlement(work);
  const timer = setTimeout(() => show(settled), shownAfterMs);
  try {
    return await work;
  } finally {
    clearTimeout(timer);
  }
}

/** Resolves when work has ended, however. */
function settlement(work: Promise<unknown>): Promise<void> {
  return work.then(
    () => undefined,
    () => undefined,
  );
}

/** What work comes to; undefined where the user gave it up. @throws what else it throws */
export async function unlessGivenUp<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof GivenUpError) return undefined;
    throw error;
  }
}
