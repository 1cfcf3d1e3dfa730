import { Option, Argument, type Command } from 'commander';
import { z } from 'zod';
import { OpenConnectorsError } from '../../open-connectors/api-error.ts';
import { OpenConnectorsApi } from '../../open-connectors/api.ts';
import { baseUrlOf, OpenConnectorsHostError, regions } from '../../open-connectors/host.ts';
import { isLoopback } from '../../common/loopback.ts';
import { withProxy } from './environment-proxy.ts';
import { UsageError, CommandError } from '../errors.ts';
import { checkedBy, notEmpty, wholeNumber, newCommand, type Below } from '../flags.ts';
import { note } from '../terminal/output.ts';
import { secretFrom } from '../terminal/prompts.ts';
import { commandProcess } from '../terminal/command-process.ts';
import type { Instance } from '../../open-connectors/answers.ts';

export const platformVariables = {
  userSecret: 'OPEN_CONNECTORS_USER_SECRET',
  organizationSecret: 'OPEN_CONNECTORS_ORGANIZATION_SECRET',
  host: 'OPEN_CONNECTORS_HOST',
} as const;

export const defaultPlatformHost = regions[0]?.host ?? '';

export interface PlatformOptions {
  host?: string;
  timeout: number;
}

export function platformFlags(): Option[] {
  return [
    new Option(
      '--host <host>',
      `your Open Connectors host, or the URL from cm-relay sandbox (default: $${platformVariables.host}, or ${defaultPlatformHost})`,
    ).argParser(checkedBy(notEmpty('a host'))),
    new Option('--timeout <s>', 'how long to wait for an Open Connectors answer, in seconds')
      .default(60)
      .argParser(wholeNumber(z.int().min(1).max(600))),
  ];
}

export function platformBaseUrl(given: string | undefined): string {
  const inEnvironment = commandProcess().env[platformVariables.host]?.trim() ?? '';
  const host = given ?? (inEnvironment === '' ? defaultPlatformHost : inEnvironment);
  try {
    return baseUrlOf(host);
  } catch (error) {
    if (!(error instanceof OpenConnectorsHostError)) throw error;
    const name = given === undefined && inEnvironment !== '' ? platformVariables.host : '--host';
    throw new UsageError(`${name}: ${error.message}`, error.next);
  }
}

export interface Platform {
  readonly api: OpenConnectorsApi;
  readonly baseUrl: string;
  /** Whether Open Connectors is the sandbox on this machine, and so reaches local URLs. */
  readonly isHere: boolean;
}

/** If a request fails, prints its ID for SAP's support. @throws UsageError if a secret is missing; errors of `use` */
export async function withPlatform<T>(
  { host, timeout }: PlatformOptions,
  use: (platform: Platform) => Promise<T>,
): Promise<T> {
  const baseUrl = platformBaseUrl(host);
  const where =
    'Find it in your user menu in Open Connectors; the sandbox prints its own. Set the variable, or run this command in a terminal and enter the secret when asked.';
  const userSecret = await secretFrom(platformVariables.userSecret, 'user secret', where);
  const organizationSecret = await secretFrom(platformVariables.organizationSecret, 'organization secret', where);
  return withProxy(baseUrl, async (fetch) => {
    const secrets = { userSecret, organizationSecret };
    const api = new OpenConnectorsApi({
      baseUrl,
      ...secrets,
      timeoutMs: timeout * 1000,
      ...(fetch !== undefined && { fetch }),
    });
    try {
      return await use({ api, baseUrl, isHere: isLoopback(new URL(baseUrl).hostname) });
    } catch (error) {
      if (error instanceof OpenConnectorsError) noteRequest(error);
      throw error;
    }
  });
}

export function noteRequest({ requestId }: OpenConnectorsError): void {
  if (requestId !== null) note(`Open Connectors request ID: ${requestId}`);
}

export function platformCommand(name: string, summary: string, description: string, ...below: Below): Command {
  const command = newCommand(name, summary, description, ...below);
  for (const option of platformFlags()) command.addOption(option);
  return command;
}

export const instanceArgument = (): Argument => new Argument('<instance>', 'instance ID, or its name if unique');

export async function instanceNamed({ api }: Platform, named: string): Promise<Instance> {
  if (/^\d{1,15}$/.test(named)) return api.getInstance(Number(named));
  const found = (await api.listInstances({ searchText: named })).filter(({ name }) => name === named);
  const [instance] = found;
  if (instance === undefined)
    throw new CommandError(`no instance is named ${named}`, 'To see all instances, run cm-relay instances list.');
  if (found.length > 1) {
    throw new CommandError(
      `${found.length} instances are named ${named}: ${found.map(({ id }) => id).join(', ')}`,
      'Use an ID instead.',
    );
  }
  // A list may leave something out.
  return api.getInstance(instance.id);
}
