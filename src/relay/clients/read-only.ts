/**
 * The history of a data directory where no relay runs, for this process or for one client on two streams: what it received
 * can be looked at without starting anything that listens or sends.
 */
import type { Readable, Writable } from 'node:stream';
import { createMessageConnection, StreamMessageWriter } from 'vscode-jsonrpc/node';
import { methods } from '../../protocol/methods.ts';
import type { Method } from '../../protocol/methods.ts';
import { messagesOf } from '../../protocol/relay-client.ts';
import type { RelayClient } from '../../protocol/relay-client.ts';
import { ConflictError } from '../../protocol/errors.ts';
import { callMethod } from './control.ts';
import type { Handlers } from './control.ts';
import { openHistory as openReader } from '../history/history.ts';
import type { HistoryReader } from '../history/history.ts';
import { requestsTo } from './in-process-client.ts';

/** How long the first question may wait for the history's index to be brought up to date, in milliseconds. */
const mostFollowMs = 10_000;

/** A history that is open, where no relay runs. */
export interface ClosableHistory extends Pick<RelayClient, 'request'> {
  close(): void;
}

/**
 * Opens the history of a data directory in this process.
 * @throws StoreError where there is none, or it cannot be read; DataDirectoryError
 */
export function openHistory(dataDir: string): ClosableHistory {
  const reader = openReader(dataDir);
  return { request: requestsTo(handlersOf(() => reader)), close: () => reader.close() };
}

/**
 * What answers the methods that read, and refuses the others.
 * @param reader throws where it cannot be read, which is the answer then
 */
function handlersOf(reader: () => HistoryReader): Handlers {
  let isPrepared = false;
  /** Nobody else makes the index now. */
  const prepared = (): HistoryReader => {
    const opened = reader();
    if (!isPrepared) opened.prepare(mostFollowMs);
    isPrepared = true;
    return opened;
  };
  const reading: Partial<Handlers> = {
    'debug/sending': () => ({ sending: reader().sending() }),
    'events/query': (params) => prepared().query(params),
    'events/page': (params) => prepared().page(params),
    'events/counts': (params) => prepared().counts(params),
    'events/get': ({ id }) => reader().event(id),
    'deliveries/get': ({ id }) => reader().delivery(id),
    'notifications/render': ({ id, ...to }) => reader().render(id, to),
  };
  const refuse = (): never => {
    throw new ConflictError('no relay is running; you can only read the history', 'start-relay');
  };
  const refusing = Object.fromEntries(Object.keys(methods).map((method) => [method, refuse])) as unknown as Handlers;
  return { ...refusing, ...reading };
}

/**
 * Answers the methods that read, and refuses the others, until the client has gone. Where there is no history or it cannot
 * be read, why is the answer to each question, which tries again: a client that lost this process instead would start
 * another one.
 */
export async function serveHistory(dataDir: string, input: Readable, output: Writable): Promise<void> {
  let reader: HistoryReader | undefined;
  const handlers = handlersOf(() => (reader ??= openReader(dataDir)));
  const connection = createMessageConnection(messagesOf(input), new StreamMessageWriter(output));
  const ending = new AbortController();
  for (const method of Object.keys(methods) as Method[]) {
    connection.onRequest<unknown, unknown>(method, (...given: unknown[]) =>
      callMethod(handlers, method, given.length > 1 ? given[0] : undefined, { ended: ending.signal }),
    );
  }
  const gone = new Promise<void>((resolve) => {
    connection.onClose(resolve);
    for (const stream of [input, output]) {
      stream.once('close', resolve);
      stream.on('error', () => resolve());
    }
  });
  connection.listen();
  await gone;
  ending.abort();
  connection.dispose();
  reader?.close();
}
