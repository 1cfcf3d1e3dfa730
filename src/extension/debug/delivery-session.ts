/** Held notifications are threads of this session, which runs in the extension host and opens no port. */
import {
  BreakpointEvent,
  DebugSession,
  InitializedEvent,
  InvalidatedEvent,
  Response,
  TerminatedEvent,
} from '@vscode/debugadapter';
import type { DebugProtocol as Dap } from '@vscode/debugprotocol';
import { say } from '../../common/say.ts';
import { heldCount, labelOf } from '../../protocol/event-row.ts';
import type { BreakpointPlace, DebugClient, Sending } from '../../protocol/debug.ts';
import type { RelayClient } from '../../protocol/relay-client.ts';
import type { DocumentTexts } from '../event-documents/content.ts';
import { endRequest } from '../prefix.ts';
import { Coalescer } from '../ui/coalescer.ts';
import { withNext } from '../ui/error-words.ts';
import { printable } from '../ui/printable.ts';
import { BodyEdits } from './body-edits.ts';
import { BreakpointSet } from './breakpoint-set.ts';
import { HeldReader, sendingThread, type HeldThread } from './held-threads.ts';
import { attachSchema } from './messages.ts';
import { StationPlaces, stationsOf, type Station } from './stations.ts';
import { ThreadReports } from './thread-reports.ts';
import { Handles, scopesOf, type Handle, type Member } from './variables.ts';

export interface SessionEnd {
  readonly sending: Sending | undefined;
  readonly edited: number;
}

export interface DeliverySessionParts {
  readonly client: RelayClient;
  readonly texts: DocumentTexts;
  readonly by: DebugClient;
  readonly types: readonly string[];
  onEnd(end: SessionEnd): void;
}

interface Answer {
  readonly body?:
    | Dap.Capabilities
    | Dap.SetBreakpointsResponse['body']
    | Dap.ThreadsResponse['body']
    | Dap.StackTraceResponse['body']
    | Dap.ScopesResponse['body']
    | Dap.VariablesResponse['body']
    | Dap.SetVariableResponse['body']
    | Dap.ContinueResponse['body'];
  readonly after?: () => void;
}

/** VS Code shows the errors of these requests to the user. */
const shown: ReadonlySet<string> = new Set(['restart', 'continue', 'next', 'stepIn', 'stepOut']);

const newsPauseMs = 500;

/** A frame's ID contains its thread's ID, so this limits the frames of a thread. */
const mostFrames = 16;

