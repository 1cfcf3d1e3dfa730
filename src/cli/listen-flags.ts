/** Declares each flag of `cm-relay listen` once. A test compares the table in docs/cli.md with it. */
import { Option } from 'commander';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { isLoopback } from '../common/loopback.ts';
import { maxAttempts, retryDelays, retryPolicies, type RetryPolicy } from '../common/retry-policies.ts';
import { destinationSchema, settingsSchema, tunnelName, tunnelNames, tunnelSchemas } from '../protocol/settings.ts';
import {
  answerStatusSchema,
  askedAnswerSchema,
  mostAnswerDelayMs,
  mostAnsweringMs,
  usualAnsweringMs,
} from '../protocol/answering.ts';
import type { Destination, Settings } from '../protocol/settings.ts';
import type { Status } from '../protocol/status.ts';
import { issuesText, issueWords } from '../protocol/issue-words.ts';
import { tunnelProgramSchema, type TunnelProgram } from '../protocol/tunnel-program.ts';
import { isCredentialHeader } from '../protocol/credential-headers.ts';
import { parseFilter } from '../protocol/event-filter.ts';
import { methods } from '../protocol/methods.ts';
import { flagKeyName } from './missing-keys.ts';
import { callbackUrl } from './callback-url.ts';
import { defaultPort } from './connection.ts';
import { checkedBy, collectedBy, notEmpty, seconds, urlOf, usualValues, wholeNumber } from './flags.ts';
import { duration } from './terminal/text.ts';

interface Flag<T> {
  readonly term: string;
  readonly help: string;
  /** Gets the earlier values of a repeatable flag. If undefined: the text, or true for a flag without a value. */
  readonly read?: (value: string, previous?: T) => T;
  readonly choices?: readonly string[];
  readonly usual?: readonly string[];
  readonly setting?: keyof Settings;
  /** Whether a running relay does not do what the flag asks. If undefined, the two cannot be compared. */
  readonly differs?: (given: T, running: Status, flags: { readonly forwardTo?: string[] | undefined }) => boolean;
}

type Header = readonly [name: string, value: string];

const outputStyles = ['interactive', 'compact', 'quiet'] as const;
export type OutputStyle = (typeof outputStyles)[number];

const { shape } = settingsSchema;
const defaults = settingsSchema.parse({});
const { localtunnel, command } = tunnelSchemas;

export function parseTunnel(value: string): string | undefined {
  if (tunnelNames.includes(value)) return undefined;
  if (!/^https?:\/\//i.test(value) || !URL.canParse(value))
    return `expected ${tunnelNames.join(', ')}, or a URL that starts with https://`;
  if (!isSafeTunnelUrl(value)) return 'expected a URL that starts with https://, or with http:// on this machine';
  const result = tunnelSchemas.fixed.safeParse({ kind: 'fixed', url: value });
  return result.success ? undefined : result.error.issues.map(({ message }) => message).join('; ');
}

const tunnelSchema = z.string().superRefine((value, context) => {
  const problem = parseTunnel(value);
  if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
});

export function isSafeTunnelUrl(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' || isLoopback(hostname);
}

const headers = destinationSchema.shape.headers.unwrap();

const headerSchema: z.ZodType<Header, string> = z
  .string()
  .regex(/^[^:\s]+:/, 'expected a header such as "X-Tenant: 7"')
  .superRefine((text, context) => {
    if (!isCredentialHeader(text.slice(0, text.indexOf(':')))) return;
    const message =
      'this header carries a credential, which your shell would save in its history: define the header under "credentials" in the --config file';
    context.addIssue({ code: 'custom', message });
  })
  .transform((text) => {
    const colon = text.indexOf(':');
    return [text.slice(0, colon), text.slice(colon + 1).trim()] as const;
  })
  .pipe(z.tuple([headers.keyType, headers.valueType]));

export const readFilter = checkedBy(
  methods['events/query'].params.shape.filter.unwrap().superRefine((text, context) => {
    try {
      parseFilter(text, Date.now());
    } catch (error) {
      context.addIssue({ code: 'custom', message: (error as Error).message });
    }
  }),
);

function destinationsDiffer(as: (destination: Destination) => boolean) {
  return (_given: unknown, { settings }: Status): boolean => !settings.destinations.every(as);
}

function differsFrom(actual: (running: Status) => unknown): (given: unknown, running: Status) => boolean {
  return (given, running) => !isDeepStrictEqual(given, actual(running));
}

const statusOf = wholeNumber(answerStatusSchema);

const localOf = ({ settings: { tunnel } }: Status): Partial<z.infer<typeof localtunnel>> =>
  tunnel.kind === 'localtunnel' ? tunnel : {};

const commandOf = ({ settings: { tunnel } }: Status): Partial<z.infer<typeof command>> =>
  tunnel.kind === 'command' ? tunnel : {};

const programText: z.ZodType<TunnelProgram, string> = z.string().transform((text, context): TunnelProgram => {
  const refused = (message: string): never => {
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  };
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return refused(`not valid JSON: ${(error as Error).message}`);
  }
  const result = tunnelProgramSchema.safeParse(json, { error: issueWords });
  return result.success ? result.data : refused(issuesText(result.error));
});

