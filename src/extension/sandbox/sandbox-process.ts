/**
 * The sandbox as a process of its own: both vendors with made-up data, for the form, the views and whoever wants to try
 * things without an account. All windows of this machine share one. It outlives the window, and is found again through
 * a file in the global storage; it ends some time after its last request, or on stop.
 */
import { randomUUID } from 'node:crypto';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as vscode from 'vscode';
import type { SandboxCredentials } from '../../sandbox/credentials.ts';
import { CommandError } from '../ui/command-error.ts';
import { commandId, prefix } from '../commands.ts';
import type { CommandHandlers } from '../commands.ts';
import { addSandboxSubscriber } from './add-subscriber.ts';
import type { SubscriberPlace } from './add-subscriber.ts';
import { startNodeProcess } from '../relay/node-process.ts';
import { ask, isSandbox } from './sandbox-check.ts';
import { working } from '../ui/progress.ts';

/** Where a running sandbox is, and what opens it. */
export interface RunningSandbox {
  readonly campaignMonitorApi: string;
  readonly campaignMonitorOAuth: string;
  readonly openConnectorsApi: string;
  readonly control: string;
  readonly credentials: SandboxCredentials;
}

/** The sandbox could not be started. */
export class SandboxStartError extends Error {
  override readonly name = 'SandboxStartError';
  readonly next = vscode.l10n.t('Try again; cm-relay sandbox in a terminal says more');
}

/** Without a request for so long the process ends; a window that uses it asks every minute. */
const keepAliveMinutes = 15;
const askEveryMs = 60_000;

/** The sandbox that all windows share, as this window sees it. */
export class SandboxProcess implements vscode.Disposable {
  readonly #context: vscode.ExtensionContext;
  readonly #changed = new vscode.EventEmitter<RunningSandbox | undefined>();
  #running: RunningSandbox | undefined;
  #starting: Promise<RunningSandbox> | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** It runs now, or does not run any more. */
  readonly onDidChange = this.#changed.event;

  constructor(context: vscode.ExtensionContext) {
    this.#context = context;
  }

  /** The sandbox that this window knows of; after a reload only once {@link find} or {@link start} has been called. */
  running(): RunningSandbox | undefined {
    return this.#running;
  }

  /**
   * Finds the sandbox that runs, or starts one with random credentials.
   * @param signal gives up; where a start is under way already, it is that one's signal that counts
   * @throws SandboxStartError
   */
  start(signal?: AbortSignal): Promise<RunningSandbox> {
    this.#starting ??= this.#start(signal).finally(() => (this.#starting = undefined));
    return this.#starting;
  }

  /** Looks for a sandbox that another window, or this one before a reload, has started. Starts none. */
  async find(): Promise<RunningSandbox | undefined> {
    const known = this.#running ?? (await this.#read());
    const found = known !== undefined && (await isSandbox(known.control)) ? known : undefined;
    // One that was started meanwhile stays.
    if (found === undefined && this.#running !== undefined && this.#running.control !== known?.control) {
      return this.#running;
    }
    this.#set(found);
    return found;
  }

