/**
 * Deliveries in VS Code's debugger, with the Debug Adapter Protocol: each held notification is a thread, the stations
 * it has passed are frames, and pause, step, and continue are the relay's. It runs in the extension host and listens
 * nowhere.
 */
import {
  BreakpointEvent,
  ContinuedEvent,
  DebugSession,
  InitializedEvent,
  InvalidatedEvent,
  OutputEvent,
  StoppedEvent,
  TerminatedEvent,
  ThreadEvent,
} from '@vscode/debugadapter';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { say } from '../../common/say.ts';
import { heldCount } from '../../common/held-count.ts';
import type { BreakpointPlace, DebugClient, Sending, Stop } from '../../protocol/debug.ts';
import type { RelayClient } from '../../protocol/relay-client.ts';
import type { DocumentTexts } from '../event-documents/content.ts';
import { labelOf } from '../events/event-words.ts';
import { endRequest } from '../prefix.ts';
import { Coalescer } from '../ui/coalescer.ts';
import { withNext } from '../ui/error-words.ts';
import { printable } from '../ui/printable.ts';
import { BodyEdits } from './body-edits.ts';
import { BreakpointSet, breakpointNumber } from './breakpoint-set.ts';
import { Handles } from './handles.ts';
import type { Handle } from './handles.ts';
import { HeldReader, sendingThread, threadIdOf } from './held-threads.ts';
import type { HeldNow, HeldThread } from './held-threads.ts';
import { readAttach } from './messages.ts';
import { StationPlaces, stationsOf } from './stations.ts';
import type { Station } from './stations.ts';
import { scopesOf } from './variables.ts';
import type { Member } from './variables.ts';

export interface SessionEnd {
  readonly sending: Sending | undefined;
  /** Number of deliveries whose edits are discarded. */
  readonly edited: number;
}

export interface DeliverySessionParts {
  readonly client: RelayClient;
  readonly texts: DocumentTexts;
  readonly by: DebugClient;
  readonly types: readonly string[];
  onEnd(end: SessionEnd): void;
}

/** Where to stop next, once what is held has been read. */
interface Focus {
  /** Null: sending itself, or the next that is held. */
  readonly notificationId: string | null;
  readonly reason: 'breakpoint' | 'function breakpoint' | 'pause' | 'step' | 'entry';
  readonly description: string;
  readonly text?: string;
  readonly hitBreakpointIds?: number[];
}

/** Minimum pause between two readings of what is held. */
const readPauseMs = 50;

/** Minimum pause between two queries for the breakpoints' state. */
const newsPauseMs = 500;

/** A frame's ID contains its thread's ID, so this limits the frames of a thread. */
const mostFrames = 16;