const flag = <T>(described: Flag<T>): Flag<T> => described;

export const listenFlags = {
  forwardTo: flag<string[]>({
    term: '--forward-to <url>',
    help: 'your callback: 3000, 3000/callback, localhost:3000/callback, or a URL; repeatable',
    read: collectedBy(callbackUrl),
    setting: 'destinations',
    differs: (given, { settings }) =>
      !isDeepStrictEqual(
        given.map((url) => new URL(url).href),
        settings.destinations.map(({ url }) => new URL(url).href),
      ),
  }),
  raw: flag<boolean>({
    term: '--raw',
    help: 'forward what Campaign Monitor posts, byte for byte, instead of Open Connectors notifications',
    differs: destinationsDiffer(({ mode }) => mode === 'raw'),
  }),
  insecure: flag<boolean>({
    term: '--insecure',
    help: 'accept any certificate from the callback, including self-signed ones',
    differs: destinationsDiffer(({ insecureTls }) => insecureTls === true),
  }),
  header: flag<Header[]>({
    term: '--header <header>',
    help: 'extra header to send, such as "X-Tenant: 7"; not for credentials; repeatable',
    read: collectedBy(headerSchema),
    differs: (given, running) =>
      destinationsDiffer((each) => isDeepStrictEqual(each.headers, Object.fromEntries(given)))(given, running),
  }),
  port: flag<number>({
    term: '--port <n>',
    help: `port on this machine for incoming deliveries; 0 = any free port (default: the last one used, initially ${defaultPort})`,
    read: wholeNumber(z.int().min(0).max(65_535)),
    differs: (given, { campaignMonitorUrl }) => given !== 0 && given !== Number(new URL(campaignMonitorUrl).port || 80),
  }),
  tunnel: flag<string>({
    term: '--tunnel <kind>',
    help: `how to make the relay public: ${tunnelNames.join(', ')}, or your own https:// URL that forwards to this relay (default: ${defaults.tunnel.kind})`,
    read: checkedBy(tunnelSchema),
    usual: tunnelNames,
    setting: 'tunnel',
    differs: differsFrom(({ settings: { tunnel } }) => (tunnel.kind === 'fixed' ? tunnel.url : tunnelName(tunnel))),
  }),
  tunnelHost: flag<string>({
    term: '--tunnel-host <url>',
    help: `localtunnel server (default: ${localtunnel.shape.host.parse(undefined)})`,
    read: checkedBy(urlOf(localtunnel.shape.host)),
    setting: 'tunnel',
    differs: differsFrom((running) => localOf(running).host),
  }),
  tunnelAllow: flag<string[]>({
    term: '--tunnel-allow <host>',
    help: 'host (with its subdomains) or address that the localtunnel server may use besides its own; repeatable',
    read: collectedBy(localtunnel.shape.otherHosts.unwrap().element),
    setting: 'tunnel',
    differs: differsFrom((running) => localOf(running).otherHosts),
  }),
  subdomain: flag<string>({
    term: '--subdomain <name>',
    help: 'localtunnel subdomain to request (default: a random one that stays the same)',
    read: checkedBy(localtunnel.shape.subdomain.unwrap()),
    setting: 'tunnel',
    differs: differsFrom((running) => localOf(running).subdomain),
  }),
  tunnelName: flag<string>({
    term: '--tunnel-name <name>',
    help: 'your own name, domain, or host name with the service of the tunnel program (default: the service chooses)',
    read: checkedBy(command.shape.name.unwrap()),
    setting: 'tunnel',
    differs: differsFrom((running) => commandOf(running).name),
  }),
  tunnelServer: flag<string>({
    term: '--tunnel-server <server>',
    help: 'your SSH server for --tunnel ssh: [user@]host[:port]',
    read: checkedBy(command.shape.server.unwrap()),
    setting: 'tunnel',
    differs: differsFrom((running) => commandOf(running).server),
  }),
  tunnelRemotePort: flag<number>({
    term: '--tunnel-remote-port <n>',
    help: 'port on the SSH server that leads here; its HTTPS forwards to it (default: 8025)',
    read: wholeNumber(command.shape.remotePort.unwrap()),
    setting: 'tunnel',
    differs: differsFrom((running) => commandOf(running).remotePort),
  }),
  tunnelProgram: flag<string>({
    term: '--tunnel-program <path>',
    help: 'path of the tunnel program (default: the one in the PATH)',
    read: checkedBy(notEmpty('a path')),
    setting: 'tunnel',
    differs: differsFrom((running) => commandOf(running).path),
  }),
  tunnelCommand: flag<TunnelProgram>({
    term: '--tunnel-command <json>',
    help: 'your own tunnel program for --tunnel command, such as {"program":"/opt/t","args":["{port}"],"url":{"from":"output","pattern":"https://[^ ]+"}}',
    read: checkedBy(programText),
    setting: 'tunnel',
    differs: differsFrom((running) => commandOf(running).program),
  }),
  signatureKeyEnv: flag<string>({
    term: '--signature-key-env <name>',
    help: 'environment variable that holds the key for signing notifications',
    read: checkedBy(notEmpty('a variable name')),
    // A relay reveals only whether a key is used.
    differs: (_given, { settings: { destinations } }, { forwardTo }) =>
      forwardTo !== undefined && destinations.some(({ signatureKeyName }) => signatureKeyName !== flagKeyName),
  }),
  verifyKeyEnv: flag<string>({
    term: '--verify-key-env <name>',
    help: 'environment variable that holds the key for verifying deliveries from Open Connectors',
    read: checkedBy(notEmpty('a variable name')),
  }),
  retry: flag<RetryPolicy>({
    term: '--retry <policy>',
    help: `${retryPolicies.map(retryWords).join('; ')} (default: ${defaults.retry})`,
    choices: retryPolicies,
    setting: 'retry',
    differs: differsFrom(({ settings }) => settings.retry),
  }),
  timeZone: flag<string>({
    term: '--time-zone <zone>',
    help: `time zone of your Campaign Monitor client account (default: ${defaults.timeZone})`,
    read: checkedBy(shape.timeZone),
    setting: 'timeZone',
    differs: differsFrom(({ settings }) => settings.timeZone),
  }),
  concurrency: flag<number>({
    term: '--concurrency <n>',
    help: `parallel notifications per destination (default: ${defaults.concurrency})`,
    read: wholeNumber(shape.concurrency),
    setting: 'concurrency',
    differs: differsFrom(({ settings }) => settings.concurrency),
  }),
  answer: flag<number | 'off'>({
    term: '--answer <status>',
    help: 'answer deliveries with this HTTP status on purpose, and store them without forwarding; off = as usual. Also changes a relay that is already running',
    read: (value) => (value === 'off' ? 'off' : statusOf(value)),
    usual: ['500', '503', '429', '404', '410', 'off'],
  }),
  after: flag<number>({
    term: '--after <seconds>',
    help: `with --answer: wait before each answer, up to ${mostAnswerDelayMs / 1000} s (default: 0)`,
    read: seconds(0, mostAnswerDelayMs / 1000),
  }),
  for: flag<number>({
    term: '--for <seconds>',
    help: `with --answer: answer as usual again after this time (default: ${usualAnsweringMs / 1000}, 10 minutes)`,
    read: seconds(1, mostAnsweringMs / 1000),
  }),
  count: flag<number>({
    term: '--count <n>',
    help: 'with --answer: answer as usual again after this many deliveries',
    read: wholeNumber(askedAnswerSchema.shape.count.unwrap()),
  }),
  retain: flag<number>({
    term: '--retain <n>',
    help: `number of deliveries to keep (default: ${defaults.retention.maxDeliveries})`,
    read: wholeNumber(shape.retention.unwrap().shape.maxDeliveries),
    setting: 'retention',
    differs: differsFrom(({ settings }) => settings.retention.maxDeliveries),
  }),
  config: flag<string>({
    term: '--config <file>',
    help: 'JSON file with settings, including those that have no flag (docs/cli.md); flags override the file',
    read: checkedBy(notEmpty('a file')),
  }),
  allowEnv: flag<boolean>({ term: '--allow-env', help: 'send environment variables to the URLs in the --config file' }),
  allowTunnelHost: flag<boolean>({ term: '--allow-tunnel-host', help: 'use the tunnel hosts in the --config file' }),
  filter: flag<string>({
    term: '--filter <q>',
    help: 'show only matching events, as in cm-relay events; all events are received and forwarded',
    read: readFilter,
  }),
  output: flag<OutputStyle>({
    term: '--output <style>',
    help: 'interactive (the default in a terminal): with keyboard shortcuts; compact (the default elsewhere): one line per event, no secrets; quiet: errors only',
    choices: outputStyles,
  }),
  detach: flag<boolean>({
    term: '--detach',
    help: 'run in the background and return when ready; stop it with cm-relay stop',
  }),
  json: flag<boolean>({
    term: '--json',
    help: 'print one JSON object per line, the first {"type":"ready",…}',
  }),
};

