/** The processes of a benchmark: each server, the callback and the load are one of their own. */
import { fork, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { lowMemory } from '../src/extension/session/process.ts';
import { connectToRelay } from '../src/protocol/relay-client.ts';
import type { RelayClient } from '../src/protocol/relay-client.ts';
import type { Destination, Settings } from '../src/protocol/settings.ts';

import '../test/own-state.ts';

/** The project's folder. */
export const root = new URL('..', import.meta.url).pathname;

/** What the benchmarks make and keep; not in the repository. */
export const cacheFolder = join(root, '.cache', 'bench');

/** The same for all, so that none has an advantage. */
export const environment = { ...process.env, NODE_ENV: 'production', NODE_NO_WARNINGS: '1' };

const running = new Set<ChildProcess>();
const folders = new Set<string>();

/** Takes account of a process: what it uses is no disturbance, and it ends with the benchmark. */
export function track<T extends ChildProcess>(child: T): T {
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

/** The processes that a benchmark has started and that still run. */
export function childProcesses(): number[] {
  return [...running].map((child) => child.pid).filter((pid) => pid !== undefined);
}

process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** Ends a process and waits for its end. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const force = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await closed;
  clearTimeout(force);
}

/** An empty folder on the disk that the project is on, removed at the end. */
export function temporaryFolder(): string {
  mkdirSync(cacheFolder, { recursive: true });
  const folder = mkdtempSync(join(cacheFolder, 'run-'));
  folders.add(folder);
  return folder;
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  folders.delete(folder);
}

/** A server that has said that it is ready. */
export interface Server {
  readonly child: ChildProcess;
  /** Where requests go. */
  readonly url: string;
}

/** Leaves what a process prints to another that reads it and costs little. */
function leaveToReader(output: Readable): void {
  if (process.platform === 'win32') {
    output.resume();
    return;
  }
  output.pause();
  track(spawn('cat', [], { stdio: [output, 'ignore', 'ignore'] }));
  output.destroy();
}

/** Starts a command and resolves with its first line of JSON; its further output is read by a process that drops it. */
export function startUntilReady(
  args: readonly string[],
  extra: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<{ child: ChildProcess; ready: Record<string, unknown> }> {
  const child = track(spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], env: environment, ...extra }));
  const errors: Buffer[] = [];
  child.stderr.on('data', (chunk: Buffer) => {
    if (errors.length < 50) errors.push(chunk);
  });
  return new Promise((resolve, reject) => {
    let text = '';
    const onData = (chunk: Buffer): void => {
      text += chunk.toString();
      const line = text.indexOf('\n');
      if (line === -1) return;
      child.stdout.off('data', onData);
      leaveToReader(child.stdout);
      resolve({ child, ready: JSON.parse(text.slice(0, line)) as Record<string, unknown> });
    };
    child.stdout.on('data', onData);
    child.once('error', reject);
    child.once('exit', (code) => {
      reject(new Error(`${args.join(' ')} ended with ${String(code)}: ${Buffer.concat(errors).toString()}`));
    });
  });
}

/** Starts one of bench/servers. */
export async function startServer(name: string, ...args: readonly string[]): Promise<Server> {
  const { child, ready } = await startUntilReady([join(root, 'bench', 'servers', `${name}.ts`), ...args]);
  return { child, url: String(ready['url']) };
}

/** How a relay is run: in a terminal with its lines read, or as the extension runs it with nobody attached. */
export type Manner = 'listen --json' | 'alone';

export interface RelayServer extends Server {
  readonly dataDir: string;
  /** The control channel. */
  readonly client: () => Promise<RelayClient>;
}

/** More history than any benchmark makes: for one that is not about retention. */
export const keepEverything: Settings['retention'] = { maxDeliveries: 10_000_000, maxBytes: 100_000_000_000 };

interface RelaySettings {
  readonly destinations?: Pick<Destination, 'url'>[];
  readonly concurrency?: number;
  /** The relay's default where it is not given. */
  readonly retention?: Settings['retention'];
}

