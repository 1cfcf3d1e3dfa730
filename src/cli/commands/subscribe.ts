import { Option, type Command } from 'commander';
import { z } from 'zod';
import { serviceAt, type CampaignMonitorService } from '../../campaign-monitor/service.ts';
import { isLoopback } from '../../common/loopback.ts';
import { apiKeyVariable, serviceOfHost, vendorId, withCampaignMonitor } from '../vendors/campaign-monitor.ts';
import { UsageError } from '../errors.ts';
import { sandboxVendors } from '../sandbox-registry.ts';
import { checkedBy, jsonFlag, newCommand, type CommonOptions } from '../flags.ts';
import { print, printJson } from '../terminal/output.ts';
import { printable } from '../terminal/text.ts';

interface SubscribeOptions extends CommonOptions {
  list: string;
  name: string;
  host?: CampaignMonitorService;
  json?: boolean;
}

export function subscribeCommand(): Command {
  return newCommand(
    'subscribe',
    'subscribe an address in the sandbox',
    `Subscribes an address to a list in the sandbox, which then posts to the list's webhooks as Campaign Monitor would. Nobody is subscribed in the real Campaign Monitor. Without --host, uses the sandbox that is running in the background and its API key. With --host, the API key comes from the environment variable ${apiKeyVariable}.`,
    [
      'cm-relay sandbox subscribe jane@example.org --list 4fe1…',
      'cm-relay sandbox subscribe jane@example.org --list 4fe1… --host http://127.0.0.1:9000 --name "Jane Doe"',
    ],
    'cm-relay wait --filter address:jane@example.org waits for the result.',
  )
    .argument('<address>', 'email address', checkedBy(z.email('expected an email address')))
    .addOption(
      new Option('--list <id>', 'list ID, as printed by cm-relay sandbox')
        .argParser(checkedBy(vendorId))
        .makeOptionMandatory(),
    )
    .addOption(new Option('--name <name>', "subscriber's name").default('', 'none'))
    .option(
      '--host <url>',
      "the sandbox's URL, or only its host and port, such as http://127.0.0.1:9000 (default: the sandbox in the background)",
      checkedBy(serviceOfHost),
    )
    .addOption(jsonFlag('print a JSON object: {"type":"subscribed","address","listId"}'))
    .action(subscribe);
}

async function subscribe(address: string, { list, name, host: given, json }: SubscribeOptions): Promise<void> {
  const { host, apiKey } = given === undefined ? await sandboxInBackground() : { host: given };
  if (!isLoopback(new URL(host.apiBase).hostname)) {
    throw new UsageError(
      '--host is not this machine: you can subscribe addresses only in the sandbox',
      'To start the sandbox, run cm-relay sandbox.',
    );
  }
  await withCampaignMonitor(host, (api) => api.addSubscriber(list, { address, name }), apiKey);
  if (json === true) await printJson({ type: 'subscribed', address, listId: list });
  else await print(`Subscribed ${printable(address)} to ${list}.\n`);
}

async function sandboxInBackground(): Promise<{ host: CampaignMonitorService; apiKey: string }> {
  const [first, ...others] = await sandboxVendors();
  const host = first === undefined ? null : serviceAt(first.host);
  if (first === undefined || host === null) {
    throw new UsageError(
      'no sandbox is running in the background',
      'To start one, run cm-relay sandbox --detach. To use another, give its URL with --host.',
    );
  }
  if (others.length > 0) {
    const all = [first, ...others].map((each) => each.host).join(', ');
    throw new UsageError(
      'several sandboxes are running in the background: choose one with --host',
      `Available: ${all}`,
    );
  }
  return { host, apiKey: first.apiKey };
}
