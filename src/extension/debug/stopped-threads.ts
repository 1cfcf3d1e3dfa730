/** Whether a program stands at a breakpoint, told by the messages of the Debug Adapter Protocol that pass by. */

/** A message of the protocol, read as far as it is needed here. */
interface Message {
  readonly type?: unknown;
  readonly seq?: unknown;
  readonly command?: unknown;
  readonly request_seq?: unknown;
  readonly success?: unknown;
  readonly event?: unknown;
  readonly arguments?: { readonly threadId?: unknown; readonly singleThread?: unknown } | null;
  readonly body?: {
    readonly threadId?: unknown;
    readonly reason?: unknown;
    readonly allThreadsStopped?: unknown;
    readonly allThreadsContinued?: unknown;
    readonly threads?: unknown;
  } | null;
}

/** Requests after which a program runs: adapters need not say so by an event. */
const runs = new Set(['continue', 'next', 'stepIn', 'stepOut', 'stepBack', 'reverseContinue', 'goto', 'restartFrame']);

/** What a request lets run. */
interface Asked {
  readonly threadId: unknown;
  /** This thread and no other. */
  readonly alone: boolean;
}

/** The threads of one debug session that stand. */
export class StoppedThreads {
  /** Those that there are, as far as the adapter has said. */
  readonly #threads = new Set<unknown>();
  readonly #stopped = new Set<unknown>();
  /** All of them stand but those that run again. */
  #all: { readonly but: Set<unknown> } | undefined;
  /** Requests that were sent and are not answered yet. */
  readonly #asked = new Map<unknown, Asked>();

  /** Whether any of them stands. */
  get any(): boolean {
    const all = this.#all;
    if (this.#stopped.size > 0 || all === undefined) return this.#stopped.size > 0;
    // An adapter that has not said which threads there are may have others than those that run.
    return this.#threads.size === 0 || [...this.#threads].some((each) => !all.but.has(each));
  }

  /** VS Code sends a message to the adapter. */
  asked(message: unknown): void {
    const { type, seq, command, arguments: given } = asMessage(message);
    if (type !== 'request' || typeof command !== 'string' || !runs.has(command)) return;
    // A step is of its thread, as VS Code takes it, where the others have not stopped with it.
    const alone = given?.singleThread === true || (!/continue$/i.test(command) && this.#all === undefined);
    this.#asked.set(seq, { threadId: given?.threadId, alone });
  }

  /** The adapter says something. */
  said(message: unknown): void {
    const { type, event, body, request_seq: request, success } = asMessage(message);
    if (type === 'response') {
      if (Array.isArray(body?.threads)) this.#know(body.threads);
      const asked = this.#asked.get(request);
      this.#asked.delete(request);
      if (asked !== undefined && success === true)
        this.#run(asked.alone || body?.allThreadsContinued === false ? asked.threadId : undefined);
    }
    if (type !== 'event') return;
    switch (event) {
      case 'stopped':
        if (body?.allThreadsStopped === true || body?.threadId === undefined) this.#all = { but: new Set() };
        if (body?.threadId !== undefined) this.#stopped.add(body.threadId);
        break;
      case 'continued':
        this.#run(body?.allThreadsContinued === false ? body.threadId : undefined);
        break;
      case 'thread':
        if (body?.reason === 'exited') {
          this.#run(body.threadId);
          this.#threads.delete(body.threadId);
        } else if (body?.reason === 'started') this.#threads.add(body.threadId);
        break;
      case 'terminated':
      case 'exited':
        this.#run(undefined);
        break;
    }
  }

  #know(threads: readonly unknown[]): void {
    this.#threads.clear();
    for (const each of threads) this.#threads.add((each as { readonly id?: unknown } | null)?.id);
  }

  /** @param thread the one that runs; all where it is undefined */
  #run(thread: unknown): void {
    if (thread === undefined) {
      this.#stopped.clear();
      this.#all = undefined;
    } else {
      this.#stopped.delete(thread);
      this.#all?.but.add(thread);
    }
  }
}

function asMessage(message: unknown): Message {
  return typeof message === 'object' && message !== null ? message : {};
}
