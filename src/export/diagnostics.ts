/**
 * How a relay stands, for a bug report: versions, settings, states and the last errors. Nothing of it says who the
 * subscribers are, opens anything, or names a host that is not this machine.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { homedir } from 'node:os';
import { isLoopback } from '../common/loopback.ts';
import { maskedValue } from '../common/masking.ts';
import { withEscapes } from '../common/unprintable.ts';
import type { RelayClient } from '../protocol/relay-client.ts';
import { defaultSettings } from '../protocol/settings.ts';
import type { Settings } from '../protocol/settings.ts';
import type { Status } from '../protocol/status.ts';
import { maskSecrets } from './item.ts';

/** Facts about one thing, each by its name. */
export interface DiagnosticSection {
  readonly title: string;
  readonly facts: readonly (readonly [name: string, value: string])[];
}

/** So many failed events are named, and so many lines of a log. */
const mostErrors = 10;

/**
 * What there is to say of a relay or its history.
 * @param status null where none runs
 * @param history reads the log, whether a relay runs or not; undefined where there is none
 */
export async function relayDiagnostics(
  status: Status | null,
  history: Pick<RelayClient, 'request'> | undefined,
): Promise<DiagnosticSection[]> {
  return [
    ...(status === null ? [] : statusSections(status)),
    ...(history === undefined ? [] : [await failuresOf(history)]),
  ];
}

/** What is wrong with a relay, or keeps something from being sent, with what to do where that is known. */
export function problemsOf(status: Status): string[] {
  const { destinations, tunnel, missingKeys, sending, notices } = status;
  const down = destinations.filter(({ state }) => state === 'down');
  const isOff = tunnel.state === 'failed' || tunnel.state === 'degraded';
  return [
    ...down.map(({ destinationId, url, detail, waiting }) => {
      const why = detail === null ? '' : ` (${detail})`;
      return `destination ${destinationId} is down: ${shownUrl(url)} cannot be reached${why}; ${waiting} waiting`;
    }),
    ...(isOff ? [`the ${tunnel.kind} tunnel is ${tunnel.state}: ${tunnel.reason}`] : []),
    ...missingKeys.map((name) => `what needs the key or credentials "${name}" is held: nobody has given them`),
    ...(sending.state === 'paused' ? ['sending is paused: cm-relay continue sends what is held'] : []),
    ...notices,
  ].map(fitForReport);
}

/** Of a log, so much of its end is read, in bytes. */
const mostOfLog = 262_144;

/** The last errors and warnings of a log. @param file its path; there may be none */
export function logSection(title: string, file: string): DiagnosticSection {
  const lines = endOf(file)
    .split('\n')
    .filter((line) => /\b(?:error|warn(?:ing)?)\b/i.test(line));
  const facts = lines.slice(-mostErrors).map((line) => ['', fitForReport(line)] as const);
  return { title, facts };
}

/** The end of a file; nothing where there is none. */
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

/** Everything as Markdown. */
export function diagnosticsText(title: string, sections: readonly DiagnosticSection[]): string {
  const lines = sections.flatMap(({ title: name, facts }) => [
    '',
    `### ${name}`,
    '',
    ...(facts.length === 0 ? ['- none'] : []),
    ...facts.map(([key, value]) => `- ${key === '' ? '' : `${key}: `}${withEscapes(value)}`),
  ]);
  return `${[`## ${title}`, ...lines].join('\n')}\n`;
}

