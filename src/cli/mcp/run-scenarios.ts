/** Runs a file of scenarios for an assistant: against a destination of the settings, and asking nobody else. */
import { dirname } from 'node:path';
import { keptPage, urlProbe } from '../../check/probe.ts';
import type { KeptPage, Probe } from '../../check/probe.ts';
import { reportedScenario } from '../../check/report.ts';
import type { Reported } from '../../check/report.ts';
import { asks, runScenario } from '../../check/run.ts';
import type { ScenarioFile } from '../../check/scenario.ts';
import { readScenarioFile } from '../../check/scenario-file.ts';
import { newRun, sourcesOf } from '../../check/sources.ts';
import { maskOfRun } from '../../check/target.ts';
import type { SourceOptions } from '../../check/sources.ts';
import type { SecretMask } from '../../common/masking.ts';
import type { Destination } from '../../protocol/settings.ts';
import { UsageError } from '../errors.ts';

/** What a file of scenarios is called. */
const fileName = /\.cm-scenario\.json$/;

/** How long the number of a probe has to stay as it is, and is waited for, in milliseconds. */
const settling = { quietMs: 300, mostMs: 2300 } as const;

export interface ScenarioRun {
  /** The file, named as from the working directory. */
  readonly file: string;
  /** Only scenarios whose names hold this text. */
  readonly only: string | undefined;
  readonly destination: Destination;
  readonly fromHistory: NonNullable<SourceOptions['fromHistory']>;
  /** Gives it up. */
  readonly signal: AbortSignal;
}

/**
 * Runs the scenarios of a file. The destination of the file, its credentials and its key are not used, and its probe
 * only where it is a URL of the destination's origin: whoever wrote the file has nothing sent elsewhere, no environment
 * variable read, and no program run.
 * @returns each with what came of it
 * @throws UsageError where the file cannot be used so
 */
export async function runScenarios({ file, only, destination, fromHistory, signal }: ScenarioRun): Promise<Reported[]> {
  if (!fileName.test(file)) throw new UsageError(`${file}: the name of a file of scenarios ends in .cm-scenario.json`);
  const { file: read } = await readScenarioFile(file);
  const url = new URL(destination.url);
  // No credential and no key is sent: the mask is for what the URL holds.
  const mask = maskOfRun({ url, signatureKey: undefined }, []);
  const { probe, kept } = asked(file, read, url.origin, mask);
  const scenarios = read.scenarios.filter(({ name }) => only === undefined || name.includes(only));
  if (scenarios.length === 0) throw new UsageError(`${file}: no scenario has such a name`);
  for (const [what, given] of Object.entries({ probe, kept })) {
    const one = given === null ? scenarios.find((each) => asks(each, what as 'probe' | 'kept')) : undefined;
    if (one !== undefined) throw new UsageError(`${file}: "${one.name}" asks "${what}", which the file does not name`);
  }
  const target = {
    ...{ url, headers: Object.entries(destination.headers ?? {}), signatureKey: undefined, mask },
    ...{ timeoutMs: destination.timeoutMs, insecureTls: destination.insecureTls === true },
  };
  const sources = sourcesOf({ folder: dirname(file), fromHistory });
  const reported: Reported[] = [];
  for (const scenario of scenarios) {
    const result = await runScenario(scenario, {
      ...{ target, probe, kept, sources, settling, signal },
      run: newRun(),
    });
    reported.push(reportedScenario(file, scenario.why, result));
  }
  return reported;
}

/** The probes of a file, as far as they ask the destination itself. @throws UsageError */
function asked(
  file: string,
  { probe, kept }: ScenarioFile,
  origin: string,
  mask: SecretMask,
): { probe: Probe | null; kept: KeptPage | null } {
  const refuse = (what: string): never => {
    throw new UsageError(
      `${file}: ${what}, which an assistant does not ask`,
      'A person can run it: cm-relay scenario run.',
    );
  };
  const isThere = (url: string): boolean => new URL(url).origin === origin;
  if (probe !== undefined && !('url' in probe)) return refuse('its probe is a command');
  if (probe !== undefined && !isThere(probe.url)) return refuse(`its probe is at ${new URL(probe.url).origin}`);
  if (kept !== undefined && !isThere(kept.url))
    return refuse(`what it keeps is looked for at ${new URL(kept.url).origin}`);
  if (Object.keys({ ...probe?.headers, ...kept?.headers }).length > 0) return refuse('its probe needs credentials');
  return {
    probe: probe === undefined ? null : urlProbe({ url: probe.url, value: probe.value, mask }),
    kept: kept === undefined ? null : keptPage({ url: kept.url, mask }),
  };
}
