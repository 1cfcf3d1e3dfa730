/** Reads the history if no relay is running, without listening or sending. */
import type { Readable, Writable } from 'node:stream';
import { createMessageConnection, StreamMessageWriter } from 'vscode-jsonrpc/node';
import { methods, type Method } from '../../protocol/methods.ts';
import { messagesOf, type RelayClient } from '../../protocol/relay-client.ts';
import { ConflictError } from '../../protocol/errors.ts';
import { callMethod, requestsTo, type Handlers } from './control.ts';
import { openHistory as openReader, type HistoryReader } from '../history/history.ts';

const mostFollowMs = 10_000;

export interface ClosableHistory extends Pick<RelayClient, 'request'> {
  close(): void;
}

/** @throws StoreError if there is no history, or it can't be read; DataDirectoryError */
export function openHistory(dataDir: string): ClosableHistory {
  const reader = openReader(dataDir, mostFollowMs);
  return { request: requestsTo(handlersOf(() => reader)), close: () => reader.close() };
}

/** @param reader throws if the history can't be read, which is then the response */
function handlersOf(reader: () => HistoryReader): Handlers {
  const reading: Partial<Handlers> = {
    'debug/sending': () => ({ sending: reader().sending() }),
    'events/query': (params) => reader().query(params),
    'events/page': (params) => reader().page(params),
    'events/counts': (params) => reader().counts(params),
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

/** If the history can't be read, each request tries again: if the process ended, the client would start another one. */
export async function serveHistory(dataDir: string, input: Readable, output: Writable): Promise<void> {
  let reader: HistoryReader | undefined;
  const handlers = handlersOf(() => (reader ??= openReader(dataDir, mostFollowMs)));
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
