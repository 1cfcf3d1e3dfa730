import { dirname } from 'node:path';
import { namedInFile, unnamedIn, type RunProbes } from '../../check/run-probes.ts';
import { settlingOf } from '../../check/settling.ts';
import { reportedScenario, type Reported } from '../../check/report.ts';
import { runScenario } from '../../check/run.ts';
import type { ScenarioFile } from '../../check/scenario.ts';
import { readScenarioFile } from '../../check/scenario-file.ts';
import { deliveryIn, newRun, sourcesOf } from '../../check/sources.ts';
import type { AssistantSource } from './source.ts';
import { targetTo } from '../../check/target.ts';
import type { SecretMask } from '../../common/masking.ts';
import type { Destination } from '../../protocol/settings.ts';
import { UsageError } from '../errors.ts';

const fileName = /\.cm-scenario\.json$/;

export interface ScenarioRun {
  readonly file: string;
  readonly only: string | undefined;
  readonly destination: Destination;
  readonly history: AssistantSource;
  readonly signal: AbortSignal;
}

/**
 * Ignores the file's destination, credentials and key, and uses its probe only at the destination's origin: the file's
 * author can't send anything elsewhere, read an environment variable or run a program.
 * @throws UsageError if the file cannot be used like this
 */
export async function runScenarios({ file, only, destination, history, signal }: ScenarioRun): Promise<Reported[]> {
  if (!fileName.test(file)) throw new UsageError(`${file}: a scenario file's name must end with .cm-scenario.json`);
  const { file: read } = await readScenarioFile(file);
  // No credentials or keys are sent: the mask is for secrets in the URL.
  const target = targetTo(destination);
  const asked = askedOf(file, read, target.url.origin, target.mask);
  const scenarios = read.scenarios.filter(({ name }) => only === undefined || name.includes(only));
  if (scenarios.length === 0) throw new UsageError(`${file}: no scenario name contains the text of "only"`);
  const unnamed = unnamedIn(scenarios, asked);
  if (unnamed !== undefined) {
    throw new UsageError(`${file}: "${unnamed.scenario}" needs "${unnamed.what}", which the file does not set`);
  }
  const sources = sourcesOf({ folder: dirname(file), fromHistory: (id) => deliveryIn(history, id) });
  const reported: Reported[] = [];
  for (const scenario of scenarios) {
    const result = await runScenario(scenario, {
      ...asked,
      target,
      sources,
      settling: settlingOf(),
      signal,
      run: newRun(),
    });
    reported.push(reportedScenario(file, scenario.why, result));
  }
  return reported;
}

function askedOf(file: string, read: ScenarioFile, origin: string, mask: SecretMask): RunProbes {
  const { probe, kept } = read;
  const refuse = (what: string): never => {
    throw new UsageError(
      `${file}: ${what}, which an assistant may not use`,
      'A person can run the file with cm-relay scenario.',
    );
  };
  const isThere = (url: string): boolean => new URL(url).origin === origin;
  if (probe !== undefined && !('url' in probe)) return refuse('its "probe" is a command');
  if (probe !== undefined && !isThere(probe.url)) return refuse(`its "probe" URL is on ${new URL(probe.url).origin}`);
  if (kept !== undefined && !isThere(kept.url)) return refuse(`its "kept" URL is on ${new URL(kept.url).origin}`);
  if (Object.keys({ ...probe?.headers, ...kept?.headers }).length > 0)
    return refuse('its "probe" or "kept" URL needs credentials');
  const used = { destination: false, probe: true, kept: true };
  return namedInFile(read, used, dirname(file), { destination: {}, probe: {}, kept: {} }, mask);
}
