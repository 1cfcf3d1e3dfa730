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

/** Work that takes less is not worth a notification, in milliseconds. */
const shownAfterMs = 700;

/** The user gave up what was under way: nothing needs to be said. */
export class GivenUpError extends Error {
  override readonly name = 'GivenUpError';
}

/**
 * Carries out work; where it takes long a notification says so and can end it.
 * @param task is to end with an error when the signal says so, and may say how far it is
 * @throws GivenUpError where the user gave it up, and what the task throws
 */
export async function working<T>(
  title: string,
  task: (signal: AbortSignal, say: (message: string) => void) => Promise<T>,
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
  const settled = done.then(
    () => undefined,
    () => undefined,
  );
  const timer = setTimeout(() => {
    void vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title: unlinked(title), cancellable: true },
      (progress, token) => {
        token.onCancellationRequested(() => abort.abort());
        shown = progress;
        report();
        return settled;
      },
    );
  }, shownAfterMs);
  try {
    return await done;
  } catch (error) {
    if (abort.signal.aborted) throw new GivenUpError(title);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
