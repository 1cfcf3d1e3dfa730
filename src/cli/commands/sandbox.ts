import { Option, type Command } from 'commander';
import { z } from 'zod';
import type { DeliveryRecord } from '../../sandbox/campaign-monitor/outbox.ts';
import type { NotificationRecord } from '../../sandbox/open-connectors/notifier.ts';
import type { Sandbox, SandboxReport } from '../../sandbox/sandbox.ts';
import { isInBackground, startInBackground, tellStarter } from '../background.ts';
import { UsageError } from '../errors.ts';
import { jsonFlag, newCommand, seconds, wholeNumber, type CommonOptions } from '../flags.ts';
import { endSandbox, forgetSandbox, recordSandbox, runningSandboxes, type SandboxRecord } from '../sandbox-registry.ts';
import { LiveWriter, note, print, printJson } from '../terminal/output.ts';
import { count, localTime, printable } from '../terminal/text.ts';
import { subscribeCommand } from './subscribe.ts';
import { commandProcess, interrupted } from '../terminal/command-process.ts';

interface SandboxOptions extends CommonOptions {
  port: number;
  json?: boolean;
  randomCredentials?: boolean;
  /** In milliseconds. */
  keepAlive?: number;
  detach?: boolean;
}

export function sandboxCommand(): Command {
  return (
    newCommand(
      'sandbox',
      'emulate Campaign Monitor and Open Connectors on this machine, with sample data',
      "Runs an emulated Campaign Monitor and an emulated Open Connectors on this machine: APIs, consent page, webhooks, instances, and notifications, with sample clients, lists, and subscribers. You don't need an account, and no data leaves this machine. To stop the sandbox, press Ctrl-C.",
      [
        'cm-relay sandbox',
        'cm-relay sandbox --port 9000 --json',
        'cm-relay sandbox --port 9000 --detach',
        'cm-relay sandbox stop                         stops background sandboxes',
      ],
      'run cm-relay listen in another terminal, and then cm-relay webhooks register with the printed list ID, URL, and API key.',
    )
      .addOption(portFlag('port; 0 = any free port').default(0, 'any free port'))
      .option('--random-credentials', 'create new keys, secrets, and a new control URL, for this run only')
      .option('--detach', 'run in the background and return when ready; reuse a sandbox that is already running')
      .option('--keep-alive <s>', 'stop after this many seconds without a request', seconds(1, 600_000))
      .addOption(
        jsonFlag(
          'print one JSON line when ready: {"type":"ready","campaignMonitorApi","openConnectorsApi","credentials",…}',
        ),
      )
      .action((options: SandboxOptions) => (options.detach === true ? detached(options) : run(options)))
      .addCommand(subscribeCommand())
      .addCommand(stopCommand())
      // A subcommand's flags are expected after it; before it they would be ignored.
      .enablePositionalOptions()
      .hook('preSubcommand', (sandbox, subcommand) => {
        const before = sandbox.options.find((each) => sandbox.getOptionValueSource(each.attributeName()) === 'cli');
        if (before === undefined) return;
        const flag = before.long ?? before.flags;
        throw new UsageError(`${flag} must follow the command: cm-relay sandbox ${subcommand.name()} ${flag}`);
      })
  );
}

function portFlag(description: string): Option {
  return new Option('--port <n>', description).argParser(wholeNumber(z.int().min(0).max(65_535)));
}

function stopCommand(): Command {
  return newCommand(
    'stop',
    'stop background sandboxes',
    'Stops the sandboxes that are running in the background and waits for each to end. If none is running, does nothing and exits with 0.',
    ['cm-relay sandbox stop', 'cm-relay sandbox stop --port 9000    only the sandbox on port 9000'],
    'cm-relay stop stops the relay.',
  )
    .addOption(portFlag('the port of the sandbox to stop').default(0, 'all background sandboxes'))
    .addOption(jsonFlag('print a JSON object: {"stopped":[{"port","pid"}]}'))
    .action(stop);
}

async function stop({ port, json }: Pick<SandboxOptions, 'port' | 'json'>): Promise<void> {
  const running = await runningSandboxes(port);
  for (const kept of running) {
    await endSandbox(kept);
    if (json !== true) await print(`Sandbox on port ${kept.port} stopped.\n`);
  }
  if (json === true) await printJson({ stopped: running.map(({ port: at, pid }) => ({ port: at, pid })) });
  else if (running.length === 0) {
    note(`No sandbox is running in the background${port === 0 ? '' : ` on port ${port}`}.`);
  }
}

