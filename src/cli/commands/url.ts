import { Argument, Option } from 'commander';
import type { Command } from 'commander';
import { z } from 'zod';
import type { Source } from '../../protocol/history.ts';
import { withRelay } from '../connection.ts';
import { dataDirHint } from '../data-dir.ts';
import { CommandError } from '../errors.ts';
import { jsonFlag, newCommand, wholeNumber } from '../flags.ts';
import type { CommonOptions } from '../flags.ts';
import { print, printJson } from '../output.ts';
import { urlsFor } from '../own-addresses.ts';
import { statusWithTunnel } from './listen.ts';

interface UrlOptions extends CommonOptions {
  local?: boolean;
  timeout: number;
  json?: boolean;
}

/** `cm-relay url`. */
export function urlCommand(): Command {
  return newCommand(
    'url',
    "print the running relay's webhook URL",
    "Prints the whole public URL that a vendor is to post to, and nothing else. It holds the webhook endpoint's secret.",
    [
      'Examples:',
      '  cm-relay url                      for Campaign Monitor',
      '  cm-relay url open-connectors',
      '  cm-relay url --local              on this machine, as for the sandbox',
      '',
      'Next: cm-relay webhooks register --list ID registers it.',
    ],
  )
    .addArgument(
      new Argument('[vendor]', 'who is to post to it')
        .choices(['campaign-monitor', 'open-connectors'])
        .default('campaign-monitor'),
    )
    .addOption(new Option('--local', 'the URL on this machine in place of the public one'))
    .addOption(
      new Option('--timeout <s>', 'how long to wait for the tunnel, in seconds')
        .default(10)
        .argParser(wholeNumber(z.int().min(0).max(3600))),
    )
    .addOption(jsonFlag('a JSON object: {"public","local"}'))
    .action(url);
}

async function url(vendor: Source, options: UrlOptions): Promise<void> {
  const isPublic = options.local !== true;
  const patience = isPublic ? options.timeout * 1000 : 0;
  const status = await withRelay(options, (client) => statusWithTunnel(client, patience));
  const urls = urlsFor(vendor, status);
  const wanted = isPublic ? urls.public : urls.local;
  if (options.json === true) await printJson(urls);
  if (wanted === null) {
    const { state, reason } = status.tunnel;
    throw new CommandError(
      `the relay has no public URL (${state}: ${reason})`,
      `Stop it and start it with a tunnel: cm-relay listen${dataDirHint(options)} --tunnel localtunnel. On this machine: cm-relay url --local.`,
    );
  }
  if (options.json !== true) await print(`${wanted}\n`);
}