export class DeliverySession extends DebugSession {
  readonly #parts: DeliverySessionParts;
  readonly #edits: BodyEdits;
  readonly #breakpoints: BreakpointSet;
  readonly #handles = new Handles();
  readonly #places: StationPlaces;
  readonly #reports: ThreadReports;
  readonly #unlisten: (() => void)[] = [];
  readonly #news = new Coalescer(
    () => this.#tellNews(),
    () => newsPauseMs,
  );
  #stopAtEvents = true;
  readonly #refused = new Map<string, ReadonlySet<string>>();
  readonly #requests: Readonly<Record<string, (args: never) => Promise<Answer>>> = {
    initialize: () => this.#initialize(),
    attach: (args: object) => this.#attach(args),
    // The launch configuration may have changed. VS Code then sets its breakpoints again.
    restart: ({ arguments: args = {} }: Dap.RestartArguments) => this.#configure(args),
    configurationDone: () => this.#begin(),
    setFunctionBreakpoints: (args: Dap.SetFunctionBreakpointsArguments) => this.#setFunctions(args),
    setExceptionBreakpoints: (args: Dap.SetExceptionBreakpointsArguments) => this.#setExceptions(args),
    threads: () => this.#threads(),
    stackTrace: (args: Dap.StackTraceArguments) => this.#stackTrace(args),
    scopes: (args: Dap.ScopesArguments) => this.#scopes(args),
    variables: (args: Dap.VariablesArguments) => this.#variables(args),
    setVariable: (args: Dap.SetVariableArguments) => this.#setVariable(args),
    pause: () => this.#pause(),
    continue: (args: Dap.ContinueArguments) => this.#continue(args),
    next: ({ threadId }: Dap.NextArguments) => this.#step(threadId),
    stepIn: ({ threadId }: Dap.StepInArguments) => this.#step(threadId),
    stepOut: ({ threadId }: Dap.StepOutArguments) => this.#step(threadId),
    disconnect: () => this.#disconnect(),
    // Ends only this session, even if its parent manages its lifecycle.
    [endRequest]: () => Promise.resolve({ after: () => this.sendEvent(new TerminatedEvent()) }),
  };

  constructor(parts: DeliverySessionParts) {
    super();
    // Otherwise the base class ends the process, which is the extension host.
    this.setRunAsServer(true);
    this.#parts = parts;
    const { client, types, texts } = parts;
    this.#places = new StationPlaces(client, texts);
    this.#edits = new BodyEdits(client);
    this.#breakpoints = new BreakpointSet({ client, types });
    this.#reports = new ThreadReports({
      held: new HeldReader(client),
      edits: this.#edits,
      breakpoints: this.#breakpoints,
      handles: this.#handles,
      send: (event) => this.sendEvent(event),
    });
  }

  override dispose(): void {
    this.#leave();
    super.dispose();
  }

  protected override dispatchRequest(request: Dap.Request): void {
    const { command } = request;
    const work = this.#requests[command];
    if (work === undefined) {
      super.dispatchRequest(request);
      return;
    }
    const response: Dap.Response = new Response(request);
    void work((request.arguments ?? {}) as never).then(
      ({ body, after }) => {
        response.body = body;
        this.sendResponse(response);
        after?.();
      },
      (error: unknown) => {
        // The protocol treats braces in the text as placeholders.
        const variables = { _said: withNext(error) };
        this.sendErrorResponse(response, { id: 1, format: '{_said}', variables, showUser: shown.has(command) });
      },
    );
  }

  #initialize(): Promise<Answer> {
    const names = placeNames();
    const filter = (at: BreakpointPlace, description: string): Dap.ExceptionBreakpointsFilter => ({
      filter: at,
      label: names[at],
      description,
      default: at === 'event',
      supportsCondition: true,
      conditionDescription: say('Filter such as type:update'),
    });
    const body: Dap.Capabilities = {
      supportsConfigurationDoneRequest: true,
      supportsFunctionBreakpoints: true,
      supportsConditionalBreakpoints: true,
      supportsExceptionFilterOptions: true,
      supportsSetVariable: true,
      supportsSingleThreadExecutionRequests: true,
      // VS Code reads only the topmost frame of the other threads.
      supportsDelayedStackTraceLoading: true,
      // Restarting keeps the session and its edits.
      supportsRestartRequest: true,
      exceptionBreakpointFilters: [
        filter('event', say('Stops every event before it’s sent.')),
        filter('failed-attempt', say('Stops when a destination returns an error or doesn’t answer in time.')),
        filter('wrong-signature', say('Stops at Open Connectors notifications with a wrong or missing signature.')),
        filter('rejected', say('Stops when a delivery is rejected.')),
      ],
    };
    return Promise.resolve({ body });
  }

  #attach(args: object): Promise<Answer> {
    this.#listen();
    return this.#configure(args);
  }

  async #configure(args: object): Promise<Answer> {
    const { client, by } = this.#parts;
    const read = attachSchema.safeParse(args);
    if (!read.success) {
      const { path = [], message = '' } = read.error.issues[0] ?? {};
      throw new Error(say('Invalid value for {0} in the launch configuration: {1}', path.join('.'), message));
    }
    this.#stopAtEvents = read.data.stopAtEvents;
    if (read.data.stopOnEntry) await client.request('debug/pause', { by });
    return { after: () => this.sendEvent(new InitializedEvent()) };
  }

  async #begin(): Promise<Answer> {
    const { sending } = await this.#parts.client.request('relay/status', {});
    this.#reports.begin(sending.state === 'paused' ? sending.stop : null);
    return { after: () => this.#reports.look() };
  }

  async #setFunctions({ breakpoints }: Dap.SetFunctionBreakpointsArguments): Promise<Answer> {
    const set = await this.#breakpoints.setFunctions(breakpoints);
    // A condition in place of a name is recognized by its message.
    const names = breakpoints.map(({ name }) => (/[^\w*]/.test(name.trim()) ? '' : name));
    return { body: { breakpoints: set }, after: () => this.#sayRefused('functions', names, set) };
  }

  async #setExceptions({ filters, filterOptions = [] }: Dap.SetExceptionBreakpointsArguments): Promise<Answer> {
    const given = [...filters.map((filterId) => ({ filterId, condition: undefined })), ...filterOptions];
    const places = given.map(({ filterId, condition }) => ({ at: filterId as BreakpointPlace, condition }));
    const isLeftOut = ({ at, condition }: (typeof places)[number]): boolean =>
      !this.#stopAtEvents && at === 'event' && (condition ?? '').trim() === '';
    const asked = places.filter((place) => !isLeftOut(place));
    const set = await this.#breakpoints.setPlaces(asked);
    const message = say(
      'Off in this session because stopAtEvents is off. Debug My Handler turns stopAtEvents off because events stop in your handler.',
    );
    const answers = [...set];
    const breakpoints = places.map((place) =>
      isLeftOut(place) ? { verified: false, message } : (answers.shift() ?? { verified: false }),
    );
    const names = asked.map(({ at }) => placeNames()[at]);
    return { body: { breakpoints }, after: () => this.#sayRefused('exceptions', names, set) };
  }

  #threads(): Promise<Answer> {
    const { sending, threads } = this.#reports;
    const held = sending === undefined ? 0 : heldCount(sending.held);
    const name =
      sending?.state !== 'paused'
        ? say('Sending')
        : threads.length < held
          ? say('Sending: {0} held, showing the first events', held)
          : say('Sending: {0} held', held);
    const all = threads.map((thread) => ({ id: thread.id, name: this.#nameOf(thread) }));
    return Promise.resolve({ body: { threads: [{ id: sendingThread, name }, ...all] } });
  }

  async #stackTrace({ threadId, startFrame = 0, levels = 0 }: Dap.StackTraceArguments): Promise<Answer> {
    const stations = this.#stationsOf(threadId);
    const asked = [...stations.entries()].slice(startFrame, levels > 0 ? startFrame + levels : undefined);
    const frames = await Promise.all(asked.map(([index, station]) => this.#frame(threadId, index, station)));
    return { body: { stackFrames: frames, totalFrames: stations.length } };
  }

  async #scopes({ frameId }: Dap.ScopesArguments): Promise<Answer> {
    const threadId = Math.floor(frameId / mostFrames);
    const thread = this.#reports.threadOf(threadId);
    const { client } = this.#parts;
    const all = thread === undefined ? [] : await scopesOf({ client, edits: this.#edits }, thread);
    const scopes = all.map(({ name, branch, hint }) => ({
      name,
      variablesReference: this.#handles.add({ threadId, branch }),
      expensive: false,
      ...(hint !== undefined && { presentationHint: hint }),
    }));
    return { body: { scopes } };
  }

  async #variables({ variablesReference, start = 0, count = 0 }: Dap.VariablesArguments): Promise<Answer> {
    const { branch, threadId } = this.#unfolded(variablesReference);
    const members = await branch.members();
    const wanted = count > 0 ? members.slice(start, start + count) : members;
    return { body: { variables: wanted.map((each) => this.#variable(each, threadId)) } };
  }

  async #setVariable({ variablesReference: parent, name, value: given }: Dap.SetVariableArguments): Promise<Answer> {
    const { branch, threadId } = this.#unfolded(parent);
    if (branch.set === undefined) throw new Error(say('You can change only the body of a held event.'));
    const { value, type, variablesReference } = this.#variable(await branch.set(name, given), threadId);
    return {
      body: { value, variablesReference, ...(type !== undefined && { type }) },
      // The names of threads, frames, and scopes show that a body was edited.
      after: () => this.sendEvent(new InvalidatedEvent(['threads', 'stacks', 'variables'])),
    };
  }

  async #pause(): Promise<Answer> {
    const { client, by } = this.#parts;
    await client.request('debug/pause', { by });
    return { after: () => this.#reports.paused() };
  }

  async #continue({ threadId, singleThread = false }: Dap.ContinueArguments): Promise<Answer> {
    if (this.#reports.asked(threadId) !== undefined && singleThread) {
      await this.#step(threadId);
      return { body: { allThreadsContinued: false } };
    }
    await this.#pass(threadId);
    for (const each of this.#reports.threads)
      if (this.#edits.isEdited(each.deliveryId)) await this.#releaseEdited(each);
    await this.#parts.client.request('debug/continue', {});
    return { body: { allThreadsContinued: true }, after: () => this.#reports.allContinue() };
  }

  async #disconnect(): Promise<Answer> {
    const isFirst = this.#reports.state !== 'ended';
    this.#leave();
    if (!isFirst) return {};
    // If the relay is gone, it has no breakpoints of this session.
    await this.#breakpoints.clear().catch(() => undefined);
    const status = await this.#parts.client.request('relay/status', {}).catch(() => undefined);
    this.#parts.onEnd({ sending: status?.sending, edited: this.#edits.edited.length });
    return {};
  }

  /** The first held notification was already shown, so don't stop at it again. Those behind it can still stop. */
  async #pass(threadId: number): Promise<void> {
    const [first] = this.#reports.threads;
    if (first?.id !== threadId || this.#edits.isEdited(first.deliveryId)) return;
    if (first.forwardings.every(({ heldBy }) => heldBy === 'breakpoint')) return;
    await this.#parts.client.request('debug/step', { id: first.notificationId }).catch((error: unknown) => {
      // Another client has released it.
      if ((error as { code?: unknown }).code !== 'conflict') throw error;
    });
  }

  async #step(threadId: number): Promise<Answer> {
    const next = this.#reports.asked(threadId) ?? this.#reports.threads[0];
    if (next === undefined) this.#reports.say(say('No event is held. The next event will be held.'), 'console');
    else if (this.#edits.isEdited(next.deliveryId)) await this.#releaseEdited(next);
    else await this.#parts.client.request('debug/step', { id: next.notificationId });
    this.#reports.stepped(threadId, next);
    return {};
  }

  async #releaseEdited({ notificationId, deliveryId }: HeldThread): Promise<void> {
    const { client } = this.#parts;
    const text = this.#edits.textOf(deliveryId);
    if (text === undefined) return;
    this.#reports.releasing = deliveryId;
    try {
      const { delivery, dropped } = await client.request('debug/edit', { id: notificationId, body: { text } });
      this.#edits.forget(deliveryId);
      const many = new Set(dropped.map((each) => each.notificationId)).size;
      this.#reports.say(
        many === 1
          ? say('Edited delivery sent as {1}, replacing {0}.', deliveryId, delivery.id)
          : say(
              'Edited delivery sent as {1}, replacing {0}; {2} held notifications discarded.',
              deliveryId,
              delivery.id,
              many,
            ),
        'console',
      );
    } finally {
      this.#reports.releasing = undefined;
    }
  }

  #listen(): void {
    const { client } = this.#parts;
    const look = (): void => {
      this.#reports.look();
      this.#news.request();
    };
    this.#unlisten.push(
      client.on('debug/stopped', ({ stop }) => {
        this.#reports.stopped(stop);
        look();
      }),
      client.on('debug/continued', () => {
        this.#reports.continued();
        look();
      }),
      client.on('event/added', look),
      client.on('attempt/recorded', look),
      client.on('status/changed', look),
    );
    void client.closed.then(() => {
      if (this.#reports.state === 'ended') return;
      this.#reports.say(say('Relay stopped. Held events are kept.'), 'important');
      if (this.#edits.edited.length > 0)
        this.#reports.say(say('Unreleased edits were discarded; the original events are still held.'), 'important');
      this.#leave();
      this.sendEvent(new TerminatedEvent());
    });
  }

  async #tellNews(): Promise<void> {
    if (this.#reports.state !== 'begun') return;
    try {
      for (const each of await this.#breakpoints.news()) this.sendEvent(new BreakpointEvent('changed', each));
    } catch {
      // The relay is gone, which is handled elsewhere.
    }
  }

  #stationsOf(threadId: number): readonly (Station | string)[] {
    const { rejected, threads } = this.#reports;
    const thread = this.#reports.threadOf(threadId);
    if (thread !== undefined) return stationsOf(thread, this.#edits.isEdited(thread.deliveryId));
    if (rejected === undefined) return [threads.length === 0 ? say('waiting for events') : say('held events below')];
    const document = { eventId: rejected, kind: 'body', attempt: null } as const;
    return [{ name: say('{0} rejected', rejected), document, paths: [], element: null }];
  }

  async #frame(threadId: number, index: number, station: Station | string): Promise<Dap.StackFrame> {
    const id = threadId * mostFrames + index;
    if (typeof station === 'string') return { id, name: station, line: 0, column: 0, presentationHint: 'label' };
    const thread = this.#reports.threadOf(threadId);
    const place = await (thread === undefined ? this.#places.in(station) : this.#places.of(thread, station));
    return { id, name: station.name, source: { name: place.name, path: place.uri }, line: place.line, column: 1 };
  }

  #nameOf({ found, notificationId, deliveryId }: HeldThread): string {
    const { event, notifications } = found;
    const others = (notifications.find(({ id }) => id === notificationId)?.eventIds.length ?? 1) - 1;
    const name = `${labelOf(event)} · ${event.id}`;
    const whole = others > 0 ? say('{0} and {1} more', name, others) : name;
    return this.#edits.isEdited(deliveryId) ? say('edited · {0}', whole) : whole;
  }

  #variable({ name, text, type, branch, indexed }: Member, threadId: number): Dap.Variable {
    return {
      name: printable(name, 200),
      value: text,
      type,
      variablesReference: branch === null ? 0 : this.#handles.add({ threadId, branch }),
      ...(indexed !== undefined && { indexedVariables: indexed }),
    };
  }

  #unfolded(variablesReference: number): Handle {
    const handle = this.#handles.get(variablesReference);
    if (handle === undefined)
      throw new Error(say('These variables are no longer available. Select the stack frame again.'));
    return handle;
  }

  #sayRefused(kind: 'functions' | 'exceptions', names: readonly string[], set: readonly Dap.Breakpoint[]): void {
    const before = this.#refused.get(kind);
    const now = new Set<string>();
    for (const [index, { verified, message = '' }] of set.entries()) {
      if (verified) continue;
      const name = printable(names[index] ?? '', 60);
      now.add(name === '' ? message : `${name}: ${message}`);
    }
    this.#refused.set(kind, now);
    for (const text of now) if (before?.has(text) !== true) this.#reports.say(text, 'important');
  }

  #leave(): void {
    this.#reports.end();
    this.#news.cancel();
    for (const end of this.#unlisten.splice(0)) end();
  }
}

function placeNames(): Readonly<Record<BreakpointPlace, string>> {
  return {
    event: say('Every Event'),
    'failed-attempt': say('Failed Attempts'),
    'wrong-signature': say('Wrong Signatures'),
    rejected: say('Rejected Deliveries'),
  };
}
