/** The watch of the history, as it stands in a window whose session has a relay of a test. */
import { HistoryWatch, type HistoryWatchParts } from '../../../src/extension/events/history-watch.ts';
import type { SessionState } from '../../../src/extension/session/session.ts';
import type { Method, Params, RelayNotificationParams } from '../../../src/protocol/methods.ts';
import type { RelayClient } from '../../../src/protocol/relay-client.ts';
import type { TestRelay } from '../../relay/stage.ts';
import type { HeldTimers } from '../ui/held-timers.ts';

/** An event of VS Code's, with what fires it. */
function emitter<T>(): { event: (listener: (value: T) => unknown) => { dispose(): void }; fire(value: T): void } {
  const listeners = new Set<(value: T) => unknown>();
  return {
    event: (listener) => {
      listeners.add(listener);
      return { dispose: () => void listeners.delete(listener) };
    },
    fire: (value) => {
      for (const listener of listeners) listener(value);
    },
  };
}

/** With what is given in place of its own, which may be another one each time that it is looked at. */
function withGiven<T extends object>(own: T, given: Partial<T>): T {
  return Object.defineProperties(own, Object.getOwnPropertyDescriptors(given));
}

export interface Watched {
  readonly watch: HistoryWatch;
  /** What was asked of the relay, by its methods. */
  readonly asked: { readonly method: Method; readonly params: unknown }[];
  readonly errors: Error[];
  /** What each question ends with from now on; undefined: what the relay answers. */
  refusal: Error | undefined;
  /** The session is so from now on. */
  become(state: SessionState): void;
  /** The client as the watch has it. */
  readonly client: RelayClient;
  fire(params: RelayNotificationParams<'event/added'>): void;
  attempt(params: RelayNotificationParams<'attempt/recorded'>): void;
}

/** @param history what reads the history while the session has no relay */
export async function watched(
  relay: TestRelay,
  timers: HeldTimers,
  history: Partial<HistoryWatchParts['history']> = {},
): Promise<Watched> {
  const { client } = relay;
  const [changed, added, attempted] = [
    emitter<SessionState>(),
    emitter<RelayNotificationParams<'event/added'>>(),
    emitter<RelayNotificationParams<'attempt/recorded'>>(),
  ];
  const asked: Watched['asked'] = [];
  const errors: Error[] = [];
  const memory = new Map<string, unknown>();
  const watching: RelayClient = {
    ...client,
    request<M extends Method>(method: M, params: Params<M>) {
      asked.push({ method, params });
      return made.refusal === undefined ? client.request(method, params) : Promise.reject(made.refusal);
    },
  };
  let state: SessionState = {
    kind: 'running',
    client: watching,
    status: await client.request('relay/status', {}),
  };
  const session = {
    get state() {
      return state;
    },
    onDidChange: changed.event,
    onDidAddEvents: added.event,
    onDidRecordAttempts: attempted.event,
  };
  client.on('event/added', (params) => added.fire(params));
  client.on('attempt/recorded', (params) => attempted.fire(params));
  client.on('status/changed', ({ status }) => {
    if (state.kind === 'running') made.become({ ...state, status });
  });
  const watch = new HistoryWatch({
    session,
    history: withGiven(
      {
        exists: false,
        reader: () => Promise.resolve(state.kind === 'running' ? state.client : undefined),
        sending: () => Promise.resolve(undefined),
        close: () => undefined,
        failure: undefined,
        tryAgain: () => undefined,
      },
      history,
    ),
    memory: {
      get: <T>(key: string, otherwise: T) => (memory.get(key) as T | undefined) ?? otherwise,
      update: (key, value) => Promise.resolve(void memory.set(key, value)),
    },
    onError: (error) => errors.push(error),
    timers,
  });
  const made: Watched = {
    ...{ watch, asked, errors, client: watching },
    refusal: undefined,
    become: (next) => {
      state = next;
      changed.fire(next);
    },
    fire: (params) => added.fire(params),
    attempt: (params) => attempted.fire(params),
  };
  return made;
}
