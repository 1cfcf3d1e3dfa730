import { Argument, type Command } from 'commander';
import { z } from 'zod';
import { hookUrl, readHookUrl } from '../../common/hook-path.ts';
import { nameOfSecret } from '../../common/secret-name.ts';
import { sources } from '../../protocol/event-filter.ts';
import type { Source } from '../../protocol/history.ts';
import type { Status } from '../../protocol/status.ts';
import type { RelayClient } from '../../protocol/relay-client.ts';
import { renewStopped } from '../../relay/index.ts';
import { connectIfRunning, defaultPort, withRelay } from '../connection.ts';
import { dataDirOf } from '../data-dir.ts';
import { CommandError } from '../errors.ts';
import { jsonFlag, newCommand, wholeNumber, type CommonOptions } from '../flags.ts';
import { note, print, printJson } from '../terminal/output.ts';
import { adviceForPublic, urlsFor } from '../own-addresses.ts';
import { statusWithTunnel } from './listen.ts';

interface UrlOptions extends CommonOptions {
  local?: boolean;
  new?: boolean;
  timeout: number;
  json?: boolean;
}

export function urlCommand(): Command {
  return newCommand(
    'url',
    "print the running relay's webhook URL",
    "Prints only the full public URL that a vendor posts to. It contains the webhook endpoint's secret.",
    [
      'cm-relay url                      for Campaign Monitor',
      'cm-relay url open-connectors',
      'cm-relay url --local              on this machine, such as for the sandbox',
      'cm-relay url --new                replaces a leaked URL',
    ],
    'cm-relay webhooks register --list ID registers the URL.',
  )
    .addArgument(new Argument('[vendor]', 'vendor that posts to the URL').choices(sources).default('campaign-monitor'))
    .option('--local', 'print the URL on this machine instead of the public one')
    .option(
      '--new',
      "create a new secret for both vendors' URLs; the old URLs return 404. The relay doesn't need to be running",
    )
    .option('--timeout <s>', 'how long to wait for the tunnel, in seconds', wholeNumber(z.int().min(0).max(3600)), 10)
    .addOption(jsonFlag('print a JSON object: {"public","local"}'))
    .action(url);
}

async function url(vendor: Source, options: UrlOptions): Promise<void> {
  if (options.new === true) return renew(vendor, options);
  const isPublic = options.local !== true;
  const waitMs = isPublic ? options.timeout * 1000 : 0;
  const status = await withRelay(options, (client) => statusWithTunnel(client, waitMs));
  const urls = urlsFor(vendor, status);
  const wanted = isPublic ? urls.public : urls.local;
  if (options.json === true) await printJson(urls);
  if (wanted === null) {
    const { reason } = status.tunnel;
    throw new CommandError(
      `the relay has no public URL: ${reason.replace(/\.$/, '')}`,
      `${adviceForPublic(status, 'Try again, or wait longer with --timeout <s>.')} For the URL on this machine: cm-relay url --local.`,
    );
  }
  if (options.json !== true) await print(`${wanted}\n`);
}

async function renew(vendor: Source, options: UrlOptions): Promise<void> {
  const running = await renewRunning(vendor, options);
  const urls = running ?? (await renewInDirectory(vendor, options));
  if (options.json === true) await printJson(urls);
  else await print(`${(options.local === true ? null : urls.public) ?? urls.local}\n`);
  if (urls.public === null && options.local !== true) {
    const why = running === undefined ? 'No relay is running' : 'The relay has no public URL';
    note(`${why}: this URL works only on this machine. When there is a public URL, run cm-relay url.`);
  }
  note('The old URLs no longer work. Update everything registered with them:');
  note('  cm-relay webhooks register --list ID, and then cm-relay webhooks remove --old');
  note('  cm-relay instances callback ID');
  note('VS Code updates what you set up there. Update everything else that posts to the relay.');
}

type Urls = ReturnType<typeof urlsFor>;

async function renewRunning(vendor: Source, options: UrlOptions): Promise<Urls | undefined> {
  const client = await connectIfRunning(options);
  if (client === undefined) return undefined;
  try {
    return urlsFor(vendor, await renewed(client, options.local === true ? 0 : options.timeout * 1000));
  } finally {
    client.close();
  }
}

async function renewed(client: RelayClient, waitMs: number): Promise<Status> {
  const { campaignMonitorUrl } = await client.request('relay/status', {});
  const replaces = nameOfSecret(readHookUrl(campaignMonitorUrl)?.secret ?? '');
  await client.request('relay/newSecret', { replaces });
  return statusWithTunnel(client, waitMs);
}

/** Creates the secret in the data directory, for the next relay. */
async function renewInDirectory(vendor: Source, options: UrlOptions): Promise<Urls> {
  const dataDir = dataDirOf(options);
  const remembered = renewStopped(dataDir);
  if (remembered === 'running') {
    return withRelay(options, async (client) => urlsFor(vendor, await renewed(client, 0)));
  }
  if (remembered === null) {
    throw new CommandError(
      `no relay has run for ${dataDir}, so there is no secret URL yet`,
      'To create one, run cm-relay listen.',
    );
  }
  const base = `http://127.0.0.1:${remembered.port ?? defaultPort}`;
  return { local: hookUrl(base, remembered.secret, vendor), public: null };
}
