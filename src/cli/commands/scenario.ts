import { dirname } from 'node:path';
import type { Command } from 'commander';
import type { RunProbes, SecretsOfFile } from '../../check/run-probes.ts';
import { quietMs, settlingOf } from '../../check/settling.ts';
import type { EnvironmentUse } from '../../check/environment.ts';
import type { Delivery } from '../../check/messages.ts';
import type { Reported } from '../../check/report.ts';
import type { Scenario, ScenarioFile } from '../../check/scenario.ts';
import type { Target } from '../../check/target.ts';
import { reportFlag, withProbeFlags, withTargetFlags } from '../check-flags.ts';
import type { ProbeFlags, ReportFile, TargetFlags } from '../check-flags.ts';
import type * as CheckingModule from '../checking.ts';
import { withHistory } from '../connection.ts';
import { meantBy } from '../chosen.ts';
import { allowUses } from '../consent.ts';
import { CommandError, UsageError } from '../errors.ts';
import { secretIn } from '../secret-variable.ts';
import { callbackUrl } from '../callback-url.ts';
import { checkedBy, jsonFlag, newCommand } from '../flags.ts';
import { print, printJson } from '../terminal/output.ts';
import { count, printable } from '../terminal/text.ts';
import { commandProcess } from '../terminal/command-process.ts';

interface ScenarioOptions extends TargetFlags, ProbeFlags {
  to?: string;
  only?: string;
  allowCommands?: boolean;
  report?: ReportFile[];
  json?: boolean;
}

export function scenarioCommand(): Command {
  const command = newCommand(
    'scenario',
    'run your own scenarios',
    'Runs scenario files (*.cm-scenario.json), which define what to send to your callback, what goes wrong on the way, and what you expect. docs/scenarios.md describes the format.',
    [
      'cm-relay scenario tests/*.cm-scenario.json',
      'cm-relay scenario twice.cm-scenario.json --to http://localhost:3000/callback',
      'cm-relay scenario tests/*.cm-scenario.json --report junit=scenarios.xml',
    ],
    'cm-relay record saves deliveries to a file that a scenario can send.',
    [
      'Flags override the file. A command in a file\'s "probe" runs only with --allow-commands. Environment variables are',
      'sent to URLs in a file only if you confirm or add --allow-env.',
      'Exits with 0 if nothing failed, 1 if something failed, and 2 for a usage error or an unreadable file.',
    ],
  )
    .argument('<files...>', 'scenario files')
    .option('--to <url>', 'your callback (default: the destination in the file or --config)', checkedBy(callbackUrl));
  return withProbeFlags(withTargetFlags(command), String(quietMs / 1000))
    .optionsGroup('Selection and permissions:')
    .option('--only <names>', 'run only scenarios with these names, or parts of names (comma-separated)')
    .option('--allow-commands', 'run commands that files set as "probe"')
    .optionsGroup('Output:')
    .addOption(reportFlag())
    .addOption(
      jsonFlag('print one JSON object per line: {"type":"scenario",…} for each scenario, then {"type":"summary",…}'),
    )
    .action(run);
}

type Checking = typeof CheckingModule;

interface Prepared extends RunProbes {
  readonly name: string;
  readonly scenarios: readonly Scenario[];
  readonly target: Target;
  readonly uses: readonly EnvironmentUse[];
}

async function run(files: string[], options: ScenarioOptions): Promise<void> {
  const [checking, { runScenario }, { deliveryIn, newRun, sourcesOf }, { reportedScenario, counts, countsLine }] =
    await Promise.all([
      import('../checking.ts'),
      import('../../check/run.ts'),
      import('../../check/sources.ts'),
      import('../../check/report.ts'),
    ]);
  await checking.givenUpByCtrlC(async (signal) => {
    await checking.checkReports(options.report);
    const prepared: Prepared[] = [];
    for (const file of files) {
      const one = await prepare(file, options, checking);
      if (one !== undefined) prepared.push(one);
    }
    if (prepared.length === 0)
      throw new UsageError(`--only ${options.only ?? ''}: no scenario name contains this text`);
    const asking = options.allowEnv === true ? [] : prepared.filter(({ uses }) => uses.length > 0);
    const asked = asking.flatMap(({ uses }) => uses);
    const names = asking.map(({ name }) => name);
    await allowUses(names, asked, 'set the URLs with --to, --probe, and --kept');
    for (const each of prepared) await checking.tried(each, signal);
    const reported: Reported[] = [];
    for (const { name, scenarios, ...context } of prepared) {
      if (options.json !== true) await print(`${printable(name)}\n`);
      const fromHistory = (id: string): Promise<Delivery> => withHistory(options, (history) => deliveryIn(history, id));
      const sources = sourcesOf({ folder: dirname(name), fromHistory });
      const settling = settlingOf(options.stableFor);
      for (const scenario of scenarios) {
        const result = await runScenario(scenario, { ...context, sources, run: newRun(), settling, signal });
        const each = reportedScenario(name, scenario.why, result);
        reported.push(each);
        if (options.json === true) await printJson({ type: 'scenario', ...each });
        else await checking.printReported(each);
      }
    }
    await checking.writeReports(options.report ?? [], reported);
    const all = counts(reported);
    if (options.json === true) await printJson({ type: 'summary', ...all });
    else await print(`\n${countsLine(all)}\n`);
    if (all.failed > 0) throw new CommandError(`${all.failed} of ${count(reported.length, 'scenario')} failed`);
  });
}