async function detached({ port, json, randomCredentials }: SandboxOptions): Promise<void> {
  const running = await runningSandboxes(port);
  const there = running.find((kept) => kept.randomCredentials === (randomCredentials === true));
  if (there !== undefined) note(`Using the sandbox that is already running. To stop it, run cm-relay sandbox stop.`);
  const { lines, said } =
    there === undefined ? await startInBackground() : { lines: json === true ? there.json : there.text, said: '' };
  commandProcess().stderr.write(said);
  for (const line of lines) await print(`${line}\n`);
}

async function run({ port, json, randomCredentials, keepAlive }: SandboxOptions): Promise<void> {
  const stop = new AbortController();
  const asked = Promise.race([interrupted(), aborted(stop.signal)]);
  const { startSandbox } = await import('../../sandbox/sandbox.ts');
  const lines = new LiveWriter(commandProcess().stdout, {
    missed: (n) => `… ${n} lines omitted`,
    probes: keepAlive === undefined,
  });
  const idle = keepAlive === undefined ? undefined : setTimeout(() => stop.abort(), keepAlive);
  const running = await startSandbox({
    port,
    randomCredentials: randomCredentials === true,
    stopRequested: () => stop.abort(),
    log(report) {
      // What the sandbox posts to itself doesn't keep it alive.
      if (report.type === 'request' && !report.path.startsWith('/elements/api-v2/events/')) idle?.refresh();
      if (json !== true) lines.write(printable(reportLine(report)));
    },
  });
  const asJson = [JSON.stringify(readyLine(running))];
  const asText = factLines(running);
  const first = json === true ? asJson : asText;
  for (const line of first) lines.write(line);
  if (json !== true) lines.write('To stop the sandbox, press Ctrl-C.');
  const inBackground = [
    ...asText,
    `The sandbox is running in the background (process ${process.pid}). To stop it, run cm-relay sandbox stop.`,
  ];
  const wasInBackground = isInBackground();
  if (wasInBackground) {
    keep({
      port: running.port,
      pid: process.pid,
      control: running.control,
      randomCredentials: randomCredentials === true,
      json: asJson,
      text: inBackground,
    });
    tellStarter(json === true ? asJson : inBackground);
  }
  // A sandbox that stops when idle may also serve clients other than the process that started it.
  const unread = keepAlive === undefined ? lines.closed : new Promise<never>(() => undefined);
  const failure = await Promise.race([asked.then(() => null), unread]);
  clearTimeout(idle);
  await running.close();
  if (wasInBackground) forgetSandbox(running.port);
  if (failure !== null) throw failure;
}

/** If it can't be recorded, the sandbox runs anyway. */
function keep(sandbox: SandboxRecord): void {
  try {
    recordSandbox(sandbox);
  } catch (error) {
    note(`cm-relay sandbox stop won't find this sandbox: ${(error as Error).message}`);
  }
}

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

function factLines(running: Sandbox): string[] {
  const { campaignMonitor, openConnectors } = running.credentials;
  const facts = [
    ['Campaign Monitor API', running.campaignMonitorApi],
    ['  API key', campaignMonitor.apiKey],
    ['  OAuth client ID', campaignMonitor.oauthClientId],
    ['  OAuth client secret', campaignMonitor.oauthClientSecret],
    ['  Consent page', running.campaignMonitorOAuth],
    ...running.lists.map(({ listId, name }) => ['  List', `${listId}  ${name}`]),
    ['Open Connectors API', running.openConnectorsApi],
    ['  User secret', openConnectors.userSecret],
    ['  Organization secret', openConnectors.organizationSecret],
    ['Controls', `${running.control} (GET lists the controls)`],
  ];
  return facts.map(([name = '', value = '']) => `${name.padEnd(21)} ${value}`);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

function deliveryLine({ id, types, events, target, state, attempts, nextAttemptAt }: DeliveryRecord): string {
  const what = `delivery ${id} with ${count(events, 'event')} (${types.join(', ')}) to ${target}: ${state}`;
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
      return `webhook ${report.webhookId} of list ${report.listId} deactivated: it kept failing`;
    case 'error':
      return `error: ${report.message}`;
  }
}
