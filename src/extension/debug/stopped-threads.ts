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

/** Requests that resume a program: adapters needn't send an event for them. */
const runs = new Set(['continue', 'next', 'stepIn', 'stepOut', 'stepBack', 'reverseContinue', 'goto', 'restartFrame']);

interface Asked {
  readonly threadId: unknown;
  readonly alone: boolean;
}

export class StoppedThreads {
  readonly #threads = new Set<unknown>();
  readonly #stopped = new Set<unknown>();
  /** If set, all threads are stopped except those that have continued. */
  #all: { readonly but: Set<unknown> } | undefined;
  readonly #asked = new Map<unknown, Asked>();

  get any(): boolean {
    const all = this.#all;
    if (this.#stopped.size > 0 || all === undefined) return this.#stopped.size > 0;
    // If the adapter hasn't listed its threads, others than those that continued may be stopped.
    return this.#threads.size === 0 || [...this.#threads].some((each) => !all.but.has(each));
  }

  asked(message: unknown): void {
    const { type, seq, command, arguments: given } = asMessage(message);
    if (type !== 'request' || typeof command !== 'string' || !runs.has(command)) return;
    // VS Code resumes only this thread on a step, unless all threads stopped together.
    const alone = given?.singleThread === true || (!/continue$/i.test(command) && this.#all === undefined);
    this.#asked.set(seq, { threadId: given?.threadId, alone });
  }

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
