import type { SecretMask } from '../common/masking.ts';
import type { UsedParts } from './environment.ts';
import { commandProbe, keptPage, urlProbe, type KeptPage, type Probe } from './probe.ts';
import { asks } from './run.ts';
import type { Scenario, ScenarioFile } from './scenario.ts';

export interface RunProbes {
  readonly probe: Probe | null;
  readonly kept: KeptPage | null;
}

export function neededProbes(scenarios: readonly Scenario[]): Readonly<Record<keyof RunProbes, boolean>> {
  const isAsked = (what: keyof RunProbes): boolean => scenarios.some((each) => asks(each, what));
  return { probe: isAsked('probe'), kept: isAsked('kept') };
}

export function unnamedIn(
  scenarios: readonly Scenario[],
  asked: RunProbes,
): { readonly scenario: string; readonly what: keyof RunProbes } | undefined {
  for (const what of ['probe', 'kept'] as const) {
    const asking = asked[what] === null ? scenarios.find((each) => asks(each, what)) : undefined;
    if (asking !== undefined) return { scenario: asking.name, what };
  }
  return undefined;
}

/** Notices a broken one before it is taken for a fault of the callback. @throws ProbeError */
export async function tryOnce({ probe, kept }: RunProbes, signal: AbortSignal): Promise<void> {
  await probe?.read(signal);
  await kept?.missing([], signal);
}

type Headers = Readonly<Record<string, string>>;

export type SecretsOfFile = Readonly<Record<keyof UsedParts, Headers>>;

/** Reads the credential headers that a file names. `place` is such as `probe.headers.Authorization`. */
export function secretsOfFile(
  { destination, probe, kept }: ScenarioFile,
  used: UsedParts,
  read: (variable: string, place: string) => string,
): SecretsOfFile {
  const headers = (named: Readonly<Record<string, { readonly env: string }>> = {}, place: string): Headers =>
    Object.fromEntries(Object.entries(named).map(([header, { env }]) => [header, read(env, `${place}.${header}`)]));
  return {
    probe: headers(used.probe && probe !== undefined && 'url' in probe ? probe.headers : {}, 'probe.headers'),
    kept: headers(used.kept ? kept?.headers : {}, 'kept.headers'),
    destination: headers(
      used.destination && destination?.url !== undefined ? destination.credentials : {},
      'credentials',
    ),
  };
}

export function namedInFile(
  { probe, kept }: ScenarioFile,
  used: UsedParts,
  folder: string,
  secrets: SecretsOfFile,
  mask: SecretMask,
): RunProbes {
  const probeOf = (named: NonNullable<typeof probe>): Probe =>
    'url' in named
      ? urlProbe({ url: named.url, value: named.value, headers: secrets.probe, mask })
      : commandProbe(named.command, folder, mask);
  return {
    probe: used.probe && probe !== undefined ? probeOf(probe) : null,
    kept: used.kept && kept !== undefined ? keptPage({ url: kept.url, headers: secrets.kept, mask }) : null,
  };
}

export function commandOfFile({ probe }: ScenarioFile, used: UsedParts): readonly string[] | null {
  return used.probe && probe !== undefined && 'command' in probe ? probe.command : null;
}
