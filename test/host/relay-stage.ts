/** The extension's own relay for tests inside VS Code, with a callback server of the test's. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as vscode from 'vscode';
import { connectToRelay, type RelayClient } from '../../src/protocol/relay-client.ts';
import type { EventRow } from '../../src/protocol/history.ts';

const prefix = 'campaignMonitorRelay';

export interface HostStage {
  /** A connection of the test's own to the extension's relay. */
  client: RelayClient;
  readonly callbackUrl: string;
  /** Bodies that the callback received. */
  readonly received: readonly string[];
  /** What the callback answers from now on. */
  status: number;
  /** Posts a body to the webhook endpoint. @returns the rows that it became, in order */
  deliver(body: string): Promise<EventRow[]>;
  /** Connects again after the relay was stopped and started. */
  reconnect(): Promise<void>;
  /** Stops the relay and the callback, and takes the settings back. */
  stop(): Promise<void>;
}

/** Waits for what has no event. */
export async function until<T>(condition: () => T | Promise<T>, deadlineMs = 30_000): Promise<T> {
  const end = Date.now() + deadlineMs;
  for (;;) {
    const value = await condition();
    if (value !== undefined && value !== null && value !== false) return value;
    if (Date.now() > end) throw new Error(`did not come within ${deadlineMs} ms: ${condition.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Runs a command of the extension. */
export function run(command: string, ...args: unknown[]): Thenable<unknown> {
  return vscode.commands.executeCommand(`${prefix}.${command}`, ...args);
}

/** An event as a node of the view. */
export function nodeOf(row: EventRow): { kind: 'event'; row: EventRow } {
  return { kind: 'event', row };
}

export async function closeEditors(): Promise<void> {
  // An untitled document would ask whether to save it.
  while (vscode.window.tabGroups.all.some(({ tabs }) => tabs.length > 0)) {
    await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
  }
}

/** Starts the relay by the extension's own command. */
export async function startStage(): Promise<HostStage> {
  const received: string[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      received.push(body);
      response.writeHead(stage.status, { 'Content-Type': 'application/json' }).end(`{"said":${stage.status}}`);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const callbackUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/callback`;
  const config = vscode.workspace.getConfiguration(prefix);
  const settings = {
    'tunnel.kind': 'none',
    keepAliveMinutes: 0.2,
    retryPolicy: 'none',
    destinations: [{ url: callbackUrl }],
  };
  for (const [name, value] of Object.entries(settings)) {
    await config.update(name, value, vscode.ConfigurationTarget.Global);
  }
  await run('start');
  const folder = await dataDir();
  const client = await connectToRelay(folder);
  await client.request('events/clear', {});
  const stage: HostStage = {
    client,
    callbackUrl,
    received,
    status: 200,
    async reconnect() {
      stage.client.close();
      stage.client = await connectToRelay(folder);
    },
    async deliver(body) {
      const { client } = stage;
      const { campaignMonitorUrl } = await client.request('relay/status', {});
      const [latest] = (await client.request('events/query', { limit: 1 })).events;
      await fetch(campaignMonitorUrl, { method: 'POST', body });
      return until(async () => {
        const { events } = await client.request('events/query', { limit: 1000 });
        const fresh = events.filter(
          ({ id }) => latest === undefined || Number(id.slice(1)) > Number(latest.id.slice(1)),
        );
        return fresh.length > 0 && fresh.every(isSettled) && fresh.reverse();
      }) as Promise<EventRow[]>;
    },
    async stop() {
      await closeEditors();
      stage.client.close();
      await run('stop');
      for (const name of Object.keys(settings)) {
        await config.update(name, undefined, vscode.ConfigurationTarget.Global);
      }
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return stage;
}

function isSettled({ forwardings }: EventRow): boolean {
  return forwardings.every(({ state }) => state !== 'waiting');
}

/** The data directory, as the extension's terminal names it. */
async function dataDir(): Promise<string> {
  await run('openTerminal');
  const terminal = await until(() => vscode.window.terminals.at(-1));
  const { env } = terminal!.creationOptions as vscode.TerminalOptions;
  terminal?.dispose();
  return env?.['CM_RELAY_DATA_DIR'] ?? '';
}
