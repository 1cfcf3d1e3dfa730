/**
 * A separate process, because a large history would block the extension host. It listens nowhere, sends nothing, and
 * ends with the window.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import { say } from '../../common/say.ts';
import type { Sending } from '../../protocol/debug.ts';
import type { RelayClient } from '../../protocol/relay-client.ts';
import { CommandError } from '../ui/command-error.ts';
import type { Session } from './session.ts';

export interface StoppedHistoryOptions {
  readonly session: Pick<Session, 'state' | 'dataDir' | 'client' | 'status'>;
  readonly bundle: string;
}

export class StoppedHistory {
  readonly #options: StoppedHistoryOptions;
  #opening: Promise<RelayClient | undefined> | undefined;
  #close: (() => void) | undefined;
  #failure: Error | undefined;

  constructor(options: StoppedHistoryOptions) {
    this.#options = options;
  }

  get exists(): boolean {
    const { state, dataDir } = this.#options.session;
    return state.kind !== 'running' && existsSync(join(dataDir, 'relay.sqlite'));
  }

  tryAgain(): void {
    this.#failure = undefined;
  }

  /** Set if the process ended by itself: it isn't started again before {@link tryAgain}. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /**
   * Undefined if there is nothing to read, or the user must first be asked at a start.
   * @throws CommandError if the process has ended by itself
   */
  async reader(): Promise<RelayClient | undefined> {
    const { client } = this.#options.session;
    if (client !== undefined) return client;
    if (!this.exists) return undefined;
    if (this.#failure !== undefined) throw this.#failure;
    this.#opening ??= this.#open();
    return this.#opening;
  }

  async sending(): Promise<Sending | undefined> {
    const { client, status } = this.#options.session;
    if (client !== undefined) return status?.sending;
    try {
      return (await (await this.reader())?.request('debug/sending', {}))?.sending;
    } catch {
      return undefined;
    }
  }

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
      // Not a folder that an update of the extension replaces.
      cwd: dataDir,
      env: {
        PATH: process.env['PATH'],
        HOME: process.env['HOME'],
        XDG_STATE_HOME: process.env['XDG_STATE_HOME'],
        ELECTRON_RUN_AS_NODE: '1',
      },
      stdio: ['pipe', 'pipe', 'ignore'],
      windowsHide: true,
    });
    const stream = Duplex.from({ readable: child.stdout, writable: child.stdin });
    let why: string | undefined;
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
          ? say('The process that reads the history stopped unexpectedly')
          : say('The process that reads the history stopped unexpectedly ({0})', why),
        say('Try again.'),
      );
    });
    return client;
  }
}