/** Starts a relay from its bundle in dist/. */
export async function startRelay(manner: Manner, dataDir: string, settings: RelaySettings = {}): Promise<RelayServer> {
  const client = (): Promise<RelayClient> => connectToRelay(dataDir);
  // Without a client it would end by itself before the benchmark does.
  const all = { ...settings, keepAliveMinutes: 600 };
  if (manner === 'listen --json') {
    const config = join(dataDir, 'cm-relay.config.json');
    writeFileSync(config, JSON.stringify(all));
    const command = ['listen', '--port', '0', '--tunnel', 'none', '--json', '--data-dir', dataDir, '--config', config];
    const { child, ready } = await startUntilReady([join(root, 'dist', 'cm-relay.js'), ...command]);
    return { child, url: String(ready['campaignMonitorUrl']), dataDir, client };
  }
  const program = [...lowMemory.nodeOptions, join(root, 'dist', 'cm-relay.js'), 'relay-process'];
  const { child, ready } = await startUntilReady([...program, '--data-dir', dataDir, '--port', '0'], {
    env: { ...environment, ...lowMemory.environment },
  });
  const controlChannel = await client();
  await controlChannel.request('relay/configure', { settings: all });
  controlChannel.close();
  return { child, url: String(ready['campaignMonitorUrl']), dataDir, client };
}

/** A process that answers messages: the load and the callback. */
export class Helper {
  readonly #child: ChildProcess;

  constructor(name: string) {
    this.#child = track(fork(join(root, 'bench', `${name}.ts`), { env: environment }));
  }

  /** Sends a message and resolves with the answer to it. One at a time. */
  ask<T>(message: object): Promise<T> {
    return new Promise((resolve, reject) => {
      const lost = (): void => reject(new Error('the helper process has ended'));
      this.#child.once('exit', lost);
      this.#child.once('message', (answer: { value?: T; error?: string }) => {
        this.#child.off('exit', lost);
        if (answer.error === undefined) resolve(answer.value as T);
        else reject(new Error(answer.error));
      });
      this.#child.send(message);
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  end(): Promise<void> {
    return end(this.#child);
  }
}

/** Processor time that a process has used, in milliseconds; undefined where the system does not tell. */
export function processorTime(pid: number | undefined): number | undefined {
  return timesOf(pid)?.own;
}

/**
 * Processor time of a process, `own`, and of the children of it that have ended, in milliseconds; undefined where the
 * system does not tell.
 */
export function timesOf(pid: number | undefined): { own: number; endedChildren: number } | undefined {
  return readTimes(`/proc/${pid ?? 0}/stat`);
}

/** Processor time of a process's main thread, in milliseconds; undefined where the system does not tell. */
export function mainThreadTime(pid: number | undefined): number | undefined {
  return readTimes(`/proc/${pid ?? 0}/task/${pid ?? 0}/stat`)?.own;
}

function readTimes(file: string): { own: number; endedChildren: number } | undefined {
  if (!existsSync(file)) return undefined;
  const fields = readFileSync(file, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ')
    .map(Number);
  // Linux counts in ticks of 10 ms on every machine it runs Node on.
  return { own: (fields[11]! + fields[12]!) * 10, endedChildren: (fields[13]! + fields[14]!) * 10 };
}

/** Resident memory now and at its highest, in MB; undefined where the system does not tell. */
export function residentMemory(pid: number | undefined): { now: number; highest: number } | undefined {
  const file = `/proc/${pid ?? 0}/status`;
  if (!existsSync(file)) return undefined;
  const text = readFileSync(file, 'utf8');
  const of = (name: string): number => (Number(new RegExp(`${name}:\\s+(\\d+)`).exec(text)?.[1]) * 1024) / 1e6;
  return { now: of('VmRSS'), highest: of('VmHWM') };
}

/** Waits until a process has nothing left to do, such as an index to bring up to date, so that it disturbs no other. */
export async function idle(child: ChildProcess): Promise<void> {
  for (let before = processorTime(child.pid); ;) {
    await delay(1700);
    const now = processorTime(child.pid);
    if (now === undefined || before === undefined || now - before <= 30) return;
    before = now;
  }
}
