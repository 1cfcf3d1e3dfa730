import * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import { prefix } from '../prefix.ts';
import { SharedStart, unlessAborted } from '../session/shared-start.ts';
import { isSandbox, findOrStartSandbox, lookEveryMs, notedSandbox, stopSandbox } from './shared-sandbox.ts';
import type { RunningSandbox, SandboxPlace } from './shared-sandbox.ts';

export class SandboxStartError extends Error {
  override readonly name = 'SandboxStartError';
  readonly next = say('Try again, or run cm-relay sandbox in a terminal for details.');
}

export class SandboxProcess implements vscode.Disposable {
  readonly #place: SandboxPlace;
  readonly #changed = new vscode.EventEmitter<RunningSandbox | undefined>();
  #running: RunningSandbox | undefined;
  readonly #starting = new SharedStart((signal) => this.#begin(signal));
  #timer: NodeJS.Timeout | undefined;

  readonly onDidChange = this.#changed.event;

  constructor(context: vscode.ExtensionContext) {
    this.#place = {
      storage: context.globalStorageUri.fsPath,
      bundle: context.asAbsolutePath('dist/cm-relay.js'),
      version: (context.extension.packageJSON as { version: string }).version,
    };
  }

  /** `signal` cancels the start only if no other caller waits for it. @throws SandboxStartError, the signal's reason */
  async start(signal?: AbortSignal): Promise<RunningSandbox> {
    signal?.throwIfAborted();
    return this.#starting.join(signal);
  }

  async find(): Promise<RunningSandbox | undefined> {
    const known = this.#running ?? (await notedSandbox(this.#place.storage));
    const found = known !== undefined && (await isSandbox(known.control)) ? known : undefined;
    // Keep a sandbox that was started in the meantime.
    if (found === undefined && this.#running !== undefined && this.#running.control !== known?.control) {
      return this.#running;
    }
    this.#set(found);
    return found;
  }

  async stop(): Promise<void> {
    const running = await this.find();
    if (running === undefined) return;
    await stopSandbox(this.#place.storage, running);
    this.#set(undefined);
  }

  /** Leaves the sandbox running. */
  dispose(): void {
    clearInterval(this.#timer);
    this.#changed.dispose();
  }

  async #begin(signal: AbortSignal): Promise<RunningSandbox> {
    let running: RunningSandbox;
    try {
      running = (await unlessAborted(this.find(), signal)) ?? (await findOrStartSandbox(this.#place, signal));
    } catch (error) {
      throw new SandboxStartError(say('The sandbox didn’t start: {0}', (error as Error).message), {
        cause: error,
      });
    }
    this.#set(running);
    return running;
  }

  #set(running: RunningSandbox | undefined): void {
    if (running?.control === this.#running?.control) return;
    this.#running = running;
    clearInterval(this.#timer);
    if (running !== undefined) this.#timer = setInterval(() => void this.find(), lookEveryMs);
    void vscode.commands.executeCommand('setContext', `${prefix}.sandboxRunning`, running !== undefined);
    this.#changed.fire(running);
  }
}

export function logSandbox(
  { subscriptions }: Pick<vscode.ExtensionContext, 'subscriptions'>,
  { sandbox, log }: { sandbox: Pick<SandboxProcess, 'onDidChange'>; log: Pick<vscode.LogOutputChannel, 'info'> },
): void {
  subscriptions.push(
    sandbox.onDidChange((running) =>
      log.info(
        running === undefined
          ? 'the sandbox has ended'
          : `the sandbox runs at ${new URL(running.campaignMonitorApi).origin}`,
      ),
    ),
  );
}
