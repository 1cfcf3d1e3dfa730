import { Option } from 'commander';
import type { Command } from 'commander';
import { z } from 'zod';
import { campaignMonitorHost, serviceAt } from '../../campaign-monitor/service.ts';
import { checkedBy, collectedBy, jsonFlag, newCommand, notEmpty, seconds, wholeNumber } from '../flags.ts';
import { tunnelSchema } from '../listen-flags.ts';
import type { ObserveOptions } from '../observe/run.ts';
import { apiKeyVariable, serviceOfHost, vendorId } from '../vendors/campaign-monitor.ts';
import { platformVariables } from '../vendors/open-connectors.ts';

const domainForm = /^(?=.{4,180}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$/i;

/** `cm-relay observe`. */
export function observeCommand(): Command {
  return newCommand(
    'observe',
    'find out what the vendors really do',
    `Finds out which assumptions about Campaign Monitor and, with --instance, Open Connectors hold for your account (docs/assumptions.md). Registers webhooks on a list that you use for nothing else, adds and removes subscribers at your domain, answers with errors, and then undoes everything. The API key comes from the environment variable ${apiKeyVariable}; the secrets for Open Connectors come from ${platformVariables.userSecret} and ${platformVariables.organizationSecret}.`,
    [
      'Examples:',
      '  cm-relay observe --list ID --domain test.example.org --tunnel cloudflared',
      '  cm-relay observe --list ID --domain test.example.org --instance 50634 --for 600 --tunnel https://hooks.example.org --port 8799',
      '  cm-relay observe --list ID --domain example.org --host http://127.0.0.1:9000    the sandbox',
      '  cm-relay observe --clean-up                                                     undoes what a killed observation left',
      '',
      'Next: add the settings in the report to your --config file, or use --apply.',
    ],
  )
    .addOption(new Option('--list <id>', 'list that you use for nothing else').argParser(checkedBy(vendorId)))
    .addOption(
      new Option('--domain <domain>', 'domain for the addresses of added subscribers; it must be yours').argParser(
        checkedBy(z.string().regex(domainForm, 'expected a domain, such as test.example.org')),
      ),
    )
    .addOption(
      new Option('--instance <id>', 'Open Connectors instance to watch, too').argParser(wholeNumber(z.int().min(1))),
    )
    .addOption(
      new Option('--for <s>', 'how long to watch for retries, in seconds')
        .default(120_000, '120')
        .argParser(seconds(0.1, 172_800)),
    )
    .addOption(
      new Option(
        '--tunnel <kind>',
        'how the vendors reach this command: as in listen, or your own https:// URL that forwards to --port',
      ).argParser(checkedBy(tunnelSchema)),
    )
    .addOption(
      new Option('--port <n>', 'port on this machine to receive at; 0 = any free port')
        .default(0)
        .argParser(wholeNumber(z.int().min(0).max(65_535))),
    )
    .addOption(
      new Option('--host <url>', "another Campaign Monitor host, such as the sandbox's")
        .argParser(checkedBy(serviceOfHost))
        .default(serviceAt(campaignMonitorHost), campaignMonitorHost),
    )
    .addOption(
      new Option(
        '--instance-host <host>',
        `your Open Connectors host (default: the sandbox at --host, else as in cm-relay instances)`,
      ).argParser(checkedBy(notEmpty('a host'))),
    )
    .addOption(new Option('--yes', "don't ask; observe the list even if it is in use"))
    .addOption(
      new Option('--apply', 'apply the settings in the report to the running relay and to background sandboxes'),
    )
    .addOption(
      new Option(
        '--out <file>',
        'also write the report: Markdown, or JSON for a name that ends with .json; repeatable',
      ).argParser(collectedBy(notEmpty('a file'))),
    )
    .addOption(new Option('--clean-up', 'only undo what an earlier observation left'))
    .addOption(jsonFlag('print one JSON object per line for each assumption'))
    .action(async (options: ObserveOptions) => {
      // Here, since no other command needs it.
      const { runObserve } = await import('../observe/run.ts');
      await runObserve(options);
    });
}
