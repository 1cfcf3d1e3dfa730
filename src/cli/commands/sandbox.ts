import { Option } from 'commander';
import type { Command } from 'commander';
import { z } from 'zod';
import type { DeliveryRecord } from '../../sandbox/campaign-monitor/outbox.ts';
import type { NotificationRecord } from '../../sandbox/open-connectors/notifier.ts';
import type { Sandbox, SandboxReport } from '../../sandbox/sandbox.ts';
import { startInBackground, tellStarter } from '../background.ts';
import { jsonFlag, newCommand, wholeNumber } from '../flags.ts';
import type { CommonOptions } from '../flags.ts';
import { LiveWriter, print } from '../terminal/output.ts';
import { interrupted } from '../terminal/signals.ts';
import { count, localTime, printable } from '../terminal/text.ts';

interface SandboxOptions extends CommonOptions {
  port: number;
  json?: boolean;
  randomCredentials?: boolean;
  keepAliveMinutes?: number;
  detach?: boolean;
}

/** `cm-relay sandbox`. */
export function sandboxCommand(): Command {
  return newCommand(
    'sandbox',
    'run both vendors on this machine, with made-up data',
    'Runs an emulated Campaign Monitor and an emulated Open Connectors on loopback: their APIs, the consent page, webhooks, instances and notifications, with made-up clients, lists and subscribers. No account is needed and nothing leaves this machine. Ends with Ctrl-C.',
    [
      'Examples:',
      '  cm-relay sandbox',
      '  cm-relay sandbox --port 9000 --json',
      '  cm-relay sandbox --port 9000 --detach',
      '',
      'Next: cm-relay listen in another terminal, then register its URL with the printed API as a webhook of a list.',
    ],
  )
    .addOption(
      new Option('--port <n>', 'the port; 0 takes any that is free')
        .default(0, 'any that is free')
        .argParser(wholeNumber(z.int().min(0).max(65_535))),
    )
    .addOption(
      new Option(
        '--random-credentials',
        'keys, secrets, ids and controls of this run alone; nothing published opens it',
      ),
    )
    .addOption(new Option('--detach', 'run it in the background, and end once it is ready'))
    .addOption(
      new Option(
        '--keep-alive-minutes <n>',
        'end after so many minutes without a request that opened something',
      ).argParser(wholeNumber(z.int().min(1).max(10_000))),
    )
    .addOption(jsonFlag('a first line {"type":"ready","campaignMonitorApi","openConnectorsApi","credentials",…}'))
    .action(sandbox);
}

async function sandbox({ port, json, randomCredentials, keepAliveMinutes, detach }: SandboxOptions): Promise<void> {
  if (detach === true) {
    for (const line of await startInBackground()) await print(`${line}\n`);
    return;
  }
  const stop = new AbortController();
  const asked = Promise.race([interrupted(), aborted(stop.signal)]);
  // Here, since no other command needs the sandbox's modules.
  const { startSandbox } = await import('../../sandbox/sandbox.ts');
  const lines = new LiveWriter(process.stdout, {
    missed: (n) => `… ${n} more lines`,
    probes: keepAliveMinutes === undefined,
  });
  const idle = keepAliveMinutes === undefined ? undefined : setTimeout(() => stop.abort(), keepAliveMinutes * 60_000);
  const running = await startSandbox({
    port,
    randomCredentials: randomCredentials === true,
    stopRequested: () => stop.abort(),
    log(report) {
      // Neither what the sandbox posts to itself keeps it alive nor what a stranger asks.
      const isUse = report.type === 'request' && !report.stranger;
      if (isUse && !report.path.startsWith('/elements/api-v2/events/')) idle?.refresh();
      if (json !== true) lines.write(printable(reportLine(report)));
    },
  });
  const first = json === true ? [JSON.stringify(readyLine(running))] : factLines(running);
  for (const line of first) lines.write(line);
  if (json !== true) lines.write('Ends with Ctrl-C.');
  tellStarter(json === true ? first : [...first, `It runs in the background, process ${process.pid}.`]);
  // One that ends by itself when it is idle is there for more than whoever has started it.
  const unread = keepAliveMinutes === undefined ? lines.closed : new Promise<never>(() => undefined);
  const failure = await Promise.race([asked.then(() => null), unread]);
  clearTimeout(idle);
  await running.close();
  if (failure !== null) throw failure;
}

/** Where it is and what opens it, for machines. */
function readyLine({
  campaignMonitorApi,
  openConnectorsApi,
  campaignMonitorOAuth,
  control,
  credentials,
  lists,
}: Sandbox): object {
  const addresses = { campaignMonitorApi, openConnectorsApi, campaignMonitorOAuth, control };
  return { type: 'ready', ...addresses, credentials, lists, pid: process.pid };
}

/** The same for people. */
function factLines(running: Sandbox): string[] {
  const { campaignMonitor, openConnectors } = running.credentials;
  const facts = [
    ['Campaign Monitor API', running.campaignMonitorApi],
    ['  API key', campaignMonitor.apiKey],
    ['  OAuth client id', campaignMonitor.oauthClientId],
    ['  OAuth client secret', campaignMonitor.oauthClientSecret],
    ['  Consent page', running.campaignMonitorOAuth],
    ...running.lists.map(({ listId, name }) => ['  List', `${listId}  ${name}`]),
    ['Open Connectors API', running.openConnectorsApi],
    ['  User secret', openConnectors.userSecret],
    ['  Organization secret', openConnectors.organizationSecret],
    ['Controls', `${running.control} (GET it for what there is)`],
  ];
  return facts.map(([name = '', value = '']) => `${name.padEnd(21)} ${value}`);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

function deliveryLine({ id, types, events, target, state, attempts, nextAttemptAt }: DeliveryRecord): string {
  const what = `delivery ${id} of ${count(events, 'event')} (${types.join(', ')}) to ${target}: ${state}`;
  const next = nextAttemptAt === null ? '' : `, next ${localTime(nextAttemptAt)}`;
  return `${what} after ${count(attempts.length, 'attempt')}${next}`;
}

function notificationLine(notification: NotificationRecord): string {
  const { id, instanceId, part, parts, events, target, state, attempts, nextAttemptAt } = notification;
  const what = `notification ${id} of instance ${instanceId}, part ${part} of ${parts}, ${count(events, 'event')}`;
  const next = nextAttemptAt === null ? '' : `, next ${localTime(nextAttemptAt)}`;
  return `${what} to ${target ?? 'no callback'}: ${state} after ${count(attempts.length, 'attempt')}${next}`;
}

function reportLine(report: SandboxReport): string {
  switch (report.type) {
    case 'request':
      return `${report.status}  ${report.method} ${report.path}`;
    case 'attempt':
      return deliveryLine(report.delivery);
    case 'notification':
      return notificationLine(report.notification);
    case 'webhook-deactivated':
      return `webhook ${report.webhookId} of list ${report.listId} deactivated: it has failed for too long`;
    case 'error':
      return `error: ${report.message}`;
  }
}
