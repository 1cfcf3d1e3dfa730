/** Loaded with the first debug session, even before a relay runs: the server may be started first. */
import * as vscode from 'vscode';
import { debugType, prefix } from '../prefix.ts';
import type { Session } from '../session/session.ts';
import { findSessions, RememberedConfigurations } from './handler-configurations.ts';
import type { RelayClient } from '../../protocol/relay-client.ts';
import { launchCandidates } from './launch-configurations.ts';
import { StoppedThreads } from './stopped-threads.ts';

export interface HandlerWatch {
  readonly programs: Programs;
  readonly remembered: RememberedConfigurations;
  readonly timeoutSuspension: HandlerTimeoutSuspension;
}

export function watchHandlers(
  { subscriptions, workspaceState }: Pick<vscode.ExtensionContext, 'subscriptions' | 'workspaceState'>,
  session: Session,
  log: vscode.LogOutputChannel,
): HandlerWatch {
  const programs = new Programs();
  const remembered = new RememberedConfigurations(workspaceState, `${prefix}.handlers`);
  const timeoutSuspension = new HandlerTimeoutSuspension({ session, programs, log, remembered });
  subscriptions.push(programs, timeoutSuspension);
  return { programs, remembered, timeoutSuspension };
}

interface TimeoutSuspensionParts {
  readonly session: Session;
  readonly programs: Programs;
  readonly remembered: RememberedConfigurations;
  readonly log: vscode.LogOutputChannel;
}

/** Suspends the relay's timeout while a handler is stopped at a breakpoint, until its session or this window ends. */
export class HandlerTimeoutSuspension implements vscode.Disposable {
  readonly #parts: TimeoutSuspensionParts;
  readonly #disposables: readonly vscode.Disposable[];
  #told: { readonly client: RelayClient; readonly text: string } | undefined;
  #telling: Promise<void> = Promise.resolve();

  constructor(parts: TimeoutSuspensionParts) {
    this.#parts = parts;
    this.#disposables = [
      parts.programs.onDidChange(() => this.follow()),
      parts.session.onDidChange(() => this.follow()),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration('launch')) this.follow();
      }),
    ];
    this.follow();
  }

  dispose(): void {
    for (const each of this.#disposables) each.dispose();
  }

  #standing(): string[] {
    const { programs, remembered } = this.#parts;
    const roots = programs.roots.filter((root) => programs.stands(root));
    if (roots.length === 0) return [];
    const candidates = launchCandidates('');
    return [...remembered.all]
      .filter(([, chosen]) => findSessions(roots, chosen, candidates).length > 0)
      .map(([id]) => id)
      .sort();
  }

  follow(): void {
    const { client, status } = this.#parts.session;
    if (client === undefined || status === undefined) return;
    const known = new Set(status.destinations.map(({ destinationId }) => destinationId));
    const destinationIds = this.#standing().filter((id) => known.has(id));
    const text = destinationIds.join(' ');
    const before = this.#told?.client === client ? this.#told.text : '';
    if (text === before) return;
    this.#told = { client, text };
    // One after the other, because the last request counts.
    this.#telling = this.#telling.then(() => this.#tell(client, destinationIds));
  }

  async #tell(client: RelayClient, destinationIds: string[]): Promise<void> {
    try {
      await client.request('debug/patience', { destinationIds });
    } catch (error) {
      this.#parts.log.warn(
        `the relay does not wait for a handler that stands at a breakpoint: ${(error as Error).message}`,
      );
    }
  }
}

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

  /** Sessions without a parent: js-debug starts a child session for each process. */
  get roots(): readonly vscode.DebugSession[] {
    const roots = new Map([...this.#sessions.keys()].map((each) => [each.id, each]));
    // A child session may end after its parent.
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
