/** Contains no subscribers, no secrets, and no host but this machine. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { homedir } from 'node:os';
import { domainToUnicode } from 'node:url';
import { isLoopback } from '../common/loopback.ts';
import { maskedValue } from '../common/masking.ts';
import { withEscapes } from '../common/unprintable.ts';
import type { RelayClient } from '../protocol/relay-client.ts';
import { defaultSettings, type Settings } from '../protocol/settings.ts';
import { stateWords, type Status } from '../protocol/status.ts';
import { maskSecrets } from './item.ts';

export interface DiagnosticSection {
  readonly title: string;
  readonly facts: readonly (readonly [name: string, value: string])[];
}

const mostErrors = 10;

export async function relayDiagnostics(
  status: Status | null,
  history: Pick<RelayClient, 'request'> | undefined,
): Promise<DiagnosticSection[]> {
  return [
    ...(status === null ? [] : statusSections(status)),
    ...(history === undefined ? [] : [await failuresOf(history, status)]),
  ];
}

/** @param toSupply how to set missing keys and credentials, for the reader of this text */
export function problemsOf(status: Status, toSupply: string): string[] {
  const { destinations, tunnel, missingKeys, sending, answering, notices } = status;
  const down = destinations.filter(({ state }) => state === 'down');
  const failing = destinations.filter(({ state }) => state === 'failing');
  const isOff = tunnel.state === 'failed' || tunnel.state === 'degraded';
  return [
    ...down.map(({ destinationId, url, detail, waiting }) => {
      const why = detail === null ? '' : ` (${detail})`;
      return `destination ${destinationId} is down: cannot reach ${shownUrl(url)}${why}; ${waiting} waiting`;
    }),
    ...failing.map(
      (each) => `destination ${each.destinationId} is ${stateWords(each).join(', ')}: ${shownUrl(each.url)}`,
    ),
    ...(isOff ? [`the ${tunnel.kind} tunnel is ${tunnel.state}: ${tunnel.reason}`] : []),
    ...missingKeys.map((name) => `events that need the key or credentials "${name}" are on hold. ${toSupply}`),
    ...(sending.state === 'paused' ? ['sending is paused: cm-relay debug continue sends held events'] : []),
    ...(answering.state === 'on-purpose'
      ? [
          `deliveries are answered with ${answering.status} on purpose until ${answering.until}, and not forwarded: cm-relay listen --answer off --detach ends that`,
        ]
      : []),
    ...notices,
  ].map((problem) => fitForReport(problem, status));
}

const mostOfLog = 262_144;

/** The log may not exist. @param status of the relay whose hosts it may name */
export function logSection(title: string, file: string, status: Status | null): DiagnosticSection {
  const lines = endOf(file)
    .split('\n')
    .filter((line) => /\b(?:error|warn(?:ing)?)\b/i.test(line));
  const facts = lines.slice(-mostErrors).map((line) => ['', fitForReport(line, status)] as const);
  return { title, facts };
}

