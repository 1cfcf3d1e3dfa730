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
  } | null;
}

/** Requests after which a program runs: adapters need not say so by an event. */
const runs = new Set(['continue', 'next', 'stepIn', 'stepOut', 'stepBack', 'reverseContinue', 'goto', 'restartFrame']);

/** The threads of one debug session that stand. */
export class StoppedThreads {
  readonly #stopped = new Set<unknown>();
  /** All of them stand: which there are is not known. */
  #all = false;
  /** Requests that were sent and are not answered yet: which thread they let run, `undefined` where all. */
  readonly #asked = new Map<unknown, unknown>();

  /** Whether any of them stands. */
  get any(): boolean {
    return this.#all || this.#stopped.size > 0;
  }

  /** VS Code sends a message to the adapter. */
  asked(message: unknown): void {
    const { type, seq, command, arguments: given } = asMessage(message);
    if (type !== 'request' || typeof command !== 'string' || !runs.has(command)) return;
    this.#asked.set(seq, given?.singleThread === true ? given.threadId : undefined);
  }

  /** The adapter says something. */
  said(message: unknown): void {
    const { type, event, body, request_seq: asked, success } = asMessage(message);
    if (type === 'response' && this.#asked.has(asked)) {
      const thread = this.#asked.get(asked);
      this.#asked.delete(asked);
      if (success === true) this.#run(body?.allThreadsContinued === false ? (thread ?? body.threadId) : thread);
    }
    if (type !== 'event') return;
    switch (event) {
      case 'stopped':
        if (body?.allThreadsStopped === true || body?.threadId === undefined) this.#all = true;
        if (body?.threadId !== undefined) this.#stopped.add(body.threadId);
        break;
      case 'continued':
        this.#run(body?.allThreadsContinued === false ? body.threadId : undefined);
        break;
      case 'thread':
        if (body?.reason === 'exited') this.#stopped.delete(body.threadId);
        break;
      case 'terminated':
      case 'exited':
        this.#run(undefined);
        break;
    }
  }

  /** @param thread the one that runs; all where it is undefined */
  #run(thread: unknown): void {
    if (thread === undefined) {
      this.#stopped.clear();
      this.#all = false;
    } else this.#stopped.delete(thread);
  }
}

function asMessage(message: unknown): Message {
  return typeof message === 'object' && message !== null ? message : {};
}