/** Requests and sends nothing yet. @returns undefined if --only selects none of the scenarios @throws UsageError */
async function prepare(name: string, options: ScenarioOptions, checking: Checking): Promise<Prepared | undefined> {
  const { readScenarioFile, ScenarioFileError } = await import('../../check/scenario-file.ts');
  const { commandOfFile, namedInFile, secretsOfFile, unnamedIn, neededProbes } =
    await import('../../check/run-probes.ts');
  const { environmentUses } = await import('../../check/environment.ts');
  let file: ScenarioFile;
  try {
    ({ file } = await readScenarioFile(name));
  } catch (error) {
    const { message } = error as Error;
    if (error instanceof ScenarioFileError) throw new UsageError(`${name}: ${message}`, error.next);
    throw new UsageError(`${name}: ${message}`);
  }
  const { only, to, config, probe: givenProbe, probeCommand, kept: givenKept, signatureKeyEnv } = options;
  const scenarios = only === undefined ? file.scenarios : meantBy(only, file.scenarios, (each) => each).meant;
  if (scenarios.length === 0) return undefined;
  const isAsked = neededProbes(scenarios);
  const used = {
    destination: to === undefined && config === undefined,
    probe: isAsked.probe && givenProbe === undefined && probeCommand === undefined,
    kept: isAsked.kept && givenKept === undefined,
  };
  const secrets = secretsOfFile(file, used, (variable, place) =>
    checking.headerSecretIn(variable, `${name}: ${place}`, commandProcess().env),
  );
  const target = await targetIn(name, file, options, checking, secrets);
  const given = checking.probesOf(options, target.mask);
  const command = commandOfFile(file, used);
  if (command !== null && options.allowCommands !== true) {
    throw new UsageError(
      `${name}: its "probe" is a command: ${command.join(' ')}`,
      'If you trust the file, add --allow-commands. Or count with a URL instead: --probe <url>.',
    );
  }
  const named = namedInFile(file, used, dirname(name), secrets, target.mask);
  const asked: RunProbes = {
    probe: isAsked.probe ? (given.probe ?? named.probe) : null,
    kept: isAsked.kept ? (given.kept ?? named.kept) : null,
  };
  const unnamed = unnamedIn(scenarios, asked);
  if (unnamed !== undefined) {
    const { scenario, what } = unnamed;
    throw new UsageError(
      `${name}: "${scenario}" needs "${what}", which neither the file nor a flag sets`,
      `Add --${what} <url>, or "${what}" in the file.`,
    );
  }
  const { origin } = target.url;
  const said = [...(used.destination ? [] : [origin]), ...[givenProbe, givenKept].flatMap((url) => originOf(url))];
  const uses = environmentUses(file, used, new Set(said));
  const signs = used.destination && signatureKeyEnv !== undefined && !said.includes(origin);
  return {
    name,
    scenarios,
    target,
    ...asked,
    uses: signs ? [...uses, { variable: signatureKeyEnv, origin }] : uses,
  };
}

function originOf(url: string | undefined): string[] {
  return url === undefined ? [] : [new URL(url).origin];
}

async function targetIn(
  name: string,
  { destination }: ScenarioFile,
  options: ScenarioOptions,
  checking: Checking,
  { destination: credentials, probe, kept }: SecretsOfFile,
): Promise<Target> {
  const { to, config, signatureKeyEnv } = options;
  const further = [...Object.values(probe), ...Object.values(kept)];
  // Credentials and keys of the file are only for its own URL.
  if (to !== undefined || config !== undefined) return checking.targetOf(to, options, commandProcess().env, further);
  if (destination?.url === undefined) {
    throw new UsageError(`${name}: no destination`, 'Add --to <url>, or "destination": { "url": … } in the file.');
  }
  const { url, signatureKey: named } = destination;
  const signatureKey =
    signatureKeyEnv !== undefined
      ? secretIn(signatureKeyEnv, '--signature-key-env', commandProcess().env)
      : named && secretIn(named.env, `${name}: signatureKey`, commandProcess().env);
  const { targetTo } = await import('../../check/target.ts');
  return targetTo({ ...destination, url }, { credentials, signatureKey, further });
}
