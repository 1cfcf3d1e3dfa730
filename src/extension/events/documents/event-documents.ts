/** Read-only documents about one event: `campaignMonitorRelay:/e12/e12 body.json` and its like. */
import * as vscode from 'vscode';
import type { RelayErrorCode } from '../../../protocol/errors.ts';
import type { AttemptDetail, Delivery } from '../../../protocol/history.ts';
import { prefix } from '../../commands.ts';
import type { Session } from '../../relay/session.ts';
import type { StoppedHistory } from '../../relay/stopped-history.ts';
import { parseDocumentPath } from '../address.ts';
import type { DocumentTexts, Notice } from './content.ts';

/** The scheme of the documents' URIs. */
export const documentScheme = prefix;

/** Attempts that come within this time refresh a document once, in milliseconds. */
const refreshMs = 100;

/** Lets VS Code open the documents, and keeps those about attempts up to date. */
export function registerDocuments(context: vscode.ExtensionContext, session: Session, history: StoppedHistory): void {
  const provider = new EventDocuments(session, history);
  context.subscriptions.push(
    provider,
    vscode.workspace.registerTextDocumentContentProvider(documentScheme, provider),
    vscode.workspace.onDidCloseTextDocument((document) => provider.forget(document.uri)),
  );
}

class EventDocuments implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #history: StoppedHistory;
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  /** Documents that change with the deliveries' attempts: the delivery's id by URI. */
  readonly #watched = new Map<string, string>();
  readonly #stale = new Set<string>();
  readonly #subscriptions: vscode.Disposable[];
  #timer: NodeJS.Timeout | undefined;
  #running: boolean;

  readonly onDidChange = this.#changed.event;

  constructor(session: Session, history: StoppedHistory) {
    this.#history = history;

    this.#running = session.client !== undefined;
    this.#subscriptions = [
      session.onDidRecordAttempts(({ attempts, missed }) => {
        if (this.#watched.size === 0) return;
        const deliveries = new Set(attempts.map(({ deliveryId }) => deliveryId));
        for (const [uri, deliveryId] of this.#watched) {
          if (missed > 0 || deliveries.has(deliveryId)) this.#stale.add(uri);
        }
        if (this.#stale.size > 0) this.#timer ??= setTimeout(() => this.#refresh(), refreshMs);
      }),
      session.onDidChange(({ kind }) => {
        const running = kind === 'running';
        if (running && !this.#running) this.#refreshAll();
        this.#running = running;
      }),
    ];
  }

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const { l10n } = vscode;
    const address = parseDocumentPath(uri.path);
    if (address === undefined) return l10n.t('There is no such document: {0}', uri.path);
    const client = await this.#history.reader();
    if (client === undefined) return l10n.t('The relay is not running. This is shown again once it runs.');
    const { readDocument } = await import('../../deferred.ts');
    try {
      const { text, deliveryId } = await readDocument(client, address, documentTexts());
      if (address.kind === 'attempts') this.#watched.set(uri.toString(), deliveryId);
      return text;
    } catch (error) {
      const { code, message } = error as Error & { code?: RelayErrorCode };
      if (code === 'not-found') return l10n.t('Event {0} is no longer in the history.', address.eventId);
      return l10n.t('This cannot be shown: {0}', message);
    }
  }

  forget(uri: vscode.Uri): void {
    this.#watched.delete(uri.toString());
  }

  dispose(): void {
    clearTimeout(this.#timer);
    for (const each of this.#subscriptions) each.dispose();
    this.#changed.dispose();
  }

  #refresh(): void {
    this.#timer = undefined;
    for (const uri of this.#stale) this.#changed.fire(vscode.Uri.parse(uri, true));
    this.#stale.clear();
  }

  #refreshAll(): void {
    for (const { uri } of vscode.workspace.textDocuments) {
      if (uri.scheme === documentScheme) this.#changed.fire(uri);
    }
  }
}

/** The documents' texts for people, in the language of VS Code. */
export function documentTexts(): DocumentTexts {
  const { l10n } = vscode;
  return {
    attempts: (eventId) => l10n.t('Attempts to send {0}', eventId),
    noAttempts: l10n.t('There was no attempt yet.'),
    attempt: (notificationId, number, destination) =>
      l10n.t('Attempt {0} to send {1} to {2}', number, notificationId, destination),
    outcome: (attempt) => outcomeOf(attempt),
    verdict: (attempt) => verdictOf(attempt),
    headersOfAnswer: l10n.t('Headers of the answer'),
    answer: l10n.t('The answer'),
    emptyAnswer: l10n.t('The answer is empty.'),
    truncatedAnswer: l10n.t('Only the first 64 KiB of the answer were kept.'),
    notText: (bytes) => l10n.t('{0} bytes that are not text', bytes),
    received: (delivery) => receivedOf(delivery),
    sent: (notificationId, destination) => l10n.t('{0} as it is sent to {1}', notificationId, destination),
    sentNowhere: (notificationId) => l10n.t('{0} is sent nowhere: no destination takes it', notificationId),
    noNotification: (eventId) => l10n.t('No notification was made of {0}.', eventId),
    noAnswer: (number) => l10n.t('There was no attempt {0}.', number),
    noEventObject: (eventId) => l10n.t('The body does not hold {0} as an event of its own.', eventId),
    notice: (notice) => noticeOf(notice),
    answerLeftOut: l10n.t('The answer is left out here: the answers of later attempts fill this document.'),
  };
}

function noticeOf(notice: Notice): string {
  const { l10n } = vscode;
  switch (notice.kind) {
    case 'deep':
      return l10n.t('Shown as it came, not indented: it is nested too deeply.');
    case 'long':
      return l10n.t('Shown as it came, not indented: it is too long.');
    case 'dump':
      return l10n.t('The first {0} of {1} bytes that are not text:', notice.bytes, notice.of);
  }
}

function receivedOf({ id, receivedAt, httpStatus, injected, reason }: Delivery): string {
  const { l10n } = vscode;
  if (injected) return l10n.t('{0} as it was sent from here on {1}', id, receivedAt);
  return reason === null
    ? l10n.t('{0} as it was received on {1}, answered {2}', id, receivedAt, httpStatus)
    : l10n.t('{0} as it was received on {1}, answered {2}: {3}', id, receivedAt, httpStatus, reason);
}

function verdictOf({ status, error }: AttemptDetail): string {
  const { l10n } = vscode;
  if (status === null) return l10n.t('No answer: {0}', error ?? '');
  return error === null || error.includes(String(status))
    ? l10n.t('Answered {0}', status)
    : l10n.t('Answered {0}: {1}', status, error);
}

function outcomeOf(attempt: AttemptDetail): string {
  const { l10n } = vscode;
  const verdict = verdictOf(attempt);
  const milliseconds = Math.round(attempt.durationMs * 10) / 10;
  if (attempt.outcome === 'sent') return l10n.t('{0} in {1} ms, on {2}.', verdict, milliseconds, attempt.at);
  if (attempt.outcome === 'failed' || attempt.nextAttemptAt === null) {
    return l10n.t('{0} in {1} ms, on {2}. It is not tried again.', verdict, milliseconds, attempt.at);
  }
  return l10n.t(
    '{0} in {1} ms, on {2}. The next attempt is due on {3}.',
    verdict,
    milliseconds,
    attempt.at,
    attempt.nextAttemptAt,
  );
}
