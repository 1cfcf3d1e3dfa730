/** Files, because VS Code restores their tabs after a reload, unlike those of content providers. */
import * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import type { RelayErrorCode } from '../../protocol/errors.ts';
import type { AttemptDetail } from '../../protocol/history.ts';
import { prefix } from '../prefix.ts';
import type { Session } from '../session/session.ts';
import type { StoppedHistory } from '../session/stopped-history.ts';
import { documentPath, eventIdOf, eventPath, parseDocumentPath } from '../events/address.ts';
import type { BodyExtension, DocumentAddress } from '../events/address.ts';
import type { DocumentTexts, Notice } from './content.ts';
import type { ActionParts } from '../events/action-parts.ts';
import { readable } from '../events/chosen.ts';

export const documentScheme = prefix;

const mostKept = 50;

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

interface Kept {
  readonly uri: vscode.Uri;
  readonly bytes: Promise<Uint8Array>;
  /** Milliseconds since the epoch, always later than the previous reading. */
  readonly readAt: number;
}

class EventDocuments implements vscode.FileSystemProvider, vscode.Disposable {
  readonly #history: StoppedHistory;
  readonly #changed = new vscode.EventEmitter<vscode.FileChangeEvent[]>();
  readonly #kept = new Map<string, Kept>();
  readonly #subscription: vscode.Disposable;
  #running: boolean;

  readonly onDidChangeFile = this.#changed.event;

  constructor(session: Session, history: StoppedHistory) {
    this.#history = history;
    this.#running = session.client !== undefined;
    this.#subscription = session.onDidChange(({ kind }) => {
      const running = kind === 'running';
      // When the relay ends, documents stay as they are.
      if (running && !this.#running) this.#readAgain();
      this.#running = running;
    });
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

  /** Changes are reported for all documents anyway. */
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
    this.#subscription.dispose();
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
      bytes: this.#textOf(address).then((text) => Buffer.from(text)),
      readAt: Math.max(Date.now(), after + 1),
    };
    this.#kept.set(key, kept);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= mostKept) break;
      this.#kept.delete(oldest);
    }
    return kept;
  }

  async #textOf(address: DocumentAddress): Promise<string> {
    const client = await this.#history.reader();
    if (client === undefined) return say('The relay isn’t running. This document loads when the relay starts.');
    const { readDocument } = await import('../deferred.ts');
    try {
      return (await readDocument(client, address, documentTexts())).text;
    } catch (error) {
      const { code, message } = error as Error & { code?: RelayErrorCode };
      if (code === 'not-found') return say('Event {0} is no longer in the history.', address.eventId);
      return say('Couldn’t show this document: {0}', message);
    }
  }

  #readAgain(): void {
    const changes: vscode.FileChangeEvent[] = [];
    for (const [key, kept] of [...this.#kept]) {
      this.#kept.delete(key);
      this.#read(kept.uri, kept.readAt);
      changes.push({ type: vscode.FileChangeType.Changed, uri: kept.uri });
    }
    if (changes.length > 0) this.#changed.fire(changes);
  }
}

function addressOf({ path }: vscode.Uri): DocumentAddress | undefined {
  const eventId = eventIdOf(path);
  return parseDocumentPath(path) ?? (eventId === undefined ? undefined : { eventId, kind: 'event', attempt: null });
}

export function documentTexts(): DocumentTexts {
  return {
    noAttempts: say('No attempts yet.'),
    verdict: (attempt) => verdictOf(attempt),
    emptyAnswer: say('The answer is empty.'),
    truncatedAnswer: say('Only the first 64 KiB of the answer were kept.'),
    noNotification: (eventId) => say('{0} has no notification.', eventId),
    noAnswer: (number) => say('Attempt {0} doesn’t exist.', number),
    noEventObject: (eventId) => say('{0} isn’t a separate event in the body.', eventId),
    notice: (notice) => noticeOf(notice),
  };
}

function noticeOf(notice: Notice): string {
  switch (notice.kind) {
    case 'deep':
      return say('Shown unformatted because the content is nested too deeply.');
    case 'long':
      return say('Shown unformatted because the content is too long.');
    case 'binary':
      return say('{0} bytes of binary data (SHA-256: {1}…)', notice.bytes, notice.sha256);
  }
}

function verdictOf({ status, error }: AttemptDetail): string {
  if (status === null) return say('No answer: {0}', error ?? '');
  return error === null || error.includes(String(status))
    ? say('Answered {0}', status)
    : say('Answered {0}: {1}', status, error);
}

type Reads = Pick<ActionParts, 'history'>;

export function documentUri(address: DocumentAddress, extension?: BodyExtension): vscode.Uri {
  return vscode.Uri.from({ scheme: documentScheme, path: documentPath(address, extension) });
}

export function eventUri(eventId: string): vscode.Uri {
  return vscode.Uri.from({ scheme: documentScheme, path: eventPath(eventId) });
}

/** @throws CommandError if nothing can be read; RelayRequestError if the event is gone */
export async function uriOf(parts: Reads, address: DocumentAddress): Promise<vscode.Uri> {
  const { eventId, kind, attempt } = address;
  if (kind === 'answer' && attempt !== null) return documentUri(address);
  const client = await readable(parts);
  if (kind === 'answer') {
    const { attempts } = await client.request('events/get', { id: eventId });
    return documentUri({ eventId, kind, attempt: Math.max(1, attempts.length) });
  }
  const { readDocument } = await import('../deferred.ts');
  const { extension } = await readDocument(client, address, documentTexts());
  return documentUri(address, extension);
}

export async function openDocument(parts: Reads, address: DocumentAddress): Promise<vscode.TextEditor> {
  const document = await vscode.workspace.openTextDocument(await uriOf(parts, address));
  return vscode.window.showTextDocument(document, { preview: true });
}
