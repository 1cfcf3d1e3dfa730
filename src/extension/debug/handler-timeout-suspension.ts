/** Makes the relay wait for a handler without a timeout while its program is stopped at a breakpoint. */
import * as vscode from 'vscode';
import type { RelayClient } from '../../protocol/relay-client.ts';
import type { Session } from '../session/session.ts';
import { findSessions } from './handler-configurations.ts';
import type { RememberedConfigurations } from './handler-configurations.ts';
import { launchCandidates } from './launch-configurations.ts';
import type { Programs } from './programs.ts';

export interface HandlerTimeoutSuspensionParts {
  readonly session: Session;
  readonly programs: Programs;
  readonly remembered: RememberedConfigurations;
  readonly log: vscode.LogOutputChannel;
}

/** Ends with the debug session, or with this window, whose connection the relay watches. */
export class HandlerTimeoutSuspension implements vscode.Disposable {
  readonly #parts: HandlerTimeoutSuspensionParts;
  readonly #disposables: readonly vscode.Disposable[];
  /** The last request, and the connection it used. */
  #told: { readonly client: RelayClient; readonly text: string } | undefined;
  #telling: Promise<void> = Promise.resolve();

  constructor(parts: HandlerTimeoutSuspensionParts) {
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
