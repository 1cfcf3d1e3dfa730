import { Option } from 'commander';
import type { Command } from 'commander';
import { z } from 'zod';
import type { DeliveryRecord } from '../../sandbox/campaign-monitor/outbox.ts';
import type { SandboxReport } from '../../sandbox/sandbox.ts';
import { jsonFlag, newCommand, wholeNumber } from '../flags.ts';
import type { CommonOptions } from '../flags.ts';
import { LiveWriter } from '../output.ts';
import { interrupted } from '../signals.ts';
import { count, localTime, printable } from '../text.ts';

interface SandboxOptions extends CommonOptions {
  port: number;
  json?: boolean;
}

export function sandboxCommand(): Command {
  return newCommand(
    'sandbox',
    'run both vendors on this machine, with made-up data',
    'Runs an emulated Campaign Monitor on loopback: its API, its consent page and its webhooks, with made-up clients, lists and subscribers. No account is needed and nothing leaves this machine. Ends with Ctrl-C.',
    [
      'Examples:',
      '  cm-relay sandbox',
      '  cm-relay sandbox --port 9000 --json',
      '',
      'Next: cm-relay listen in another terminal, then register its URL with the printed API as a webhook of a list.',
    ],
  )
    .addOption(
      new Option('--port <n>', 'the port; 0 takes any that is free')
        .default(0, 'any that is free')
        .argParser(wholeNumber(z.int().min(0).max(65_535))),
    )
    .addOption(jsonFlag('a first line {"type":"ready","campaignMonitorApi","openConnectorsApi"}'))
    .action(sandbox);
}

async function sandbox({ port, json }: SandboxOptions): Promise<void> {
  const signal = interrupted();
  // Here, since no other command needs the sandbox's modules.
  const { startSandbox } = await import('../../sandbox/sandbox.ts');
  const lines = new LiveWriter(process.stdout, { missed: (n) => `… ${n} more lines` });
  const running = await startSandbox({
    port,
    ...(json !== true && { log: (report) => lines.write(printable(reportLine(report))) }),
  });
  const { campaignMonitorApi, campaignMonitorOAuth, openConnectorsApi, control } = running;
  if (json === true) {
    lines.write(JSON.stringify({ type: 'ready', campaignMonitorApi, openConnectorsApi }));
  } else {
    const facts = [
      ['Campaign Monitor API', campaignMonitorApi],
      ['Consent page', campaignMonitorOAuth],
      ...(openConnectorsApi === null ? [] : [['Open Connectors API', openConnectorsApi]]),
      ['Controls', `${control} (GET it for what there is)`],
    ];
    for (const [name = '', value = ''] of facts) lines.write(`${name.padEnd(21)} ${value}`);
    lines.write('Ends with Ctrl-C.');
  }
  await signal;
  await running.close();
}

function deliveryLine({ id, types, events, target, state, attempts, nextAttemptAt }: DeliveryRecord): string {
  const what = `delivery ${id} of ${count(events, 'event')} (${types.join(', ')}) to ${target}: ${state}`;
  const next = nextAttemptAt === null ? '' : `, next ${localTime(nextAttemptAt)}`;
  return `${what} after ${count(attempts.length, 'attempt')}${next}`;
}

function reportLine(report: SandboxReport): string {
  switch (report.type) {
    case 'request':
      return `${report.status}  ${report.method} ${report.path}`;
    case 'attempt':
      return deliveryLine(report.delivery);
    case 'webhook-deactivated':
      return `webhook ${report.webhookId} of list ${report.listId} deactivated: it has failed for too long`;
    case 'error':
      return `error: ${report.message}`;
  }
}
