/**
 * `npm start`: the whole main job on one machine, without account or network. The sandbox's Campaign Monitor posts
 * deliveries to the relay's webhook endpoint, the relay posts the notifications to a small callback, and each step is shown.
 * With `--once` it ends after the demonstration; else it keeps listening.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { styleText } from 'node:util';
import { parseArgs } from 'node:util';
import { connectToRelay } from '../src/protocol/relay-client.ts';
import type { Attempt, Delivery, EventRow } from '../src/protocol/history.ts';
import type { RelayClient } from '../src/protocol/relay-client.ts';
import type { SandboxCredentials } from '../src/sandbox/credentials.ts';

const { values } = parseArgs({ options: { once: { type: 'boolean', default: false } } });

const colors = process.stdout.isTTY && process.env['NO_COLOR'] === undefined;
const style = (format: Parameters<typeof styleText>[0], text: string): string =>
  colors ? styleText(format, text) : text;
const say = (text = ''): void => console.log(text);

/** The list that the sandbox's sample account begins with. */
const listId = '96c0bbdaa54760c8d9e62a2b7ffa2e13';

const children: ChildProcess[] = [];

/** Starts a command of cm-relay and resolves to its first line, the ready line. */
async function startCommand(...args: string[]): Promise<Record<string, unknown>> {
  const child = spawn(process.execPath, [join('dist', 'cm-relay.js'), ...args, '--json'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const lines = createInterface({ input: child.stdout });
  return new Promise((resolve, reject) => {
    lines.once('line', (line) => resolve(JSON.parse(line) as Record<string, unknown>));
    child.once('close', () => reject(new Error(`cm-relay ${args[0] ?? ''} ended: ${errors.trim()}`)));
  });
}

/** A callback such as the developer's: answers 200 and says what it got. */
async function startCallback(): Promise<{ url: string; close(): void }> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const notification = JSON.parse(Buffer.concat(chunks).toString()) as { message: { events: unknown[] } };
      response.end(`took ${notification.message.events.length} event(s)`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/callback`,
    close: () => {
      server.close().closeAllConnections();
    },
  };
}

async function callSandbox(apiKey: string, url: string, body: object): Promise<void> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      Authorization: `Basic ${Buffer.from(`${apiKey}:x`).toString('base64')}`,
    },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${await answer.text()}`);
}

/** Resolves to the next delivery when each of its notifications has been answered. */
function nextDelivery(relay: RelayClient): Promise<{ delivery: Delivery; events: EventRow[]; attempts: Attempt[] }> {
  return new Promise((resolve) => {
    const attempts: Attempt[] = [];
    let added: { delivery: Delivery; events: EventRow[] } | undefined;
    const look = (): void => {
      if (added === undefined) return;
      const { delivery, events } = added;
      const expected = new Set(events.map((event) => event.notificationId)).size;
      const mine = attempts.filter((attempt) => attempt.deliveryId === delivery.id);
      if (mine.length < expected) return;
      stopEvents();
      stopAttempts();
      resolve({ delivery, events, attempts: mine });
    };
    const stopEvents = relay.on('event/added', ({ deliveries }) => {
      added ??= deliveries[0];
      look();
    });
    const stopAttempts = relay.on('attempt/recorded', (recorded) => {
      attempts.push(...recorded.attempts);
      look();
    });
  });
}

function shortened(text: string, length = 400): string {
  return text.length <= length ? text : `${text.slice(0, length)}… (${text.length} characters)`;
}

function countBy(values: readonly (string | null)[]): string {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value ?? 'unknown', (counts.get(value ?? 'unknown') ?? 0) + 1);
  return [...counts].map(([value, count]) => `${count} ${value}`).join(', ');
}

async function show(
  relay: RelayClient,
  title: string,
  passed: Awaited<ReturnType<typeof nextDelivery>>,
): Promise<void> {
  const { delivery, events, attempts } = passed;
  const stored = await relay.request('deliveries/get', { id: delivery.id });
  say(style('bold', title));
  say(
    `  ${style('cyan', 'came in')}       delivery ${delivery.id}: ${countBy(events.map((event) => event.type))}, ${delivery.bodyBytes} bytes`,
  );
  say(`                ${shortened(Buffer.from(stored.body, 'base64').toString())}`);
  for (const attempt of attempts) {
    const rendered = await relay.request('notifications/render', { id: attempt.notificationId });
    const body = Buffer.from(rendered.body, 'base64').toString();
    const { message } = JSON.parse(body) as {
      message: { events: { eventType: string; objectType: string; objectId: string }[] };
    };
    const [first] = message.events;
    const what =
      message.events.length === 1
        ? `${first!.eventType} ${first!.objectType} ${first!.objectId}`
        : countBy(message.events.map((event) => `${event.eventType} ${event.objectType}`));
    say(`  ${style('magenta', 'notification')}  ${attempt.notificationId}: ${what}`);
    if (attempts.length === 1) say(`                ${shortened(body, 2000)}`);
    const detail = await relay.request('events/get', { id: attempt.notificationId });
    const answer = detail.attempts.find((each) => each.notificationId === attempt.notificationId);
    const text = Buffer.from(answer?.answerBody ?? '', 'base64').toString();
    say(
      `  ${style('green', 'callback')}      answered ${attempt.status ?? attempt.error} in ${attempt.durationMs.toFixed(1)} ms: ${text}`,
    );
  }
  say();
}