export type ListenFlags = {
  -readonly [K in keyof typeof listenFlags]?: (typeof listenFlags)[K] extends Flag<infer T> ? T : never;
};

function retryWords(policy: RetryPolicy): string {
  const delays: readonly number[] = retryDelays[policy];
  const [first, last] = [delays[0], delays.at(-1)];
  if (first === undefined || last === undefined) return policy;
  return `${policy}: ${maxAttempts(policy) - 1} retries after ${duration(first)} to ${duration(last)}`;
}

export function flagName(name: keyof ListenFlags): string {
  return listenFlags[name].term.split(' ')[0] ?? '';
}

export const listenFlagNames = Object.keys(listenFlags) as (keyof ListenFlags)[];

export const programFields = {
  tunnelName: 'name',
  tunnelServer: 'server',
  tunnelRemotePort: 'remotePort',
  tunnelProgram: 'path',
  tunnelCommand: 'program',
} as const;
const programFlags = Object.keys(programFields) as (keyof typeof programFields)[];

const headings: Readonly<Record<keyof ListenFlags, string>> = {
  ...under('Forwarding:', ['forwardTo', 'raw', 'insecure', 'header', 'signatureKeyEnv', 'retry', 'concurrency']),
  ...under('Receiving:', ['port', 'verifyKeyEnv', 'timeZone']),
  ...under('Public URL:', ['tunnel', 'tunnelHost', 'tunnelAllow', 'subdomain', ...programFlags]),
  ...under('Answering on purpose:', ['answer', 'after', 'for', 'count']),
  ...under('Storage and configuration:', ['retain', 'config', 'allowEnv', 'allowTunnelHost']),
  ...under('Output:', ['filter', 'output', 'detach', 'json']),
};

function under<K extends string>(heading: string, names: readonly K[]): Record<K, string> {
  return Object.fromEntries(names.map((name) => [name, heading])) as Record<K, string>;
}

export function listenOptions(): Option[] {
  return listenFlagNames.map((name) => {
    const { term, help, read, choices, usual } = listenFlags[name] as Flag<unknown>;
    const option = new Option(term, help).helpGroup(headings[name]);
    if (read !== undefined) option.argParser(read);
    if (usual !== undefined) usualValues.set(option, usual);
    return choices === undefined ? option : option.choices(choices);
  });
}

export function differingFlags(flags: ListenFlags, running: Status): string[] {
  return listenFlagNames
    .filter((name) => {
      const given = flags[name];
      const { differs } = listenFlags[name] as Flag<unknown>;
      return given !== undefined && differs?.(given, running, flags) === true;
    })
    .map(flagName);
}

export function settingsOfFlags(flags: ListenFlags): ReadonlySet<keyof Settings> {
  const settings = listenFlagNames.filter((name) => flags[name] !== undefined).map((name) => listenFlags[name].setting);
  return new Set(settings.filter((setting) => setting !== undefined));
}
