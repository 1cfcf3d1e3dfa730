/** Whom scenarios ask what a callback has made of what it was sent, and what a file of them says of that. */
import type { SecretMask } from '../common/masking.ts';
import type { UsedParts } from './environment.ts';
import { commandProbe, keptPage, urlProbe } from './probe.ts';
import type { KeptPage, Probe } from './probe.ts';
import { asks } from './run.ts';
import type { Scenario, ScenarioFile } from './scenario.ts';

/** Whom a run asks; null: nobody. */
export interface RunProbes {
  readonly probe: Probe | null;
  readonly kept: KeptPage | null;
}

/** Whether any of some scenarios asks the probe, and the page that shows what is kept. */
export function neededProbes(scenarios: readonly Scenario[]): Readonly<Record<keyof RunProbes, boolean>> {
  const isAsked = (what: keyof RunProbes): boolean => scenarios.some((each) => asks(each, what));
  return { probe: isAsked('probe'), kept: isAsked('kept') };
}

/** The first scenario that asks what nobody is named for; undefined where there is none. */
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

/** Asks both once: one that does not work is no matter of the callback's. @throws ProbeError */
export async function tryOnce({ probe, kept }: RunProbes, signal: AbortSignal): Promise<void> {
  await probe?.read(signal);
  await kept?.missing([], signal);
}

/** Headers by their names, and what they hold. */
type Headers = Readonly<Record<string, string>>;

/** The secrets that a file has sent, by whom they are for. */
export type SecretsOfFile = Readonly<Record<keyof UsedParts, Headers>>;

/**
 * The headers with secrets that a file names, of the parts that are used.
 * @param read gives a variable of the environment as a header's value; `place` is where the file names it, such as
 *   `probe.headers.Authorization`
 */
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

/**
 * Whom a file names, of the parts that are used.
 * @param folder where a command runs
 * @param mask the run's
 */
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

/** The program that a file would have run; null where it names none, or it is not used. */
export function commandOfFile({ probe }: ScenarioFile, used: UsedParts): readonly string[] | null {
  return used.probe && probe !== undefined && 'command' in probe ? probe.command : null;
}