async function main(): Promise<void> {
  const dataDir = values.once
    ? mkdtempSync(join(tmpdir(), 'cm-relay-demonstration-'))
    : join('.cache', 'demonstration');
  const callback = await startCallback();
  try {
    // Nobody else on this machine is to post to the relay through it.
    const sandbox = await startCommand('sandbox', '--port', '0', '--random-credentials');
    const listening = await startCommand(
      'listen',
      '--port',
      '0',
      '--tunnel',
      'none',
      '--forward-to',
      callback.url,
      '--data-dir',
      dataDir,
    );
    const relay = await connectToRelay(dataDir);
    const api = String(sandbox['campaignMonitorApi']);
    const { apiKey } = (sandbox as { credentials: SandboxCredentials }).credentials.campaignMonitor;
    const webhookEndpoint = String(listening['campaignMonitorUrl']);
    say(style('bold', 'Campaign Monitor Relay: a demonstration'));
    say('You need no account or network: the sandbox stands in for Campaign Monitor.');
    say();
    say(`  sandbox       ${api}`);
    say(`  relay         ${webhookEndpoint}`);
    say(`  callback      ${callback.url}`);
    say();
    await callSandbox(apiKey, `${api}/lists/${listId}/webhooks.json`, {
      Events: ['Subscribe', 'Update', 'Deactivate'],
      Url: webhookEndpoint,
      PayloadFormat: 'json',
    });
    const control = `${String(sandbox['control'])}/deliveries`;
    const steps = [
      { title: '1. Someone subscribes', order: { types: ['Subscribe'] } },
      { title: '2. A subscriber changes their data', order: { types: ['Update'] } },
      { title: '3. A subscriber leaves', order: { types: ['Deactivate'] } },
      {
        title: '4. An import: one delivery with 50 events, split into notifications of at most 20',
        order: { types: ['Subscribe'], batch: 50 },
      },
    ];
    let lastEvent = '';
    for (const [index, { title, order }] of steps.entries()) {
      const passing = nextDelivery(relay);
      await callSandbox(apiKey, control, { listId, seed: Date.now() + index, ...order });
      const passed = await passing;
      await show(relay, title, passed);
      lastEvent = passed.events.at(-1)?.id ?? lastEvent;
    }
    const { counts } = await relay.request('relay/status', {});
    say(
      `Received ${counts.deliveries} deliveries with ${counts.events} events; sent ${counts.sent} notifications, ${counts.failed} failed.`,
    );
    if (values.once) return;
    const command = 'npm run --silent cm-relay --';
    say();
    say(style('bold', 'It keeps listening. In a second terminal, run:'));
    say(`  ${command} trigger update --data-dir ${dataDir}`);
    say(`  ${command} events --data-dir ${dataDir}`);
    say(`  ${command} show ${lastEvent} --notification --data-dir ${dataDir}`);
    say(`  ${command} replay ${lastEvent} --data-dir ${dataDir}`);
    say('With your own callback:');
    say(`  ${command} listen --tunnel localtunnel --forward-to http://localhost:3000/callback`);
    say('All commands and flags: docs/cli.md. The path of an event through the relay: docs/architecture.md.');
    say('To stop it, press Ctrl+C.');
    relay.on('event/added', ({ deliveries }) => {
      for (const { delivery, events } of deliveries) {
        const what = delivery.status === 'accepted' ? countBy(events.map((event) => event.type)) : delivery.status;
        say(
          `${style('cyan', 'came in')} ${delivery.id}: ${what}${delivery.reason === null ? '' : `: ${delivery.reason}`}`,
        );
      }
    });
    relay.on('attempt/recorded', ({ attempts }) => {
      for (const attempt of attempts)
        say(
          `${style('green', 'callback')} ${attempt.notificationId}: ${attempt.status ?? attempt.error} in ${attempt.durationMs.toFixed(1)} ms`,
        );
    });
    await Promise.race([
      relay.closed,
      new Promise((resolve) => process.once('SIGINT', resolve).once('SIGTERM', resolve)),
    ]);
  } finally {
    callback.close();
    await Promise.all(children.map(ended));
    if (values.once) rmSync(dataDir, { recursive: true, force: true });
  }
}

/** Asks a child to end and waits until it has. */
function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGTERM');
  });
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error((error as Error).message);
    process.exit(1);
  },
);
