/**
 * Deliveries in VS Code's own debugger, by the Debug Adapter Protocol: what is held is a thread, what it has passed are
 * its frames, and pause, step and continue are those of the relay. It runs in the extension host and listens nowhere.
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
import { heldCount } from '../../common/held-count.ts';
import type { BreakpointPlace, DebugClient, Sending, Stop } from '../../protocol/debug.ts';
import type { RelayClient } from '../../protocol/relay-client.ts';
import type { DocumentTexts } from '../event-documents/content.ts';
import { labelOf } from '../events/event-words.ts';
import { endRequest } from '../prefix.ts';
import { Coalescer } from '../ui/coalescer.ts';
import { withNext } from '../ui/error-words.ts';
import type { Localiser } from '../ui/localiser.ts';
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

/** How sending stands when a session has ended. */
export interface SessionEnd {
  readonly sending: Sending | undefined;
  /** Deliveries that were edited and not released: the edits are given up. */
  readonly edited: number;
}

export interface DeliverySessionParts {
  readonly client: RelayClient;
  readonly l10n: Localiser;
  readonly texts: DocumentTexts;
  /** Who pauses. */
  readonly by: DebugClient;
  /** The vendor's event types. */
  readonly types: readonly string[];
  /** The session has ended. */
  onEnd(end: SessionEnd): void;
}

/** Where it stops next, when what is held has been read. */
interface Focus {
  /** Null: sending itself, or the next that is held. */
  readonly notificationId: string | null;
  readonly reason: 'breakpoint' | 'function breakpoint' | 'pause' | 'step' | 'entry';
  readonly description: string;
  readonly text?: string;
  readonly hitBreakpointIds?: number[];
}

/** What is held is read again so much later at the earliest, in milliseconds. */
const readPauseMs = 50;

/** How breakpoints stand is asked so much later at the earliest, in milliseconds. */
const newsPauseMs = 500;

/** A frame's id holds its thread's: a thread has fewer frames. */
const mostFrames = 16;

