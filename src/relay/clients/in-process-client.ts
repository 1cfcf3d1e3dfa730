import { RelayRequestError } from '../../protocol/errors.ts';
import type { RelayNotificationParams } from '../../protocol/methods.ts';
import type { RelayClient } from '../../protocol/relay-client.ts';
import { ResponseError } from 'vscode-jsonrpc/node';
import type { Announcer } from './announcer.ts';
import { callMethod } from './control.ts';
import type { Handlers } from './control.ts';
import type { Caller } from '../gate/timeout-suspension.ts';

export interface InProcessOptions {
  readonly handlers: Handlers;
  readonly announcer: Announcer;
  /** Resolves when the relay has stopped. */
  readonly closed: Promise<void>;
  isStopping(): boolean;
}

/** Requests to handlers in this process, with the same results and errors as over a connection. */
export function requestsTo(handlers: Handlers): RelayClient['request'] {
  // Lives as long as its requests.
  const caller: Caller = { ended: new AbortController().signal };
  return async (method, params) => {
    try {
      return await callMethod(handlers, method, params, caller);
    } catch (error) {
      if (!(error instanceof ResponseError)) throw error;
      throw RelayRequestError.of(error.message, error.code, error.data);
    }
  };
}

export function inProcessClient(options: InProcessOptions): RelayClient {
  const { handlers, announcer, closed } = options;
  const request = requestsTo(handlers);
  return {
    closed,
    request,
    version: async () => (await request('relay/status', {})).version,
    on: (name, listener) =>
      announcer.listen((said, params) => {
        if (said === (name as string)) listener(params as unknown as RelayNotificationParams<typeof name>);
        return true;
      }),
    endsInOrder: () => options.isStopping(),
    close: () => undefined,
  };
}