function endOf(file: string): string {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, 'r');
    const { size } = fstatSync(descriptor);
    const bytes = Buffer.alloc(Math.min(size, mostOfLog));
    readSync(descriptor, bytes, 0, bytes.length, size - bytes.length);
    return bytes.toString();
  } catch {
    return '';
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

export function diagnosticsText(
  title: string,
  problems: readonly string[],
  sections: readonly DiagnosticSection[],
): string {
  const told = problems.length === 0 ? ['nothing'] : problems;
  const first: DiagnosticSection = { title: 'Problems found', facts: told.map((each) => ['', each]) };
  const lines = [first, ...sections].flatMap(({ title: name, facts }) => [
    '',
    `### ${name}`,
    '',
    ...(facts.length === 0 ? ['- none'] : []),
    ...facts.map(([key, value]) => `- ${key === '' ? '' : `${key}: `}${withEscapes(value)}`),
  ]);
  return `${[`## ${title}`, ...lines].join('\n')}\n`;
}

/**
 * A host is recognized in a URL, after the words of Node.js's errors, or because the relay uses it.
 * @param status whose destinations and tunnel are removed, too
 */
export function fitForReport(text: string, status: HostsOfStatus | null = null): string {
  const home = homedir();
  const short = home.length > 1 ? text.replaceAll(home, '~') : text;
  const fit = maskSecrets(short)
    .replaceAll(/\b(?:https?|wss?):\/\/[^\s"'<>),;]+/gi, shownUrl)
    .replaceAll(behindWords, (_, words: string, host: string) => words + shownHost(host))
    .replaceAll(/[^\s@"'<>:,]+@[^\s@"'<>:,]+/g, maskedValue);
  return status === null ? fit : withoutHosts(fit, hostsOf(status));
}

type HostsOfStatus = Pick<Status, 'destinations' | 'settings' | 'tunnel' | 'publicUrl' | 'earlierOpenConnectorsUrls'>;

const codes = 'ECONN(?:REFUSED|RESET|ABORTED)|ETIMEDOUT|E(?:HOST|NET)(?:UNREACH|DOWN)|EADDRNOTAVAIL|EACCES';

/** A host after words of Node.js's errors. After some codes other words may follow: a host has a dot or colon. */
const behindWords = new RegExp(
  String.raw`(\b(?:(?:ENOTFOUND|EAI_AGAIN)\s+|(?:Host|DNS|CN|IP(?: Address)?):\s*|(?:(?:${codes})\s+|Local \()(?=[^\s.:,;]*[.:][^\s.:,;])))([^\s"'<>(),;]+)`,
  'g',
);

function shownHost(text: string): string {
  const host = text.replace(/[.:]+$/, '');
  if (isLoopback(host) || isLoopback(host.replace(/:\d+$/, ''))) return text;
  return maskedValue + text.slice(host.length);
}

/** In Punycode and in Unicode. */
function hostsOf({ destinations, settings, tunnel, publicUrl, earlierOpenConnectorsUrls }: HostsOfStatus): string[] {
  const urls = [
    ...[...destinations, ...settings.destinations].map(({ url }) => url),
    ...('url' in tunnel ? [tunnel.url] : []),
    ...('previousUrl' in tunnel ? [tunnel.previousUrl] : []),
    ...('url' in settings.tunnel ? [settings.tunnel.url] : []),
    ...('host' in settings.tunnel ? [settings.tunnel.host] : []),
    ...(settings.tunnel.kind === 'command' ? [settings.tunnel.name, settings.tunnel.server] : []).map(
      (each) => `https://${each ?? ''}`,
    ),
    publicUrl,
    ...earlierOpenConnectorsUrls,
  ];
  const hosts = urls.flatMap((url) => {
    if (url === null || !URL.canParse(url)) return [];
    const { hostname } = new URL(url);
    const bare = hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
    return bare === '' || isLoopback(bare) ? [] : [bare, domainToUnicode(bare)];
  });
  return [...new Set(hosts)].filter((host) => host !== '');
}

function withoutHosts(text: string, hosts: readonly string[]): string {
  if (hosts.length === 0) return text;
  // The longest first: another may be part of it.
  const names = [...hosts]
    .sort((a, b) => b.length - a.length)
    .map((host) => host.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&'));
  const pattern = new RegExp(`(?<![\\p{L}\\p{N}_-])(?:${names.join('|')})(?![\\p{L}\\p{N}_-])`, 'giu');
  return text.replaceAll(pattern, maskedValue);
}

/** Keeps a URL of this machine, without its query; of any other, and of unreadable ones, only the scheme. */
function shownUrl(url: string): string {
  if (!URL.canParse(url)) return `${url.slice(0, url.indexOf(':'))}://${maskedValue}`;
  const { protocol, hostname, port, pathname } = new URL(url);
  if (!isLoopback(hostname)) return `${protocol}//${maskedValue}`;
  return maskSecrets(`${protocol}//${hostname}${port === '' ? '' : `:${port}`}${pathname}`);
}

function statusSections(status: Status): DiagnosticSection[] {
  const { settings, counts, index, tunnel, sending, answering } = status;
  const fit = (text: string): string => fitForReport(text, status);
  const since = 'since' in tunnel ? `, since ${tunnel.since}` : '';
  return [
    {
      title: 'Relay',
      facts: [
        ['version', `${status.version}, protocol ${status.protocolVersion}`],
        ['started', status.startedAt],
        ['data directory', fit(status.dataDir)],
        ['listens at', shownUrl(status.campaignMonitorUrl)],
        ['public URL', status.publicUrl === null ? 'none' : 'yes'],
        ['tunnel', fit(`${tunnel.kind}, ${tunnel.state}${since}${tunnel.reason === '' ? '' : `. ${tunnel.reason}`}`)],
        ['sending', `${sending.state}, held ${inWords(sending.held)}, breakpoints ${sending.breakpoints}`],
        ['answers', answering.state === 'on-purpose' ? `${answering.status} on purpose` : 'as usual'],
        ['clients', String(status.clients)],
        ['counts', inWords(counts)],
        ['index', fit(`${index.events} of ${index.of}${index.failure === null ? '' : `: ${index.failure}`}`)],
      ],
    },
    {
      title: 'Destinations',
      facts: status.destinations.map((each) => {
        const { destinationId, url, mode, detail, waiting, retrying, configured } = each;
        const marks = [
          each.signatureKeyName === undefined ? '' : 'signed',
          each.credentialsName === undefined ? '' : 'with credentials',
          each.insecureTls === true ? 'any certificate' : '',
          configured ? '' : 'no longer in the settings',
        ].filter((mark) => mark !== '');
        const about = [mode, ...stateWords(each), ...marks, `${waiting - retrying} waiting`].join(', ');
        return [destinationId, fit(`${url} ${about}${detail === null ? '' : `: ${detail}`}`)] as const;
      }),
    },
    { title: 'Non-default settings', facts: changedSettings(settings) },
  ];
}

/** The others may name people, hosts or programs. */
const told: readonly (keyof Settings)[] = [
  'retry',
  'concurrency',
  'timeZone',
  'partSize',
  'mapping',
  'retention',
  'maxBodyBytes',
  'maxEvents',
  'maxBodiesBytes',
  'maxUncommitted',
  'keepAliveMinutes',
];

function inWords(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  const members = Array.isArray(value)
    ? value.map(inWords)
    : Object.entries(value).map(([name, each]) => `${name} ${inWords(each)}`);
  return members.length === 0 ? 'none' : members.join(', ');
}

function changedSettings(settings: Settings): [string, string][] {
  const usual = defaultSettings();
  return (Object.keys(settings) as (keyof Settings)[]).flatMap((name): [string, string][] => {
    if (name === 'destinations' || JSON.stringify(settings[name]) === JSON.stringify(usual[name])) return [];
    return [[name, told.includes(name) ? inWords(settings[name]) : 'set']];
  });
}

async function failuresOf(history: Pick<RelayClient, 'request'>, status: Status | null): Promise<DiagnosticSection> {
  const { events } = await history.request('events/query', { filter: 'state:failed', limit: mostErrors });
  const { events: rejected } = await history.request('events/query', { filter: 'kind:rejected', limit: mostErrors });
  return {
    title: 'Recent failures',
    facts: [
      ...events.map(({ id, type, forwardings }) => {
        const { attempts, detail, status: answer } = forwardings.find(({ state }) => state === 'failed') ?? {};
        const why = detail ?? (typeof answer === 'number' ? `answered ${answer}` : 'no answer');
        const text = `${type ?? 'no type'}, failed after ${attempts ?? 0} attempt${attempts === 1 ? '' : 's'}: ${why}`;
        return [id, fitForReport(text, status)] as const;
      }),
      ...rejected.map(
        ({ id, httpStatus, reason }) =>
          [id, fitForReport(`rejected with ${httpStatus}: ${reason ?? 'no reason'}`, status)] as const,
      ),
    ],
  };
}
