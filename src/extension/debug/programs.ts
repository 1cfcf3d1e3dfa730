import * as vscode from 'vscode';
import { debugType } from '../prefix.ts';
import { StoppedThreads } from './stopped-threads.ts';

export class Programs implements vscode.Disposable {
  readonly #sessions = new Map<vscode.DebugSession, StoppedThreads>();
  readonly #changed = new vscode.EventEmitter<undefined>();
  readonly #disposables: readonly { dispose(): unknown }[];

  readonly onDidChange = this.#changed.event;

  constructor() {
    this.#disposables = [this.#changed, vscode.debug.onDidTerminateDebugSession((each) => this.#end(each))];
  }

  dispose(): void {
    for (const each of this.#disposables) each.dispose();
  }

  /** The sessions not started by another one: js-debug starts one for each process. */
  get roots(): readonly vscode.DebugSession[] {
    const roots = new Map([...this.#sessions.keys()].map((each) => [each.id, each]));
    // A session's child may end after it.
    for (const [id, each] of roots) if (isOwn(each) || rootOf(each).id !== id) roots.delete(id);
    return [...roots.values()];
  }

  get own(): vscode.DebugSession | undefined {
    return [...this.#sessions.keys()].find(isOwn);
  }

  stands(root: vscode.DebugSession): boolean {
    return [...this.#sessions].some(
      ([session, threads]) => !isOwn(session) && threads.any && rootOf(session).id === root.id,
    );
  }

  track(session: vscode.DebugSession): vscode.DebugAdapterTracker {
    const threads = new StoppedThreads();
    this.#sessions.set(session, threads);
    this.#changed.fire(undefined);
    let stood = false;
    const look = (): void => {
      if (threads.any === stood) return;
      stood = threads.any;
      this.#changed.fire(undefined);
    };
    return {
      onWillReceiveMessage: (message) => threads.asked(message),
      onDidSendMessage: (message) => {
        threads.said(message);
        look();
      },
      onExit: () => this.#end(session),
    };
  }

  #end(session: vscode.DebugSession): void {
    if (this.#sessions.delete(session)) this.#changed.fire(undefined);
  }
}

function isOwn({ type }: vscode.DebugSession): boolean {
  return type === debugType;
}

function rootOf(session: vscode.DebugSession): vscode.DebugSession {
  return session.parentSession === undefined ? session : rootOf(session.parentSession);
}
