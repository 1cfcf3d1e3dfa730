import { ContinuedEvent, OutputEvent, StoppedEvent, ThreadEvent } from '@vscode/debugadapter';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { say } from '../../common/say.ts';
import type { BreakpointPlace, Sending, Stop } from '../../protocol/debug.ts';
import { Coalescer } from '../ui/coalescer.ts';
import type { BodyEdits } from './body-edits.ts';
import { breakpointNumber, type BreakpointSet } from './breakpoint-set.ts';
import type { Handles } from './variables.ts';
import { sendingThread, threadIdOf, type HeldNow, type HeldReader, type HeldThread } from './held-threads.ts';

interface Focus {
  /** Null for sending itself, or for the next held notification. */
  readonly notificationId: string | null;
  readonly reason: 'breakpoint' | 'function breakpoint' | 'pause' | 'step' | 'entry';
  readonly description: string;
  readonly text?: string;
  readonly hitBreakpointIds?: number[];
}

export interface ThreadReportsParts {
  readonly held: HeldReader;
  readonly edits: BodyEdits;
  readonly breakpoints: BreakpointSet;
  readonly handles: Handles;
  readonly send: (event: DebugProtocol.Event) => void;
}

const readPauseMs = 50;

export class ThreadReports {
  readonly #parts: ThreadReportsParts;
  readonly #reading = new Coalescer(
    () => this.#read(),
    () => readPauseMs,
  );
  #now: HeldNow = { sending: undefined, threads: [] };
  #isSendingStopped = false;
  #focus: Focus | undefined;
  #lastStop: Stop | undefined;
  /** A stop at a rejected delivery, which can't be held. */
  #rejected: Stop | undefined;
  /** The delivery whose edited body is being sent: its held notifications may disappear before the response. */
  releasing: string | undefined;
  /** Nothing is reported before `begun`. */
  state: 'attached' | 'begun' | 'ended' = 'attached';

  constructor(parts: ThreadReportsParts) {
    this.#parts = parts;
  }

  get sending(): Sending | undefined {
    return this.#now.sending;
  }

  get threads(): readonly HeldThread[] {
    return this.#now.threads;
  }

  get rejected(): string | undefined {
    return this.#rejected?.eventId ?? undefined;
  }

  threadOf(threadId: number): HeldThread | undefined {
    return this.threads.find(({ id }) => id === threadId);
  }

  /** Undefined for sending itself. @throws Error if the thread is gone */
  asked(threadId: number): HeldThread | undefined {
    const thread = this.threadOf(threadId);
    if (thread !== undefined || threadId === sendingThread) return thread;
    throw new Error(say('This event is no longer held.'));
  }

  say(text: string, category: 'console' | 'important'): void {
    this.#parts.send(new OutputEvent(`${text}\n`, category));
  }

  begin(stop: Stop | null): void {
    if (this.state === 'ended') return;
    if (stop !== null) this.stopped(stop);
    this.#focus ??= { notificationId: null, reason: 'entry', description: say('Paused') };
    this.state = 'begun';
  }

  end(): void {
    this.state = 'ended';
    this.#reading.cancel();
  }

  look(): void {
    this.#reading.request();
  }

  paused(): void {
    this.#isSendingStopped = false;
    this.#focus = { notificationId: null, reason: 'pause', description: say('Paused') };
    this.look();
  }

  continued(): void {
    this.#focus = undefined;
    this.look();
  }

  /** VS Code already shows the thread as running. */
  stepped(threadId: number, sent: HeldThread | undefined): void {
    if (threadId === sendingThread) this.#isSendingStopped = false;
    const after = this.threads.find(({ id }) => id > (sent?.id ?? 0));
    this.#focus = {
      notificationId: after?.notificationId ?? null,
      reason: 'step',
      description: after === undefined ? say('Paused') : say('Held'),
    };
    this.look();
  }

  allContinue(): void {
    const { threads } = this;
    this.#now = { sending: undefined, threads: [] };
    this.#isSendingStopped = false;
    this.#rejected = undefined;
    this.#parts.handles.clear();
    for (const { id, deliveryId } of threads) {
      this.#parts.edits.forget(deliveryId);
      this.#parts.send(new ThreadEvent('exited', id));
    }
    this.look();
  }

  stopped(stop: Stop): void {
    if (isSame(stop, this.#lastStop)) return;
    this.#lastStop = stop;
    const { reason, place, notificationId, eventId, breakpointIds } = stop;
    if (notificationId !== null && eventId !== null) this.#parts.held.met(notificationId, eventId);
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
    const text = say('{0} stopped at {1}: {2}', eventId ?? '', breakpointIds.join(', '), texts[place]);
    this.#focus = {
      ...{ notificationId, reason: 'breakpoint', description: texts[place], text },
      hitBreakpointIds: breakpointIds.filter((id) => this.#parts.breakpoints.has(id)).map(breakpointNumber),
    };
    this.say(text, 'console');
  }

  async #read(): Promise<void> {
    if (this.state === 'attached') return;
    const { held, edits } = this.#parts;
    let now: HeldNow;
    try {
      now = await held.read(edits.edited);
    } catch {
      // The relay is gone, which is handled elsewhere, or the data is gone, which the relay will report.
      return;
    }
    const stop = now.sending?.state === 'paused' ? now.sending.stop : null;
    // The relay is still recording what is held, and will report it.
    if (this.state !== 'begun' || (stop !== null && !isSame(stop, this.#lastStop))) return;
    const before = this.#now;
    this.#now = now;
    this.#tellExits(before);
    if (now.sending?.state === 'paused') {
      this.#tellStops(before);
      return;
    }
    if (this.#isSendingStopped) {
      this.#isSendingStopped = false;
      this.#parts.send(new ContinuedEvent(sendingThread, true));
    }
    this.#rejected = undefined;
    if (this.#focus?.reason === 'entry') this.#focus = undefined;
  }

  #tellExits(before: HeldNow): void {
    const { edits, handles, send } = this.#parts;
    for (const { id, deliveryId, found } of before.threads) {
      if (this.threadOf(id) !== undefined) continue;
      handles.drop(id);
      send(new ThreadEvent('exited', id));
      if (this.threads.some((each) => each.deliveryId === deliveryId)) continue;
      // An edited delivery stays a thread even if it is no longer held.
      if (edits.isEdited(deliveryId) && deliveryId !== this.releasing)
        this.say(say('Edits to {0} were discarded because the event is no longer held.', found.event.id), 'important');
      edits.forget(deliveryId);
    }
  }

  #tellStops(before: HeldNow): void {
    const { send } = this.#parts;
    const known = new Set(before.threads.map(({ id }) => id));
    const added = this.threads.filter(({ id }) => !known.has(id));
    const wasStopped = this.#isSendingStopped;
    this.#isSendingStopped = true;
    const focus = this.#focus;
    this.#focus = undefined;
    const named = focus?.notificationId ?? null;
    const [first] = this.threads;
    const target = named !== null ? this.threadOf(threadIdOf(named)) : this.#rejected === undefined ? first : undefined;
    // If nothing was held before, the user is waiting for the first event.
    const isAwaited = before.threads.length === 0 && (added.length > 0 || !wasStopped);
    const focused = focus === undefined && !isAwaited ? undefined : (target?.id ?? sendingThread);
    const stop = (threadId: number, given: Partial<DebugProtocol.StoppedEvent['body']>): void => {
      const event: DebugProtocol.StoppedEvent = new StoppedEvent(given.reason ?? 'pause', threadId);
      event.body = { reason: 'pause', ...given, threadId, allThreadsStopped: false };
      send(event);
    };
    const isOther = (id: number): boolean => id !== focused;
    if (!wasStopped && isOther(sendingThread))
      stop(sendingThread, { description: say('Paused'), preserveFocusHint: focused !== undefined });
    for (const { id } of added) {
      send(new ThreadEvent('started', id));
      if (isOther(id)) stop(id, { description: say('Held'), preserveFocusHint: true });
    }
    if (focused === undefined) return;
    const { notificationId: _, ...shown } = focus ?? {
      notificationId: null,
      reason: 'pause',
      description: say('Held'),
    };
    stop(focused, shown);
  }
}

function isSame(stop: Stop, other: Stop | undefined): boolean {
  return stop.at === other?.at && stop.text === other.text;
}
