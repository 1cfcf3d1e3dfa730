/**
 * Read-only documents about one event: `campaignMonitorRelay:/e12/e12 body.json` and its like. They are files of a file
 * system of their own, since VS Code brings the tabs of files back after a reload, and those of mere texts not.
 */
import * as vscode from 'vscode';
import { attemptName } from '../../protocol/attempts.ts';
import type { RelayErrorCode } from '../../protocol/errors.ts';
import type { AttemptDetail, Delivery, SignatureCheck } from '../../protocol/history.ts';
import { prefix } from '../prefix.ts';
import type { Session } from '../session/session.ts';
import type { StoppedHistory } from '../session/stopped-history.ts';
import { sayIn } from '../ui/localiser.ts';
import { durationOf, placeOf } from '../ui/phrases.ts';
import { eventIdOf, parseDocumentPath } from '../events/address.ts';
import type { DocumentAddress } from '../events/address.ts';
import type { DocumentTexts, Notice } from './content.ts';

/** The scheme of the documents' URIs. */
export const documentScheme = prefix;

/** Attempts that come within this time refresh a document once, in milliseconds. */
const refreshMs = 100;

/** Documents that are remembered as they were read: those open and a few more. */
const mostKept = 50;

/** Lets VS Code open the documents, and keeps those about attempts up to date. */
export function registerDocuments(context: vscode.ExtensionContext, session: Session, history: StoppedHistory): void {
  const documents = new EventDocuments(session, history);
  context.subscriptions.push(
    documents,
    vscode.workspace.registerFileSystemProvider(documentScheme, documents, {
      isReadonly: true,
      isCaseSensitive: true,
    }),
    vscode.workspace.onDidCloseTextDocument((document) => documents.forget(document.uri)),
  );
}

/** A document as it was last read. */
interface Kept {
  readonly uri: vscode.Uri;
  readonly bytes: Promise<Uint8Array>;
  /** Milliseconds since the epoch, and later than that of the reading before. */
  readonly readAt: number;
  /** The delivery that it is about, where it changes with the delivery's attempts. */
  deliveryId?: string;
}

class EventDocuments implements vscode.FileSystemProvider, vscode.Disposable {
  readonly #history: StoppedHistory;
  readonly #changed = new vscode.EventEmitter<vscode.FileChangeEvent[]>();
  /** By URI, the one that was read last at the end. */
  readonly #kept = new Map<string, Kept>();
  readonly #stale = new Set<string>();
  readonly #subscriptions: vscode.Disposable[];
  #timer: NodeJS.Timeout | undefined;
  #running: boolean;

  readonly onDidChangeFile = this.#changed.event;

