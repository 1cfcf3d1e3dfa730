/**
 * The history of a data directory where no relay runs, for one client on two streams: what it received can be looked at
 * without starting anything that listens or sends.
 */
import type { Readable, Writable } from 'node:stream';
import { createMessageConnection, StreamMessageWriter } from 'vscode-jsonrpc/node';
import { methods } from '../../protocol/methods.ts';
import type { Method } from '../../protocol/methods.ts';
import { messagesOf } from '../../protocol/relay-client.ts';
import { ConflictError } from '../../protocol/errors.ts';
import { callMethod } from './control.ts';
import type { Handlers } from './control.ts';
import { openHistory } from '../history/history.ts';

/** How long the first question may wait for the history's index to be brought up to date, in milliseconds. */
const mostFollowMs = 10_000;

/**
 * Answers the methods that read, and refuses the others, until the client has gone.
 * @throws StoreError where there is no history, or it cannot be read; DataDirectoryError
 */
export async function serveHistory(dataDir: string, input: Readable, output: Writable): Promise<void> {
  const reader = openHistory(dataDir);
  let prepared = false;
  /** Nobody else makes the index now. */
  const prepare = (): void => {
    if (!prepared) reader.prepare(mostFollowMs);
    prepared = true;
  };
  const refuse = (): never => {
    throw new ConflictError('the relay does not run: what it received can be read, and nothing else');
  };
  const handlers: Handlers = {
    ...{ 'relay/status': refuse, 'relay/configure': refuse, 'relay/stop': refuse, 'relay/newSecret': refuse },
    ...{ 'tunnel/open': refuse, 'tunnel/close': refuse, 'events/clear': refuse, 'deliveries/inject': refuse },
    ...{ 'notifications/replay': refuse, 'notifications/discard': refuse, 'debug/pause': refuse, 'debug/step': refuse },
    ...{ 'debug/continue': refuse, 'debug/drop': refuse, 'debug/edit': refuse, 'debug/held': refuse },
    ...{ 'debug/breakpoints': refuse, 'debug/patience': refuse, 'debug/evaluate': refuse },
    'debug/sending': () => ({ sending: reader.sending() }),
    'events/query': (params) => {
      prepare();
      return reader.query(params);
    },
    'events/page': (params) => {
      prepare();
      return reader.page(params);
    },
    'events/counts': (params) => {
      prepare();
      return reader.counts(params);
    },
    'events/get': ({ id }) => reader.event(id),
    'deliveries/get': ({ id }) => reader.delivery(id),
    'notifications/render': ({ id, destinationId, url }) => reader.render(id, { destinationId, url }),
  };
  const connection = createMessageConnection(messagesOf(input), new StreamMessageWriter(output));
  const ending = new AbortController();
  for (const method of Object.keys(methods) as Method[]) {
    connection.onRequest(method, (...given: unknown[]) =>
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
  reader.close();
}
