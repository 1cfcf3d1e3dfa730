import * as vscode from 'vscode';
import { unlinked } from './printable.ts';

export type Progress = vscode.Progress<{ message?: string; increment?: number }>;

/** For a task that knows what is done when it is canceled. Resolves to its result, canceled or not. */
export function cancelable<T>(
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

export function tokenOf(signal: AbortSignal | undefined): vscode.CancellationToken {
  const source = new vscode.CancellationTokenSource();
  if (signal?.aborted === true) source.cancel();
  else signal?.addEventListener('abort', () => source.cancel(), { once: true });
  return source.token;
}

const shownAfterMs = 700;

/** The user canceled: show nothing. */
export class GivenUpError extends Error {
  override readonly name = 'GivenUpError';
}

export interface ProgressPlace {
  readonly viewId: string;
  readonly isVisible: () => boolean;
}

/**
 * Shows a notification with Cancel if the work takes long. @throws GivenUpError if the user canceled
 * @param task must fail when the signal is aborted
 * @param place if this view is open, only its bar is shown
 */
export async function working<T>(
  title: string,
  task: (signal: AbortSignal, report: (message: string) => void) => Promise<T>,
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

export async function inView<T>(place: ProgressPlace, title: string, task: () => Promise<T>): Promise<T> {
  if (place.isVisible()) return vscode.window.withProgress({ location: { viewId: place.viewId } }, task);
  return whereItTakesLong(task(), (settled) => {
    void vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title: unlinked(title), cancellable: false },
      () => settled,
    );
  });
}

async function whereItTakesLong<T>(work: Promise<T>, show: (settled: Promise<void>) => void): Promise<T> {
  const settled = settlement(work);
  const timer = setTimeout(() => show(settled), shownAfterMs);
  try {
    return await work;
  } finally {
    clearTimeout(timer);
  }
}

function settlement(work: Promise<unknown>): Promise<void> {
  return work.then(
    () => undefined,
    () => undefined,
  );
}

export async function unlessGivenUp<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof GivenUpError) return undefined;
    throw error;
  }
}