  constructor(session: Session, history: StoppedHistory) {
    this.#history = history;

    this.#running = session.client !== undefined;
    this.#subscriptions = [
      session.onDidRecordAttempts(({ attempts, missed }) => {
        if (this.#kept.size === 0) return;
        const deliveries = new Set(attempts.map(({ deliveryId }) => deliveryId));
        for (const [key, { deliveryId }] of this.#kept) {
          if (deliveryId !== undefined && (missed > 0 || deliveries.has(deliveryId))) this.#stale.add(key);
        }
        if (this.#stale.size > 0) this.#timer ??= setTimeout(() => this.#refresh(), refreshMs);
      }),
      session.onDidChange(({ kind }) => {
        const running = kind === 'running';
        // With the relay's end a document stays as it was read.
        if (running && !this.#running) this.#readAgain([...this.#kept.keys()]);
        this.#running = running;
      }),
    ];
  }

  async stat(uri: vscode.Uri): Promise<vscode.FileStat> {
    const { bytes, readAt } = this.#read(uri);
    const { length } = await bytes;
    return {
      type: vscode.FileType.File,
      permissions: vscode.FilePermission.Readonly,
      ctime: 0,
      mtime: readAt,
      size: length,
    };
  }

  async readFile(uri: vscode.Uri): Promise<Uint8Array> {
    return await this.#read(uri).bytes;
  }

  /** What changes is told of all documents, asked for or not. */
  watch(): vscode.Disposable {
    return new vscode.Disposable(() => undefined);
  }

  readDirectory(): [string, vscode.FileType][] {
    return [];
  }

  createDirectory(uri: vscode.Uri): never {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  writeFile(uri: vscode.Uri): never {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  delete(uri: vscode.Uri): never {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  rename(uri: vscode.Uri): never {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  forget(uri: vscode.Uri): void {
    this.#kept.delete(uri.toString());
  }

  dispose(): void {
    clearTimeout(this.#timer);
    for (const each of this.#subscriptions) each.dispose();
    this.#changed.dispose();
  }

  #read(uri: vscode.Uri, after = 0): Kept {
    const key = uri.toString();
    const known = this.#kept.get(key);
    if (known !== undefined) return known;
    const address = addressOf(uri);
    if (address === undefined) throw vscode.FileSystemError.FileNotFound(uri);
    const kept: Kept = {
      uri,
      bytes: this.#textOf(address, (deliveryId) => (kept.deliveryId = deliveryId)).then((text) => Buffer.from(text)),
      readAt: Math.max(Date.now(), after + 1),
    };
    this.#kept.set(key, kept);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= mostKept) break;
      this.#kept.delete(oldest);
    }
    return kept;
  }

  async #textOf(address: DocumentAddress, watch: (deliveryId: string) => void): Promise<string> {
    const { l10n } = vscode;
    const client = await this.#history.reader();
    if (client === undefined) return l10n.t('The relay isn’t running. This document loads when the relay starts.');
    const { readDocument } = await import('../deferred.ts');
    try {
      const { text, deliveryId } = await readDocument(client, address, documentTexts());
      if (address.kind === 'attempts') watch(deliveryId);
      return text;
    } catch (error) {
      const { code, message } = error as Error & { code?: RelayErrorCode };
      if (code === 'not-found') return l10n.t('Event {0} is no longer in the history.', address.eventId);
      return l10n.t('Couldn’t show this document: {0}', message);
    }
  }

  #refresh(): void {
    this.#timer = undefined;
    this.#readAgain([...this.#stale]);
    this.#stale.clear();
  }

  #readAgain(keys: readonly string[]): void {
    const changes: vscode.FileChangeEvent[] = [];
    for (const key of keys) {
      const kept = this.#kept.get(key);
      if (kept === undefined) continue;
      this.#kept.delete(key);
      this.#read(kept.uri, kept.readAt);
      changes.push({ type: vscode.FileChangeType.Changed, uri: kept.uri });
    }
    if (changes.length > 0) this.#changed.fire(changes);
  }
}

/** What stands at a URI; an event itself, where it is opened as text, is its element of the body. */
function addressOf({ path }: vscode.Uri): DocumentAddress | undefined {
  const eventId = eventIdOf(path);
  return parseDocumentPath(path) ?? (eventId === undefined ? undefined : { eventId, kind: 'event', attempt: null });
}

/** The documents' texts for people, in the language of VS Code. */
export function documentTexts(): DocumentTexts {
  const { l10n } = vscode;
  return {
    attempts: (eventId) => l10n.t('Attempts to send {0}', eventId),
    noAttempts: l10n.t('No attempts yet.'),
    attempt: (attempt, replays, destination) =>
      l10n.t('{0} to send {1} to {2}', attemptName(attempt, replays, sayIn(l10n)), attempt.notificationId, destination),
    columns: [
      l10n.t('Attempt'),
      l10n.t('Time'),
      l10n.t('Notification'),
      l10n.t('Destination'),
      l10n.t('Answer'),
      l10n.t('Duration'),
    ],
    cells: (attempt) => ({
      at: localTime(attempt.at),
      destination: placeOf(attempt.destination),
      answer: attempt.status === null ? l10n.t('none') : String(attempt.status),
      took: durationOf(attempt.durationMs, l10n),
    }),
    outcome: (attempt) => outcomeOf(attempt),
    verdict: (attempt) => verdictOf(attempt),
    headersOfAnswer: l10n.t('Answer headers'),
    answer: l10n.t('Answer'),
    emptyAnswer: l10n.t('The answer is empty.'),
    truncatedAnswer: l10n.t('Only the first 64 KiB of the answer were kept.'),
    notText: (bytes) => l10n.t('{0} bytes of binary data', bytes),
    received: (delivery) => receivedOf(delivery),
    signature: (check) => signatureOf(check),
    sent: (notificationId, destination) => l10n.t('{0} as sent to {1}', notificationId, destination),
    sentNowhere: (notificationId) => l10n.t('{0} wasn’t sent to any destination', notificationId),
    noNotification: (eventId) => l10n.t('{0} has no notification.', eventId),
    noAnswer: (number) => l10n.t('Attempt {0} doesn’t exist.', number),
    noEventObject: (eventId) => l10n.t('{0} isn’t a separate event in the body.', eventId),
    notice: (notice) => noticeOf(notice),
    answerLeftOut: l10n.t(
      'This answer is omitted because the document reached its size limit. More recent answers are shown above.',
    ),
  };
}

function noticeOf(notice: Notice): string {
  const { l10n } = vscode;
  switch (notice.kind) {
    case 'deep':
      return l10n.t('Shown unformatted because the content is nested too deeply.');
    case 'long':
      return l10n.t('Shown unformatted because the content is too long.');
    case 'dump':
      return l10n.t('First {0} of {1} bytes of binary data:', notice.bytes, notice.of);
  }
}

function receivedOf({ id, receivedAt, httpStatus, injected, reason }: Delivery): string {
  const { l10n } = vscode;
  if (injected) return l10n.t('{0} as edited and resent on {1}', id, receivedAt);
  return reason === null
    ? l10n.t('{0} as received on {1}, answered {2}', id, receivedAt, httpStatus)
    : l10n.t('{0} as received on {1}, answered {2}: {3}', id, receivedAt, httpStatus, reason);
}

function verdictOf({ status, error }: AttemptDetail): string {
  const { l10n } = vscode;
  if (status === null) return l10n.t('No answer: {0}', error ?? '');
  return error === null || error.includes(String(status))
    ? l10n.t('Answered {0}', status)
    : l10n.t('Answered {0}: {1}', status, error);
}

/** A time of the relay's as a person here writes it. */
function localTime(time: string): string {
  return new Date(time).toLocaleString(vscode.env.language);
}

function outcomeOf(attempt: AttemptDetail): string {
  const { l10n } = vscode;
  const verdict = verdictOf(attempt);
  const took = durationOf(attempt.durationMs, l10n);
  const at = localTime(attempt.at);
  if (attempt.outcome === 'sent') return l10n.t('{0} in {1}, on {2}.', verdict, took, at);
  if (attempt.outcome === 'failed' || attempt.nextAttemptAt === null) {
    return l10n.t('{0} in {1}, on {2}. Not retried automatically.', verdict, took, at);
  }
  return l10n.t('{0} in {1}, on {2}. Next attempt on {3}.', verdict, took, at, localTime(attempt.nextAttemptAt));
}

function signatureOf(check: SignatureCheck): string {
  const { l10n } = vscode;
  switch (check) {
    case 'valid':
      return l10n.t('Valid signature');
    case 'invalid':
      return l10n.t('Wrong signature: no verify key matches');
    case 'missing':
      return l10n.t('No signature');
    case 'unchecked':
      return l10n.t('Signature not checked: no verify key is set');
    case 'fetched':
      return l10n.t('Fetched from the queue in Open Connectors: no signature to check');
  }
}
