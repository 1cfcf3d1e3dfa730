/**
 * What the relay of this window received, while none runs: read by a process of its own that ends with the window, since
 * reading a large history takes time that the extension host does not have. Nothing listens and nothing is sent.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import * as vscode from 'vscode';
import type { Sending } from '../../protocol/debug.ts';
import type { RelayClient } from '../../protocol/relay-client.ts';
import { CommandError } from '../ui/command-error.ts';
import type { Session } from './session.ts';

export interface StoppedHistoryOptions {
  readonly session: Pick<Session, 'state' | 'dataDir' | 'client' | 'status'>;
  /** The bundle in the extension, dist/cm-relay.js. */
  readonly bundle: string;
}

/** The history of the window's data directory, to be read. */
export class StoppedHistory {
  readonly #options: StoppedHistoryOptions;
  #opening: Promise<RelayClient | undefined> | undefined;
  #close: (() => void) | undefined;
  #failure: Error | undefined;

  constructor(options: StoppedHistoryOptions) {
    this.#options = options;
  }

  /** Whether a relay has received something here, that is not read by a running one. */
  get exists(): boolean {
    const { state, dataDir } = this.#options.session;
    return state.kind !== 'running' && existsSync(join(dataDir, 'relay.sqlite'));
  }

  /** The user asks once more: another process may be started in place of one that has ended by itself. */
  tryAgain(): void {
    this.#failure = undefined;
  }

  /** That the process has ended by itself: no other one is started before {@link tryAgain}. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /**
   * Whatever reads the history now: the running relay, else the process that reads what it left.
   * @returns undefined where there is nothing to read, or the user is to be asked about it first, at a start
   * @throws CommandError where that process has ended by itself
   */
  async reader(): Promise<RelayClient | undefined> {
    const { client } = this.#options.session;
    if (client !== undefined) return client;
    if (!this.exists) return undefined;
    if (this.#failure !== undefined) throw this.#failure;
    this.#opening ??= this.#open();
    return this.#opening;
  }

  /** How sending stands, or was left. @returns undefined where that cannot be known */
  async sending(): Promise<Sending | undefined> {
    const { client, status } = this.#options.session;
    if (client !== undefined) return status?.sending;
    try {
      return (await (await this.reader())?.request('debug/sending', {}))?.sending;
    } catch {
      return undefined;
    }
  }

  /** Ends the process: a relay runs, which is asked from now on. */
  close(): void {
    this.#failure = undefined;
    this.#opening = undefined;
    this.#close?.();
    this.#close = undefined;
  }

  dispose(): void {
    this.close();
  }

  async #open(): Promise<RelayClient | undefined> {
    const { clientOverStream } = await import('../deferred.ts');
    const { session, bundle } = this.#options;
    const { dataDir } = session;
    const { isUnknownDirectory } = await import('./directory-question.ts');
    if (await isUnknownDirectory(dataDir)) {
      this.#opening = undefined;
      return undefined;
    }
    const child = spawn(process.execPath, [bundle, 'relay-process', '--history', '--data-dir', dataDir], {
      // It is no folder that an update of the extension replaces.
      cwd: dataDir,
      env: {
        ...{ PATH: process.env['PATH'], HOME: process.env['HOME'], XDG_STATE_HOME: process.env['XDG_STATE_HOME'] },
        ELECTRON_RUN_AS_NODE: '1',
      },
      stdio: ['pipe', 'pipe', 'ignore'],
      windowsHide: true,
    });
    const stream = Duplex.from({ readable: child.stdout, writable: child.stdin });
    let why: string | undefined;
    // Its client tells that it has gone.
    const ended = (reason: string): void => {
      why = reason;
      stream.destroy();
    };
    child.once('error', ({ message }) => ended(message));
    child.once('exit', (code, signal) => ended(String(signal ?? code)));
    const client = clientOverStream(stream, dataDir);
    const close = (): void => {
      client.close();
      child.kill();
    };
    this.#close = close;
    void client.closed.then(() => {
      if (this.#close !== close) return;
      this.close();
      this.#failure = new CommandError(
        why === undefined
          ? vscode.l10n.t('The process that reads the history stopped unexpectedly')
          : vscode.l10n.t('The process that reads the history stopped unexpectedly ({0})', why),
        vscode.l10n.t('Try again.'),
      );
    });
    return client;
  }
}