/** The debugger of a relay's deliveries. */
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
  /** As VS Code was told. */
  #now: HeldNow = { sending: undefined, threads: [] };
  #isSendingStopped = false;
  #focus: Focus | undefined;
  /** The last stop that the relay told: from then on what stopped is held. */
  #lastStop: Stop | undefined;
  /** A stop at what is not held: a rejected delivery. */
  #rejected: Stop | undefined;
  /** Whether each event stops where no condition is asked for. */
  #stopAtEvents = true;
  /** What was said of breakpoints that cannot be used, by their kinds. */
  readonly #refused = new Map<string, ReadonlySet<string>>();
  /** The delivery whose edited body is being sent: what was held of it may be read as gone before that is answered. */
  #releasing: string | undefined;
  #begun = false;
  #ended = false;

  constructor(parts: DeliverySessionParts) {
    super();
    // Else the base ends the process, which is the extension host, with the session.
    this.setRunAsServer(true);
    this.#parts = parts;
    const { client, l10n, types, texts } = parts;
    this.#places = new StationPlaces(client, texts);
    this.#held = new HeldReader(client);
    this.#edits = new BodyEdits(client, l10n);
    this.#breakpoints = new BreakpointSet({ client, l10n, types });
  }

  override dispose(): void {
    this.#leave();
    super.dispose();
  }

  protected override initializeRequest(response: DebugProtocol.InitializeResponse): void {
    const l10n = this.#parts.l10n;
    const names = this.#placeNames();
    const filter = (at: BreakpointPlace, description: string): DebugProtocol.ExceptionBreakpointsFilter => ({
      ...{ filter: at, label: names[at], description, default: at === 'event' },
      ...{ supportsCondition: true, conditionDescription: l10n.t('Filter such as type:update') },
    });
    response.body = {
      supportsConfigurationDoneRequest: true,
      supportsFunctionBreakpoints: true,
      supportsConditionalBreakpoints: true,
      supportsExceptionFilterOptions: true,
      supportsSetVariable: true,
      supportsSingleThreadExecutionRequests: true,
      // Of the many threads that stand one is looked at: of the others the topmost frame is read.
      supportsDelayedStackTraceLoading: true,
      // As the session goes on, nothing that was edited in it is lost, and nothing is left behind.
      supportsRestartRequest: true,
      exceptionBreakpointFilters: [
        filter('event', l10n.t('Stops every event before it’s sent.')),
        filter('failed-attempt', l10n.t('Stops when a destination returns an error or doesn’t answer in time.')),
        filter('wrong-signature', l10n.t('Stops at Open Connectors notifications with a wrong or missing signature.')),
        filter('rejected', l10n.t('Stops when a delivery is rejected.')),
      ],
    };
    this.sendResponse(response);
  }

  #placeNames(): Readonly<Record<BreakpointPlace, string>> {
    const l10n = this.#parts.l10n;
    return {
      event: l10n.t('Every Event'),
      'failed-attempt': l10n.t('Failed Attempts'),
      'wrong-signature': l10n.t('Wrong Signatures'),
      rejected: l10n.t('Rejected Deliveries'),
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

  /** The launch configuration may be another than before. */
  protected override restartRequest(
    response: DebugProtocol.RestartResponse,
    { arguments: args }: DebugProtocol.RestartArguments,
  ): void {
    this.#answer(
      response,
      async () => {
        await this.#configure(args ?? {});
        // VS Code sets its breakpoints anew then.
        return () => this.sendEvent(new InitializedEvent());
      },
      true,
    );
  }

  async #configure(args: object): Promise<void> {
    const { client, by, l10n } = this.#parts;
    const read = readAttach(args);
    if (read.kind === 'wrong')
      throw new Error(l10n.t('Invalid value for {0} in the launch configuration: {1}', read.where, read.why));
    this.#stopAtEvents = read.stopAtEvents;
    if (read.stopOnEntry) await client.request('debug/pause', { by });
  }

  protected override configurationDoneRequest(response: DebugProtocol.ConfigurationDoneResponse): void {
    this.#answer(response, async () => {
      const { client, l10n } = this.#parts;
      const { sending } = await client.request('relay/status', {});
      if (sending.state === 'paused' && sending.stop !== null) this.#stopped(sending.stop);
      this.#focus ??= { notificationId: null, reason: 'entry', description: l10n.t('Paused') };
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
      // A condition that stands in the name's place is known by what is said of it.
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
      const message = this.#parts.l10n.t(
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
    const l10n = this.#parts.l10n;
    const { sending, threads } = this.#now;
    const held = sending === undefined ? 0 : heldCount(sending.held);
    const name =
      sending?.state !== 'paused'
        ? l10n.t('Sending')
        : threads.length < held
          ? l10n.t('Sending: {0} held, showing the first events', held)
          : l10n.t('Sending: {0} held', held);
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
      const { client, l10n } = this.#parts;
      const scopes = thread === undefined ? [] : await scopesOf({ client, l10n, edits: this.#edits }, thread);
      response.body = {
        scopes: scopes.map(({ name, branch, hint }) => ({
          ...{ name, variablesReference: this.#handles.add({ threadId, branch }), expensive: false },
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
      const l10n = this.#parts.l10n;
      const { branch, threadId } = this.#unfolded(variablesReference);
      if (branch.set === undefined) throw new Error(l10n.t('You can change only the body of a held event.'));
      const changed = this.#variable(await branch.set(name, value), threadId);
      const { value: text, type, variablesReference: reference } = changed;
      response.body = { value: text, variablesReference: reference, ...(type !== undefined && { type }) };
      // Names of threads, frames and scopes say that it has been edited.
      return () => this.sendEvent(new InvalidatedEvent(['threads', 'stacks', 'variables']));
    });
  }

  protected override pauseRequest(response: DebugProtocol.PauseResponse): void {
    this.#answer(response, async () => {
      const { client, by, l10n } = this.#parts;
      await client.request('debug/pause', { by });
      return () => {
        this.#isSendingStopped = false;
        this.#focus = { notificationId: null, reason: 'pause', description: l10n.t('Paused') };
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
      // A relay that has gone keeps none of a session that is not there: the next takes its place.
      await this.#breakpoints.clear().catch(() => undefined);
      const status = await this.#parts.client.request('relay/status', {}).catch(() => undefined);
      this.#parts.onEnd({ sending: status?.sending, edited: this.#edits.edited.length });
    });
  }

  /** What ends this session alone, also where its lifecycle is that of its parent. */
  protected override customRequest(command: string, response: DebugProtocol.Response, args: unknown): void {
    if (command !== endRequest) {
      super.customRequest(command, response, args);
      return;
    }
    this.sendResponse(response);
    this.sendEvent(new TerminatedEvent());
  }

  /**
   * Continue goes on from where the debugger stands: the first that is held was shown, and is not asked about again. One
   * that stopped at a breakpoint goes anyway, and what stands behind another waits its turn.
   */
  async #pass(threadId: number): Promise<void> {
    const [first] = this.#now.threads;
    if (first?.id !== threadId || this.#edits.isEdited(first.deliveryId)) return;
    if (first.forwardings.every(({ heldBy }) => heldBy === 'breakpoint')) return;
    await this.#parts.client.request('debug/step', { id: first.notificationId }).catch((error: unknown) => {
      // Somebody else has released it meanwhile.
      if ((error as { code?: unknown }).code !== 'conflict') throw error;
    });
  }

  /** Releases a held notification, or the next in order. */
  async #step(threadId: number): Promise<void> {
    const { client, l10n } = this.#parts;
    const next = this.#asked(threadId) ?? this.#now.threads[0];
    if (next === undefined) this.#say(l10n.t('No event is held. The next event will be held.'), 'console');
    else if (this.#edits.isEdited(next.deliveryId)) await this.#releaseEdited(next);
    else await client.request('debug/step', { id: next.notificationId });
    // VS Code takes the thread for running now.
    if (threadId === sendingThread) this.#isSendingStopped = false;
    const after = this.#now.threads.find(({ id }) => id > (next?.id ?? 0));
    this.#focus = {
      notificationId: after?.notificationId ?? null,
      reason: 'step',
      description: after === undefined ? l10n.t('Paused') : l10n.t('Held'),
    };
    this.#reading.request();
  }

  /** Sends an edited body in the place of what is held of its delivery. */
  async #releaseEdited({ notificationId, deliveryId }: HeldThread): Promise<void> {
    const { client, l10n } = this.#parts;
    const text = this.#edits.textOf(deliveryId);
    if (text === undefined) return;
    this.#releasing = deliveryId;
    try {
      const { delivery, dropped } = await client.request('debug/edit', { id: notificationId, body: { text } });
      this.#edits.forget(deliveryId);
      const many = new Set(dropped.map((each) => each.notificationId)).size;
      this.#say(
        many === 1
          ? l10n.t('Edited delivery sent as {1}, replacing {0}.', deliveryId, delivery.id)
          : l10n.t(
              'Edited delivery sent as {1}, replacing {0}; {2} held notifications discarded.',
              ...[deliveryId, delivery.id, many],
            ),
        'console',
      );
    } finally {
      this.#releasing = undefined;
    }
  }

  /** VS Code takes all for running. */
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
      const l10n = this.#parts.l10n;
      this.#say(l10n.t('Relay stopped. Held events are kept.'), 'important');
      if (this.#edits.edited.length > 0)
        this.#say(l10n.t('Unreleased edits were discarded; the original events are still held.'), 'important');
      this.#leave();
      this.sendEvent(new TerminatedEvent());
    });
  }

  #stopped(stop: Stop): void {
    if (isSame(stop, this.#lastStop)) return;
    this.#lastStop = stop;
    const l10n = this.#parts.l10n;
    const { reason, place, notificationId, eventId, breakpointIds } = stop;
    if (notificationId !== null && eventId !== null) this.#held.met(notificationId, eventId);
    if (reason === 'pause' || place === null) {
      this.#focus = { notificationId: null, reason: 'pause', description: l10n.t('Paused') };
      return;
    }
    const texts: Readonly<Record<BreakpointPlace, string>> = {
      event: l10n.t('Before sending'),
      'failed-attempt': l10n.t('Attempt failed'),
      'wrong-signature': l10n.t('Wrong or missing signature'),
      rejected: l10n.t('Rejected'),
    };
    this.#rejected = place === 'rejected' ? stop : undefined;
    if (place === 'rejected') this.#isSendingStopped = false;
    const names = breakpointIds.join(', ');
    this.#focus = {
      ...{ notificationId, reason: 'breakpoint', description: texts[place] },
      text: l10n.t('{0} stopped at {1}: {2}', eventId ?? '', names, texts[place]),
      hitBreakpointIds: breakpointIds.filter((id) => this.#breakpoints.has(id)).map(breakpointNumber),
    };
    this.#say(this.#focus.text ?? '', 'console');
  }

  /** Reads what is held, and tells VS Code what is other than before. */
  async #read(): Promise<void> {
    if (!this.#begun) return;
    let now: HeldNow;
    try {
      now = await this.#held.read(this.#edits.edited);
    } catch {
      // The relay has gone, which is told by itself, or what was read has gone meanwhile, of which it tells.
      return;
    }
    const stop = now.sending?.state === 'paused' ? now.sending.stop : null;
    // It is being written what is held: the relay tells when it is.
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
      // What is edited is a thread wherever it stands, so that it is held no more.
      if (this.#edits.isEdited(deliveryId) && deliveryId !== this.#releasing)
        this.#say(
          this.#parts.l10n.t('Edits to {0} were discarded because the event is no longer held.', found.event.id),
          'important',
        );
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
    const l10n = this.#parts.l10n;
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
    // Where nothing was held, the first that comes is what one waits for.
    const isAwaited = before.threads.length === 0 && (added.length > 0 || !wasStopped);
    const focused = focus === undefined && !isAwaited ? undefined : (target?.id ?? sendingThread);
    const stop = (threadId: number, given: Partial<DebugProtocol.StoppedEvent['body']>): void => {
      const event: DebugProtocol.StoppedEvent = new StoppedEvent(given.reason ?? 'pause', threadId);
      event.body = { reason: 'pause', ...given, threadId, allThreadsStopped: false };
      this.sendEvent(event);
    };
    const isOther = (id: number): boolean => id !== focused;
    if (!wasStopped && isOther(sendingThread))
      stop(sendingThread, { description: l10n.t('Paused'), preserveFocusHint: focused !== undefined });
    for (const { id } of added) {
      this.sendEvent(new ThreadEvent('started', id));
      if (isOther(id)) stop(id, { description: l10n.t('Held'), preserveFocusHint: true });
    }
    if (focused === undefined) return;
    stop(focused, {
      reason: focus?.reason ?? 'pause',
      description: focus?.description ?? l10n.t('Held'),
      ...(focus?.text !== undefined && { text: focus.text }),
      ...(focus?.hitBreakpointIds !== undefined && { hitBreakpointIds: focus.hitBreakpointIds }),
    });
  }

  async #tellNews(): Promise<void> {
    if (!this.#begun || this.#ended) return;
    try {
      for (const each of await this.#breakpoints.news()) this.sendEvent(new BreakpointEvent('changed', each));
    } catch {
      // The relay has gone, which is told by itself.
    }
  }

  /** What a thread has passed; where nothing is held of it, what it waits for, in no document. */
  #stationsOf(threadId: number): readonly (Station | string)[] {
    const l10n = this.#parts.l10n;
    const thread = this.#threadOf(threadId);
    if (thread !== undefined) return stationsOf(thread, this.#edits.isEdited(thread.deliveryId), l10n);
    const rejected = this.#rejected?.eventId ?? undefined;
    if (rejected === undefined)
      return [this.#now.threads.length === 0 ? l10n.t('waiting for events') : l10n.t('held events below')];
    const document = { eventId: rejected, kind: 'body', attempt: null } as const;
    return [{ name: l10n.t('{0} rejected', rejected), document, paths: [], element: null }];
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

  /** What a step or Continue is of; undefined: sending itself. @throws Error where it has gone: no other goes for it */
  #asked(threadId: number): HeldThread | undefined {
    const thread = this.#threadOf(threadId);
    if (thread !== undefined || threadId === sendingThread) return thread;
    throw new Error(this.#parts.l10n.t('This event is no longer held.'));
  }

  #nameOf({ found, notificationId, deliveryId }: HeldThread): string {
    const l10n = this.#parts.l10n;
    const { event, notifications } = found;
    const others = (notifications.find(({ id }) => id === notificationId)?.eventIds.length ?? 1) - 1;
    const name = `${labelOf(event, l10n)} · ${event.id}`;
    const whole = others > 0 ? l10n.t('{0} and {1} more', name, others) : name;
    return this.#edits.isEdited(deliveryId) ? l10n.t('edited · {0}', whole) : whole;
  }

  #variable({ name, text, type, branch, indexed }: Member, threadId: number): DebugProtocol.Variable {
    return {
      ...{ name: printable(name, 200), value: text, type },
      variablesReference: branch === null ? 0 : this.#handles.add({ threadId, branch }),
      ...(indexed !== undefined && { indexedVariables: indexed }),
    };
  }

  #unfolded(variablesReference: number): Handle {
    const handle = this.#handles.get(variablesReference);
    if (handle === undefined)
      throw new Error(this.#parts.l10n.t('These variables are no longer available. Select the stack frame again.'));
    return handle;
  }

  /**
   * Says what is wrong with breakpoints in the Debug Console, and as a message where the user has just typed it; once, until
   * that changes.
   * @param names of `set`, one for each; empty where it has none
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
   * Answers when the work is done, or with what it throws.
   * @param work returns what follows the answer
   * @param showUser whether VS Code is to say by itself what it throws
   */
  #answer(response: DebugProtocol.Response, work: () => Promise<unknown>, showUser = false): void {
    void work().then(
      (after) => {
        this.sendResponse(response);
        if (isAfter(after)) after();
      },
      (error: unknown) => {
        // A brace in the text itself is no placeholder of the protocol's.
        const variables = { _said: withNext(error, this.#parts.l10n) };
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

/** Whether work came to what follows its answer. */
function isAfter(value: unknown): value is () => void {
  return typeof value === 'function';
}