  /** Ends the sandbox, whichever window started it; does nothing where none runs. */
  async stop(): Promise<void> {
    const running = await this.find();
    if (running === undefined) return;
    await ask('POST', `${running.control}/stop`);
    await rm(this.#file, { force: true });
    this.#set(undefined);
  }

  /** The process goes on. */
  dispose(): void {
    clearInterval(this.#timer);
    this.#changed.dispose();
  }

  get #file(): string {
    return join(this.#context.globalStorageUri.fsPath, 'sandbox.json');
  }

  async #start(signal: AbortSignal | undefined): Promise<RunningSandbox> {
    const found = await this.find();
    if (found !== undefined) return found;
    let started: RunningSandbox;
    try {
      const line = await startNodeProcess({
        name: 'sandbox',
        bundle: this.#context.asAbsolutePath('dist/cm-relay.js'),
        storage: this.#context.globalStorageUri.fsPath,
        version: (this.#context.extension.packageJSON as { version: string }).version,
        args: ['sandbox', '--json', '--random-credentials', '--keep-alive-minutes', String(keepAliveMinutes)],
        signal,
      });
      started = JSON.parse(line) as RunningSandbox;
    } catch (error) {
      throw new SandboxStartError(vscode.l10n.t('The sandbox did not start: {0}', (error as Error).message), {
        cause: error,
      });
    }
    const running = await this.#publish(started);
    this.#set(running);
    return running;
  }

  /** Writes where the sandbox is. Where another window was first, that one's sandbox is used and ours ended. */
  async #publish(started: RunningSandbox): Promise<RunningSandbox> {
    const temporary = `${this.#file}.${randomUUID()}`;
    await writeFile(temporary, JSON.stringify(started), { flag: 'wx', mode: 0o600 });
    try {
      // Unlike a rename, a link does not take the place of what is there.
      await link(temporary, this.#file);
      await rm(temporary);
    } catch {
      const other = await this.#read();
      if (other !== undefined && (await isSandbox(other.control))) {
        await Promise.all([rm(temporary), ask('POST', `${started.control}/stop`)]);
        return other;
      }
      await rename(temporary, this.#file);
    }
    return started;
  }

  async #read(): Promise<RunningSandbox | undefined> {
    try {
      const said: unknown = JSON.parse(await readFile(this.#file, 'utf8'));
      return isRunningSandbox(said) ? said : undefined;
    } catch {
      // Never written, or half: no sandbox that could be found.
      return undefined;
    }
  }

  #set(running: RunningSandbox | undefined): void {
    if (running?.control === this.#running?.control) return;
    this.#running = running;
    clearInterval(this.#timer);
    if (running !== undefined) this.#timer = setInterval(() => void this.find(), askEveryMs);
    void vscode.commands.executeCommand('setContext', `${prefix}.sandboxRunning`, running !== undefined);
    this.#changed.fire(running);
  }
}

/** Whether a file says where a sandbox is: another version may have written it, or a person. */
function isRunningSandbox(value: unknown): value is RunningSandbox {
  if (!hasTexts(value, ['campaignMonitorApi', 'campaignMonitorOAuth', 'openConnectorsApi', 'control'])) return false;
  const { control, credentials } = value as { control: string; credentials?: Record<string, unknown> | null };
  return (
    URL.canParse(control) &&
    new URL(control).protocol === 'http:' &&
    hasTexts(credentials?.['campaignMonitor'], ['apiKey', 'oauthClientId', 'oauthClientSecret']) &&
    hasTexts(credentials?.['openConnectors'], ['userSecret', 'organizationSecret'])
  );
}

function hasTexts(value: unknown, names: readonly string[]): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    names.every((name) => typeof (value as Record<string, unknown>)[name] === 'string')
  );
}

/** The handlers of "Start Sandbox" and "Stop Sandbox". */
export function createSandboxCommands(sandbox: SandboxProcess): CommandHandlers<'sandbox'> {
  return {
    startSandbox: () => startSandbox(sandbox),
    stopSandbox: async () => {
      await sandbox.stop();
      vscode.window.setStatusBarMessage(vscode.l10n.t('The sandbox has ended.'), 5000);
    },
    copySandboxFacts: async () => {
      const running = await sandbox.find();
      if (running !== undefined) return copyFacts(running);
      throw new CommandError(vscode.l10n.t('The sandbox does not run'), vscode.l10n.t('Start it and try again.'), {
        title: vscode.l10n.t('Start Sandbox'),
        command: 'startSandbox',
      });
    },
    addSandboxSubscriber: (node?: SubscriberPlace) => addSandboxSubscriber(sandbox, node),
  };
}

async function startSandbox(sandbox: SandboxProcess): Promise<void> {
  const running = await working(vscode.l10n.t('Starting the sandbox'), (signal) => sandbox.start(signal));
  const copy = vscode.l10n.t('Copy URLs and Credentials');
  const stop = vscode.l10n.t('Stop Sandbox');
  // Not awaited: the message may stay, and whoever asked for a start goes on.
  void vscode.window
    .showInformationMessage(
      vscode.l10n.t(
        'The sandbox runs on this machine: Campaign Monitor and Open Connectors with made-up data. Nothing reaches a real account.',
      ),
      copy,
      stop,
    )
    .then(async (choice) => {
      if (choice === copy) await copyFacts(running);
      if (choice === stop) await vscode.commands.executeCommand(commandId('stopSandbox'));
    });
}

async function copyFacts(running: RunningSandbox): Promise<void> {
  await vscode.env.clipboard.writeText(sandboxFacts(running));
  vscode.window.setStatusBarMessage(vscode.l10n.t('Copied: paste it into a terminal.'), 5000);
}

/** What a program needs that is to use the sandbox: lines for a shell, with what is needed less often as comments. */
export function sandboxFacts(running: RunningSandbox): string {
  const { campaignMonitor, openConnectors } = running.credentials;
  return [
    `export CAMPAIGN_MONITOR_API=${running.campaignMonitorApi}`,
    `export API_KEY=${campaignMonitor.apiKey}`,
    `# OAuth: ${running.campaignMonitorOAuth}`,
    `# OAuth client ID: ${campaignMonitor.oauthClientId}`,
    `# OAuth client secret: ${campaignMonitor.oauthClientSecret}`,
    `# Open Connectors API: ${running.openConnectorsApi}`,
    `# User secret: ${openConnectors.userSecret}`,
    `# Organization secret: ${openConnectors.organizationSecret}`,
    `# Controls: ${running.control}`,
    '',
  ].join('\n');
}