/** A text without secrets, hosts elsewhere, addresses of people and the user's name in paths. */
export function fitForReport(text: string): string {
  const home = homedir();
  const short = home.length > 1 ? text.replaceAll(home, '~') : text;
  return maskSecrets(short)
    .replaceAll(/\bhttps?:\/\/[^\s"'<>),;]+/gi, shownUrl)
    .replaceAll(/[^\s@"'<>:,]+@[^\s@"'<>:,]+/g, maskedValue);
}

/** A URL of this machine as it is, but for its query; of any other the scheme alone. */
function shownUrl(url: string): string {
  if (!URL.canParse(url)) return url;
  const { protocol, hostname, port, pathname } = new URL(url);
  if (!isLoopback(hostname)) return `${protocol}//${maskedValue}`;
  return maskSecrets(`${protocol}//${hostname}${port === '' ? '' : `:${port}`}${pathname}`);
}

function statusSections(status: Status): DiagnosticSection[] {
  const { settings, counts, index, tunnel, sending } = status;
  const since = 'since' in tunnel ? `, since ${tunnel.since}` : '';
  return [
    {
      title: 'Relay',
      facts: [
        ['version', `${status.version}, protocol ${status.protocolVersion}`],
        ['started', status.startedAt],
        ['data directory', fitForReport(status.dataDir)],
        ['listens at', shownUrl(status.campaignMonitorUrl)],
        ['public URL', status.publicUrl === null ? 'none' : 'yes'],
        ['tunnel', fitForReport(`${tunnel.kind}, ${tunnel.state}${since} ${tunnel.reason}`.trim())],
        ['sending', `${sending.state}, held ${JSON.stringify(sending.held)}, breakpoints ${sending.breakpoints}`],
        ['clients', String(status.clients)],
        ['counts', JSON.stringify(counts)],
        ['index', fitForReport(`${index.events} of ${index.of}${index.failure === null ? '' : `: ${index.failure}`}`)],
      ],
    },
    {
      title: 'Destinations',
      facts: status.destinations.map((each) => {
        const { destinationId, url, mode, state, detail, waiting, configured } = each;
        const marks = [
          each.signatureKeyName === undefined ? '' : 'signed',
          each.credentialsName === undefined ? '' : 'with credentials',
          each.insecureTls === true ? 'any certificate' : '',
          configured ? '' : 'no longer in the settings',
        ].filter((mark) => mark !== '');
        const about = [mode, state, ...marks, `${waiting} waiting`].join(', ');
        return [destinationId, fitForReport(`${url} ${about}${detail === null ? '' : `: ${detail}`}`)] as const;
      }),
    },
    { title: 'Settings that are not the default', facts: changedSettings(settings) },
  ];
}

/** Of settings that name people, places or programs it is said that there are some. */
const told: readonly (keyof Settings)[] = [
  ...(['retry', 'concurrency', 'timeZone', 'partSize', 'mapping', 'retention', 'maxBodyBytes', 'maxEvents'] as const),
  ...(['maxBodiesBytes', 'maxUncommitted', 'keepAliveMinutes'] as const),
];

function changedSettings(settings: Settings): [string, string][] {
  const usual = defaultSettings();
  return (Object.keys(settings) as (keyof Settings)[]).flatMap((name): [string, string][] => {
    if (name === 'destinations' || JSON.stringify(settings[name]) === JSON.stringify(usual[name])) return [];
    return [[name, told.includes(name) ? JSON.stringify(settings[name]) : 'set']];
  });
}

async function failuresOf(history: Pick<RelayClient, 'request'>): Promise<DiagnosticSection> {
  const { events } = await history.request('events/query', { filter: 'state:failed', limit: mostErrors });
  const { events: rejected } = await history.request('events/query', { filter: 'kind:rejected', limit: mostErrors });
  return {
    title: 'Last failures',
    facts: [
      ...events.map(({ id, type, forwardings }) => {
        const { attempts, detail, status } = forwardings.find(({ state }) => state === 'failed') ?? {};
        const why = detail ?? (typeof status === 'number' ? `answered ${status}` : 'no answer');
        return [id, fitForReport(`${type ?? 'no type'}, failed after ${attempts ?? 0} attempts: ${why}`)] as const;
      }),
      ...rejected.map(
        ({ id, httpStatus, reason }) =>
          [id, fitForReport(`rejected with ${httpStatus}: ${reason ?? 'no reason'}`)] as const,
      ),
    ],
  };
}