export class DeliverySession extends DebugSession {
  readonly #parts: DeliverySessionParts;
  readonly #held: HeldReader;
  readonly #edits: BodyEdits;
  readonly #breakpoints: BreakpointSet;
  readonly #handles = new Handles();
  readonly #places: StationPlaces;
  readonly #unlisten: (() => void)[] = [];
  readonly #reading = new Coalescer(
    () => this.#read(),
    () => readPauseMs,
  );
  readonly #news = new Coalescer(
    () => this.#tellNews(),
    () => newsPauseMs,
  );
  /** As last reported to VS Code. */
  #now: HeldNow = { sending: undefined, threads: [] };
  #isSendingStopped = false;
  #focus: Focus | undefined;
  #lastStop: Stop | undefined;
  /** A stop at a rejected delivery, which can't be held. */
  #rejected: Stop | undefined;
  /** Whether each event stops if no condition is given. */
  #stopAtEvents = true;
  /** What was reported about unusable breakpoints, by kind. */
  readonly #refused = new Map<string, ReadonlySet<string>>();
  /** The delivery whose edited body is being sent: its held notifications may disappear before the response. */
  #releasing: string | undefined;
  #begun = false;
  #ended = false;

  constructor(parts: DeliverySessionParts) {
    super();
    // Otherwise the base class ends the process, which is the extension host, with the session.
    this.setRunAsServer(true);
    this.#parts = parts;
    const { client, types, texts } = parts;
    this.#places = new StationPlaces(client, texts);
    this.#held = new HeldReader(client);
    this.#edits = new BodyEdits(client);
    this.#breakpoints = new BreakpointSet({ client, types });
  }

  override dispose(): void {
    this.#leave();
    super.dispose();
  }

  protected override initializeRequest(response: DebugProtocol.InitializeResponse): void {
    const names = this.#placeNames();
    const filter = (at: BreakpointPlace, description: string): DebugProtocol.ExceptionBreakpointsFilter => ({
      filter: at,
      label: names[at],
      description,
      default: at === 'event',
      supportsCondition: true,
      conditionDescription: say('Filter such as type:update'),
    });
    response.body = {
      supportsConfigurationDoneRequest: true,
      supportsFunctionBreakpoints: true,
      supportsConditionalBreakpoints: true,
      supportsExceptionFilterOptions: true,
      supportsSetVariable: true,
      supportsSingleThreadExecutionRequests: true,
      // Of the other threads, VS Code reads only the topmost frame.
      supportsDelayedStackTraceLoading: true,
      // Restarting keeps the session, so edits aren't lost.
      supportsRestartRequest: true,
      exceptionBreakpointFilters: [
        filter('event', say('Stops every event before it’s sent.')),
        filter('failed-attempt', say('Stops when a destination returns an error or doesn’t answer in time.')),
        filter('wrong-signature', say('Stops at Open Connectors notifications with a wrong or missing signature.')),
        filter('rejected', say('Stops when a delivery is rejected.')),
      ],
    };
    this.sendResponse(response);
  }

  #placeNames(): Readonly<Record<BreakpointPlace, string>> {
    return {
      event: say('Every Event'),
      'failed-attempt': say('Failed Attempts'),
      'wrong-signature': say('Wrong Signatures'),
      rejected: say('Rejected Deliveries'),
    };
  }

  protected override attachRequest(
    response: DebugProtocol.AttachResponse,
    args: DebugProtocol.AttachRequestArguments,
  ): void {
    this.#answer(response, async () => {
      this.#listen();
      await this.#configure(args);
      return () => this.sendEvent(new InitializedEvent());
    });
  }

  /** The launch configuration may have changed. */
  protected override restartRequest(
    response: DebugProtocol.RestartResponse,
    { arguments: args }: DebugProtocol.RestartArguments,
  ): void {
    this.#answer(
      response,
      async () => {
        await this.#configure(args ?? {});
        // VS Code then sets its breakpoints again.
        return () => this.sendEvent(new InitializedEvent());
      },
      true,
    );
  }

  async #configure(args: object): Promise<void> {
    const { client, by } = this.#parts;
    const read = readAttach(args);
    if (read.kind === 'wrong')
      throw new Error(say('Invalid value for {0} in the launch configuration: {1}', read.where, read.why));
    this.#stopAtEvents = read.stopAtEvents;
    if (read.stopOnEntry) await client.request('debug/pause', { by });
  }

  protected override configurationDoneRequest(response: DebugProtocol.ConfigurationDoneResponse): void {
    this.#answer(response, async () => {
      const { client } = this.#parts;
      const { sending } = await client.request('relay/status', {});
      if (sending.state === 'paused' && sending.stop !== null) this.#stopped(sending.stop);
      this.#focus ??= { notificationId: null, reason: 'entry', description: say('Paused') };
      this.#begun = true;
      return () => this.#reading.request();
    });
  }

  protected override setFunctionBreakPointsRequest(
    response: DebugProtocol.SetFunctionBreakpointsResponse,
    { breakpoints }: DebugProtocol.SetFunctionBreakpointsArguments,
  ): void {
    this.#answer(response, async () => {
      const set = await this.#breakpoints.setFunctions(breakpoints);
      response.body = { breakpoints: set };
      // A condition given in place of the name is recognized by its message.
      const names = breakpoints.map(({ name }) => (/[^\w*]/.test(name.trim()) ? '' : name));
      return () => this.#sayRefused('functions', names, set);
    });
  }

  protected override setExceptionBreakPointsRequest(
    response: DebugProtocol.SetExceptionBreakpointsResponse,
    { filters, filterOptions = [] }: DebugProtocol.SetExceptionBreakpointsArguments,
  ): void {
    this.#answer(response, async () => {
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
      response.body = {
        breakpoints: places.map((place) =>
          isLeftOut(place) ? { verified: false, message } : (answers.shift() ?? { verified: false }),
        ),
      };
      const names = asked.map(({ at }) => this.#placeNames()[at]);
      return () => this.#sayRefused('exceptions', names, set);
    });
  }

  protected override threadsRequest(response: DebugProtocol.ThreadsResponse): void {
    const { sending, threads } = this.#now;
    const held = sending === undefined ? 0 : heldCount(sending.held);
    const name =
      sending?.state !== 'paused'
        ? say('Sending')
        : threads.length < held
          ? say('Sending: {0} held, showing the first events', held)
          : say('Sending: {0} held', held);
    response.body = {
      threads: [
        { id: sendingThread, name },
        ...threads.map((thread) => ({ id: thread.id, name: this.#nameOf(thread) })),
      ],
    };
    this.sendResponse(response);
  }

  protected override stackTraceRequest(
    response: DebugProtocol.StackTraceResponse,
    { threadId, startFrame = 0, levels = 0 }: DebugProtocol.StackTraceArguments,
  ): void {
    this.#answer(response, async () => {
      const stations = this.#stationsOf(threadId);
      const asked = [...stations.entries()].slice(startFrame, levels > 0 ? startFrame + levels : undefined);
      response.body = {
        stackFrames: await Promise.all(asked.map(([index, station]) => this.#frame(threadId, index, station))),
        totalFrames: stations.length,
      };
    });
  }

  protected override scopesRequest(
    response: DebugProtocol.ScopesResponse,
    { frameId }: DebugProtocol.ScopesArguments,
  ): void {
    this.#answer(response, async () => {
      const threadId = Math.floor(frameId / mostFrames);
      const thread = this.#threadOf(threadId);
      const { client } = this.#parts;
      const scopes = thread === undefined ? [] : await scopesOf({ client, edits: this.#edits }, thread);
      response.body = {
        scopes: scopes.map(({ name, branch, hint }) => ({
          name,
          variablesReference: this.#handles.add({ threadId, branch }),
          expensive: false,
          ...(hint !== undefined && { presentationHint: hint }),
        })),
      };
    });
  }

  protected override variablesRequest(
    response: DebugProtocol.VariablesResponse,
    { variablesReference, start = 0, count = 0 }: DebugProtocol.VariablesArguments,
  ): void {
    this.#answer(response, async () => {
      const { branch, threadId } = this.#unfolded(variablesReference);
      const members = await branch.members();
      const wanted = count > 0 ? members.slice(start, start + count) : members;
      response.body = { variables: wanted.map((each) => this.#variable(each, threadId)) };
    });
  }

  protected override setVariableRequest(
    response: DebugProtocol.SetVariableResponse,
    { variablesReference, name, value }: DebugProtocol.SetVariableArguments,
  ): void {
    this.#answer(response, async () => {
      const { branch, threadId } = this.#unfolded(variablesReference);
      if (branch.set === undefined) throw new Error(say('You can change only the body of a held event.'));
      const changed = this.#variable(await branch.set(name, value), threadId);
      const { value: text, type, variablesReference: reference } = changed;
      response.body = { value: text, variablesReference: reference, ...(type !== undefined && { type }) };
      // Names of threads, frames, and scopes show that a body was edited.
      return () => this.sendEvent(new InvalidatedEvent(['threads', 'stacks', 'variables']));
    });
  }

  protected override pauseRequest(response: DebugProtocol.PauseResponse): void {
    this.#answer(response, async () => {
      const { client, by } = this.#parts;
      await client.request('debug/pause', { by });
      return () => {
        this.#isSendingStopped = false;
        this.#focus = { notificationId: null, reason: 'pause', description: say('Paused') };
        this.#reading.request();
      };
    });
  }

  protected override continueRequest(
    response: DebugProtocol.ContinueResponse,
    { threadId, singleThread = false }: DebugProtocol.ContinueArguments,
  ): void {
    const work = async (): Promise<unknown> => {
      const isAlone = this.#asked(threadId) !== undefined && singleThread;
      response.body = { allThreadsContinued: !isAlone };
      if (isAlone) return this.#step(threadId);
      await this.#pass(threadId);
      for (const each of this.#now.threads) if (this.#edits.isEdited(each.deliveryId)) await this.#releaseEdited(each);
      await this.#parts.client.request('debug/continue', {});
      return () => this.#allContinue();
    };
    this.#answer(response, work, true);
  }

  protected override nextRequest(response: DebugProtocol.Response, { threadId }: DebugProtocol.NextArguments): void {
    this.#answer(response, () => this.#step(threadId), true);
  }

  protected override stepInRequest(response: DebugProtocol.Response, { threadId }: DebugProtocol.NextArguments): void {
    this.#answer(response, () => this.#step(threadId), true);
  }

  protected override stepOutRequest(response: DebugProtocol.Response, { threadId }: DebugProtocol.NextArguments): void {
    this.#answer(response, () => this.#step(threadId), true);
  }

  protected override disconnectRequest(response: DebugProtocol.DisconnectResponse): void {
    const isFirst = !this.#ended;
    this.#leave();
    this.#answer(response, async () => {
      if (!isFirst) return;
      // If the relay is gone, it has no breakpoints of this session.
      await this.#breakpoints.clear().catch(() => undefined);
      const status = await this.#parts.client.request('relay/status', {}).catch(() => undefined);
      this.#parts.onEnd({ sending: status?.sending, edited: this.#edits.edited.length });
    });
  }

  /** Ends only this session, even if its lifecycle is its parent's. */
  protected override customRequest(command: string, response: DebugProtocol.Response, args: unknown): void {
    if (command !== endRequest) {
      super.customRequest(command, response, args);
      return;
    }
    this.sendResponse(response);
    this.sendEvent(new TerminatedEvent());
  }

  /**
   * Continues from where the debugger stands: the first held notification was shown, so it is sent even if it stopped
   * at a breakpoint. What waits behind it can stop again.
   */
  async #pass(threadId: number): Promise<void> {
    const [first] = this.#now.threads;
    if (first?.id !== threadId || this.#edits.isEdited(first.deliveryId)) return;
    if (first.forwardings.every(({ heldBy }) => heldBy === 'breakpoint')) return;
    await this.#parts.client.request('debug/step', { id: first.notificationId }).catch((error: unknown) => {
      // Another client has released it.
      if ((error as { code?: unknown }).code !== 'conflict') throw error;
    });
  }

  async #step(threadId: number): Promise<void> {
    const { client } = this.#parts;
    const next = this.#asked(threadId) ?? this.#now.threads[0];
    if (next === undefined) this.#say(say('No event is held. The next event will be held.'), 'console');
    else if (this.#edits.isEdited(next.deliveryId)) await this.#releaseEdited(next);
    else await client.request('debug/step', { id: next.notificationId });
    // VS Code now shows the thread as running.
    if (threadId === sendingThread) this.#isSendingStopped = false;
    const after = this.#now.threads.find(({ id }) => id > (next?.id ?? 0));
    this.#focus = {
      notificationId: after?.notificationId ?? null,
      reason: 'step',
      description: after === undefined ? say('Paused') : say('Held'),
    };
    this.#reading.request();
  }

  async #releaseEdited({ notificationId, deliveryId }: HeldThread): Promise<void> {
    const { client } = this.#parts;
    const text = this.#edits.textOf(deliveryId);
    if (text === undefined) return;
    this.#releasing = deliveryId;
    try {
      const { delivery, dropped } = await client.request('debug/edit', { id: notificationId, body: { text } });
      this.#edits.forget(deliveryId);
      const many = new Set(dropped.map((each) => each.notificationId)).size;
      this.#say(
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
      this.#releasing = undefined;
    }
  }

  /** VS Code now shows all threads as running. */
  #allContinue(): void {
    const { threads } = this.#now;
    this.#now = { sending: undefined, threads: [] };
    this.#isSendingStopped = false;
    this.#rejected = undefined;
    this.#handles.clear();
    for (const { id, deliveryId } of threads) {
      this.#edits.forget(deliveryId);
      this.sendEvent(new ThreadEvent('exited', id));
    }
    this.#reading.request();
  }

  #listen(): void {
    const { client } = this.#parts;
    const look = (): void => {
      this.#reading.request();
      this.#news.request();
    };
    this.#unlisten.push(
      client.on('debug/stopped', ({ stop }) => {
        this.#stopped(stop);
        look();
      }),
      client.on('debug/continued', () => {
        this.#focus = undefined;
        look();
      }),
      client.on('event/added', look),
      client.on('attempt/recorded', look),
      client.on('status/changed', look),
    );
    void client.closed.then(() => {
      if (this.#ended) return;
      this.#say(say('Relay stopped. Held events are kept.'), 'important');
      if (this.#edits.edited.length > 0)
        this.#say(say('Unreleased edits were discarded; the original events are still held.'), 'important');
      this.#leave();
      this.sendEvent(new TerminatedEvent());
    });
  }

  #stopped(stop: Stop): void {
    if (isSame(stop, this.#lastStop)) return;
    this.#lastStop = stop;
    const { reason, place, notificationId, eventId, breakpointIds } = stop;
    if (notificationId !== null && eventId !== null) this.#held.met(notificationId, eventId);
    if (reason === 'pause' || place === null) {
      this.#focus = { notificationId: null, reason: 'pause', description: say('Paused') };
      return;
    }
    const texts: Readonly<Record<BreakpointPlace, string>> = {
      event: say('Before sending'),
      'failed-attempt': say('Attempt failed'),
      'wrong-signature': say('Wrong or missing signature'),
      rejected: say('Rejected'),
    };
    this.#rejected = place === 'rejected' ? stop : undefined;
    if (place === 'rejected') this.#isSendingStopped = false;
    const names = breakpointIds.join(', ');
    this.#focus = {
      notificationId,
      reason: 'breakpoint',
      description: texts[place],
      text: say('{0} stopped at {1}: {2}', eventId ?? '', names, texts[place]),
      hitBreakpointIds: breakpointIds.filter((id) => this.#breakpoints.has(id)).map(breakpointNumber),
    };
    this.#say(this.#focus.text ?? '', 'console');
  }

  async #read(): Promise<void> {
    if (!this.#begun) return;
    let now: HeldNow;
    try {
      now = await this.#held.read(this.#edits.edited);
    } catch {
      // The relay is gone, which is handled elsewhere, or what was read is gone, which it will report.
      return;
    }
    const stop = now.sending?.state === 'paused' ? now.sending.stop : null;
    // The relay is still writing what is held, and will report it.
    if (this.#ended || (stop !== null && !isSame(stop, this.#lastStop))) return;
    const before = this.#now;
    this.#now = now;
    const isPaused = now.sending?.state === 'paused';
    const ids = new Set(now.threads.map(({ id }) => id));
    for (const { id, deliveryId, found } of before.threads) {
      if (ids.has(id)) continue;
      this.#handles.drop(id);
      this.sendEvent(new ThreadEvent('exited', id));
      if (now.threads.some((each) => each.deliveryId === deliveryId)) continue;
      // An edited delivery stays a thread even if it is no longer held.
      if (this.#edits.isEdited(deliveryId) && deliveryId !== this.#releasing)
        this.#say(say('Edits to {0} were discarded because the event is no longer held.', found.event.id), 'important');
      this.#edits.forget(deliveryId);
    }
    if (!isPaused) {
      if (this.#isSendingStopped) {
        this.#isSendingStopped = false;
        this.sendEvent(new ContinuedEvent(sendingThread, true));
      }
      this.#rejected = undefined;
      this.#focus = this.#focus?.reason === 'entry' ? undefined : this.#focus;
      return;
    }
    this.#tellStops(before, now);
  }

  #tellStops(before: HeldNow, now: HeldNow): void {
    const known = new Set(before.threads.map(({ id }) => id));
    const added = now.threads.filter(({ id }) => !known.has(id));
    const wasStopped = this.#isSendingStopped;
    this.#isSendingStopped = true;
    const focus = this.#focus;
    this.#focus = undefined;
    const named = focus?.notificationId ?? null;
    const [first] = now.threads;
    const target =
      named === null
        ? this.#rejected === undefined
          ? first
          : undefined
        : now.threads.find((each) => each.id === threadIdOf(named));
    // If nothing was held before, the user waits for the first that arrives.
    const isAwaited = before.threads.length === 0 && (added.length > 0 || !wasStopped);
    const focused = focus === undefined && !isAwaited ? undefined : (target?.id ?? sendingThread);
    const stop = (threadId: number, given: Partial<DebugProtocol.StoppedEvent['body']>): void => {
      const event: DebugProtocol.StoppedEvent = new StoppedEvent(given.reason ?? 'pause', threadId);
      event.body = { reason: 'pause', ...given, threadId, allThreadsStopped: false };
      this.sendEvent(event);
    };
    const isOther = (id: number): boolean => id !== focused;
    if (!wasStopped && isOther(sendingThread))
      stop(sendingThread, { description: say('Paused'), preserveFocusHint: focused !== undefined });
    for (const { id } of added) {
      this.sendEvent(new ThreadEvent('started', id));
      if (isOther(id)) stop(id, { description: say('Held'), preserveFocusHint: true });
    }
    if (focused === undefined) return;
    stop(focused, {
      reason: focus?.reason ?? 'pause',
      description: focus?.description ?? say('Held'),
      ...(focus?.text !== undefined && { text: focus.text }),
      ...(focus?.hitBreakpointIds !== undefined && { hitBreakpointIds: focus.hitBreakpointIds }),
    });
  }

  async #tellNews(): Promise<void> {
    if (!this.#begun || this.#ended) return;
    try {
      for (const each of await this.#breakpoints.news()) this.sendEvent(new BreakpointEvent('changed', each));
    } catch {
      // The relay is gone, which is handled elsewhere.
    }
  }

  /** What a thread has passed; if it isn't held anymore, a text for what it waits for. */
  #stationsOf(threadId: number): readonly (Station | string)[] {
    const thread = this.#threadOf(threadId);
    if (thread !== undefined) return stationsOf(thread, this.#edits.isEdited(thread.deliveryId));
    const rejected = this.#rejected?.eventId ?? undefined;
    if (rejected === undefined)
      return [this.#now.threads.length === 0 ? say('waiting for events') : say('held events below')];
    const document = { eventId: rejected, kind: 'body', attempt: null } as const;
    return [{ name: say('{0} rejected', rejected), document, paths: [], element: null }];
  }

  async #frame(threadId: number, index: number, station: Station | string): Promise<DebugProtocol.StackFrame> {
    const id = threadId * mostFrames + index;
    if (typeof station === 'string') return { id, name: station, line: 0, column: 0, presentationHint: 'label' };
    const thread = this.#threadOf(threadId);
    const place = await (thread === undefined ? this.#places.in(station) : this.#places.of(thread, station));
    return { id, name: station.name, source: { name: place.name, path: place.uri }, line: place.line, column: 1 };
  }

  #threadOf(threadId: number): HeldThread | undefined {
    return this.#now.threads.find(({ id }) => id === threadId);
  }

  /** The thread for a step or Continue; undefined for sending itself. @throws Error if the thread is gone */
  #asked(threadId: number): HeldThread | undefined {
    const thread = this.#threadOf(threadId);
    if (thread !== undefined || threadId === sendingThread) return thread;
    throw new Error(say('This event is no longer held.'));
  }

  #nameOf({ found, notificationId, deliveryId }: HeldThread): string {
    const { event, notifications } = found;
    const others = (notifications.find(({ id }) => id === notificationId)?.eventIds.length ?? 1) - 1;
    const name = `${labelOf(event)} · ${event.id}`;
    const whole = others > 0 ? say('{0} and {1} more', name, others) : name;
    return this.#edits.isEdited(deliveryId) ? say('edited · {0}', whole) : whole;
  }

  #variable({ name, text, type, branch, indexed }: Member, threadId: number): DebugProtocol.Variable {
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

  /**
   * Reports what is wrong with breakpoints in the Debug Console, and as a message if the user has just typed it; once,
   * until it changes.
   * @param names of `set`, one for each breakpoint; empty if it has none
   */
  #sayRefused(
    kind: 'functions' | 'exceptions',
    names: readonly string[],
    set: readonly DebugProtocol.Breakpoint[],
  ): void {
    const before = this.#refused.get(kind);
    const now = new Set<string>();
    for (const [index, { verified, message = '' }] of set.entries()) {
      if (verified) continue;
      const name = printable(names[index] ?? '', 60);
      now.add(name === '' ? message : `${name}: ${message}`);
    }
    this.#refused.set(kind, now);
    for (const text of now) if (before?.has(text) !== true) this.#say(text, 'important');
  }

  /**
   * Responds when the work is done, or with its error.
   * @param work returns what to do after the response
   * @param showUser whether VS Code shows the error itself
   */
  #answer(response: DebugProtocol.Response, work: () => Promise<unknown>, showUser = false): void {
    void work().then(
      (after) => {
        this.sendResponse(response);
        if (isAfter(after)) after();
      },
      (error: unknown) => {
        // The protocol treats braces in the text as placeholders.
        const variables = { _said: withNext(error) };
        this.sendErrorResponse(response, { id: 1, format: '{_said}', variables, showUser });
      },
    );
  }

  #say(text: string, category: 'console' | 'important'): void {
    this.sendEvent(new OutputEvent(`${text}\n`, category));
  }

  #leave(): void {
    this.#ended = true;
    this.#reading.cancel();
    this.#news.cancel();
    for (const end of this.#unlisten.splice(0)) end();
  }
}

function isSame(stop: Stop, other: Stop | undefined): boolean {
  return stop.at === other?.at && stop.text === other.text;
}

function isAfter(value: unknown): value is () => void {
  return typeof value === 'function';
}
