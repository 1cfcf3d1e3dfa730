/** VS Code's side of a debug session: requests and events of the Debug Adapter Protocol, with a real relay behind. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import { webhookEventTypes } from '../../../src/campaign-monitor/event-types.ts';
import { DeliverySession, type SessionEnd } from '../../../src/extension/debug/delivery-session.ts';
import type { RelayClient } from '../../../src/protocol/relay-client.ts';
import { afterward } from '../../relay/afterward.ts';
import { waitLimitMs } from '../../relay/until.ts';
import { plainTexts } from '../event-documents/texts.ts';

/** An error that the adapter answered. */
export class RequestFailed extends Error {
  override readonly name = 'RequestFailed';
}

type Body<T extends DebugProtocol.Response> = T['body'];

export interface Debugger {
  /** All events, in order. */
  readonly events: readonly DebugProtocol.Event[];
  /** How sessions ended that were disconnected. */
  readonly ends: readonly SessionEnd[];
  /** @throws RequestFailed */
  request<T extends DebugProtocol.Response>(command: string, args?: object): Promise<Body<T>>;
  /** Waits for an event that was not waited for before. */
  event<T extends DebugProtocol.Event>(name: string, is?: (body: T['body']) => boolean): Promise<T['body']>;
  /** Waits for a stop that takes the focus. */
  stopped(is?: (body: DebugProtocol.StoppedEvent['body']) => boolean): Promise<DebugProtocol.StoppedEvent['body']>;
  threads(): Promise<DebugProtocol.Thread[]>;
  frames(threadId: number): Promise<DebugProtocol.StackFrame[]>;
  /** The scopes of a thread's topmost frame, by name. */
  scopes(threadId: number): Promise<Map<string, DebugProtocol.Scope>>;
  variables(variablesReference: number): Promise<DebugProtocol.Variable[]>;
  /** The variable at the end of a way that begins with a scope. */
  variable(
    threadId: number,
    scope: string,
    ...path: string[]
  ): Promise<DebugProtocol.Variable & { readonly within: number }>;
}

export interface Begun {
  readonly attach?: object;
  readonly functions?: readonly DebugProtocol.FunctionBreakpoint[];
  readonly filters?: readonly DebugProtocol.ExceptionFilterOptions[];
}

/** Begins a session as VS Code does. */
export async function beginDebugging(
  client: RelayClient,
  { attach = {}, functions = [], filters = [] }: Begun = {},
): Promise<Debugger> {
  const events: DebugProtocol.Event[] = [];
  const ends: SessionEnd[] = [];
  const waited = new Set<DebugProtocol.Event>();
  const watching = new Set<() => void>();
  const answers = new Map<number, (response: DebugProtocol.Response) => void>();
  const session = new DeliverySession({
    ...{ client, texts: plainTexts, types: webhookEventTypes },
    by: { kind: 'vscode', id: 'test' },
    onEnd: (end) => ends.push(end),
  });
  afterward(() => session.dispose());
  session.onDidSendMessage((message) => {
    const sent = message as DebugProtocol.ProtocolMessage;
    if (sent.type === 'event') {
      events.push(sent as DebugProtocol.Event);
      for (const check of watching) check();
    } else {
      const response = sent as DebugProtocol.Response;
      answers.get(response.request_seq)?.(response);
      answers.delete(response.request_seq);
    }
  });
  let seq = 0;
  const request = <T extends DebugProtocol.Response>(command: string, args: object = {}): Promise<Body<T>> => {
    const number = ++seq;
    return new Promise((resolve, reject) => {
      answers.set(number, (response) => {
        if (response.success) resolve(response.body as Body<T>);
        else reject(new RequestFailed(saidBy(response as DebugProtocol.ErrorResponse)));
      });
      const message: DebugProtocol.Request = { seq: number, type: 'request', command, arguments: args };
      session.handleMessage(message);
    });
  };
  const event = <T extends DebugProtocol.Event>(
    name: string,
    is: (body: T['body']) => boolean = () => true,
  ): Promise<T['body']> =>
    new Promise((resolve, reject) => {
      const done = (): void => {
        clearTimeout(timer);
        watching.delete(check);
      };
      const timer = setTimeout(() => {
        done();
        reject(new Error(`no event ${name} of those: ${JSON.stringify(events)}`));
      }, waitLimitMs());
      const check = (): void => {
        const found = events.find((each) => each.event === name && !waited.has(each) && is(each.body as T['body']));
        if (found === undefined) return;
        waited.add(found);
        done();
        resolve(found.body as T['body']);
      };
      watching.add(check);
      check();
    });
  const made: Debugger = {
    events,
    ends,
    request,
    event,
    stopped: (is = () => true) =>
      event<DebugProtocol.StoppedEvent>('stopped', (body) => body.preserveFocusHint !== true && is(body)),
    threads: async () => (await request<DebugProtocol.ThreadsResponse>('threads')).threads,
    frames: async (threadId) =>
      (await request<DebugProtocol.StackTraceResponse>('stackTrace', { threadId })).stackFrames,
    async scopes(threadId) {
      const [top] = await made.frames(threadId);
      const { scopes } = await request<DebugProtocol.ScopesResponse>('scopes', { frameId: top?.id ?? 0 });
      return new Map(scopes.map((scope) => [scope.name, scope]));
    },
    variables: async (variablesReference) =>
      (await request<DebugProtocol.VariablesResponse>('variables', { variablesReference })).variables,
    async variable(threadId, scope, ...path) {
      let within = (await made.scopes(threadId)).get(scope)?.variablesReference ?? 0;
      let found: DebugProtocol.Variable | undefined;
      for (const [index, name] of path.entries()) {
        found = (await made.variables(within)).find((each) => each.name === name);
        if (found === undefined) throw new Error(`no variable ${name}`);
        if (index < path.length - 1) within = found.variablesReference;
      }
      if (found === undefined) throw new Error('no way was given');
      return { ...found, within };
    },
  };
  await request('initialize', {
    adapterID: 'campaign-monitor',
    pathFormat: 'path',
    linesStartAt1: true,
    columnsStartAt1: true,
  });
  await request('attach', attach);
  await event('initialized');
  await request('setFunctionBreakpoints', { breakpoints: functions });
  await request('setExceptionBreakpoints', { filters: [], filterOptions: filters });
  await request('configurationDone');
  return made;
}

/** What VS Code shows of an error. */
function saidBy({ body, message }: DebugProtocol.ErrorResponse): string {
  const { error } = body;
  if (error === undefined) return message ?? '';
  const variables: Readonly<Record<string, string>> = error.variables ?? {};
  return error.format.replace(/\{(\w+)\}/g, (_, name: string) => variables[name] ?? '');
}
