import { dirname } from 'node:path';
import { Argument, Option } from 'commander';
import type { Command } from 'commander';
import type { Delivery } from '../../check/messages.ts';
import type { KeptPage, Probe } from '../../check/probe.ts';
import type { Reported } from '../../check/report.ts';
import type { Scenario, ScenarioFile } from '../../check/scenario.ts';
import type { Target } from '../../check/target.ts';
import { reportFlag, withProbeFlags, withTargetFlags } from '../check-flags.ts';
import type { ProbeFlags, ReportFile, TargetFlags } from '../check-flags.ts';
import type * as CheckingModule from '../checking.ts';
import { withHistory } from '../connection.ts';
import { CommandError, UsageError } from '../errors.ts';
import { jsonFlag, newCommand } from '../flags.ts';
import type { CommonOptions } from '../flags.ts';
import { print, printJson } from '../output.ts';
import { count } from '../text.ts';

interface ScenarioOptions extends TargetFlags, ProbeFlags {
  to?: string;
  only?: string;
  allowCommands?: boolean;
  report?: ReportFile[];
  json?: boolean;
}

/** `cm-relay scenario run`. */
export function scenarioCommand(): Command {
  const command = newCommand(
    'scenario',
    'run scenarios of your own',
    'Runs files of scenarios (*.cm-scenario.json): what is sent to your callback, what goes wrong on the way, and what has to come of it. docs/scenarios.md tells how they are written.',
    [
      'Examples:',
      '  cm-relay scenario run tests/*.cm-scenario.json',
      '  cm-relay scenario run twice.cm-scenario.json --to http://localhost:3000/callback',
      '  cm-relay scenario run tests/*.cm-scenario.json --report junit=scenarios.xml',
      '',
      'What a flag says wins over what the file says. A probe of a file that is a command runs only with --allow-commands.',
      'Exits with 0 where nothing failed, with 1 where something did, with 2 for bad usage or a file that cannot be read.',
      '',
      'Next: cm-relay record keeps what came in a file, which a scenario may send.',
    ],
  )
    .addArgument(new Argument('<action>', 'what to do').choices(['run']))
    .addArgument(new Argument('<files...>', 'files of scenarios'))
    .addOption(new Option('--to <url>', 'your callback (default: the destination of the file, or of --config)'));
  return withProbeFlags(withTargetFlags(command))
    .addOption(new Option('--only <text>', 'only scenarios whose names hold this text'))
    .addOption(new Option('--allow-commands', 'run the commands that files name as probes'))
    .addOption(reportFlag())
    .addOption(jsonFlag('one JSON object a line: {"type":"scenario",…} for each, then {"type":"summary",…}'))
    .action(run);
}

type Checking = typeof CheckingModule;

/** A file that was read, and whom its scenarios ask. */
interface Prepared {
  readonly name: string;
  readonly scenarios: readonly Scenario[];
  readonly target: Target;
  readonly probe: Probe | null;
  readonly kept: KeptPage | null;
}

async function run(_action: string, files: string[], options: ScenarioOptions): Promise<void> {
  const [checking, { runScenario }, { newRun, sourcesOf }, { reportedScenario, counts }] = await Promise.all([
    import('../checking.ts'),
    import('../../check/run.ts'),
    import('../../check/sources.ts'),
    import('../../check/report.ts'),
  ]);
  await checking.givenUpByCtrlC(async (signal) => {
    const prepared: Prepared[] = [];
    for (const file of files) prepared.push(await prepare(file, options, checking, signal));
    if (prepared.every(({ scenarios }) => scenarios.length === 0)) {
      throw new UsageError(`--only ${options.only ?? ''}: no scenario has such a name`);
    }
    const reported: Reported[] = [];
    for (const { name, scenarios, ...context } of prepared) {
      if (options.json !== true && scenarios.length > 0) await print(`${name}\n`);
      const fromHistory = (id: string): Promise<Delivery> => deliveryOf(id, options);
      const sources = sourcesOf({ folder: dirname(name), fromHistory });
      const settling = { mostMs: 2000 + options.settle, quietMs: options.settle };
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
    else await print(`\n${checking.countsLine(reported)}\n`);
    if (all.failed > 0) throw new CommandError(`${all.failed} of ${count(reported.length, 'scenario')} failed`);
  });
}

/** A delivery of the history, as a scenario sends it. @throws SourceError */
export async function deliveryOf(id: string, options: CommonOptions): Promise<Delivery> {
  const { SourceError } = await import('../../check/sources.ts');
  return readDelivery(id, options).catch((error: unknown) => {
    throw new SourceError(`${id}: ${(error as Error).message}`);
  });
}

async function readDelivery(id: string, options: CommonOptions): Promise<Delivery> {
  return withHistory(options, async (history) => {
    const { delivery, headers, body } = await history.delivery(
      id.startsWith('d') ? id : (await history.event(id)).delivery.id,
    );
    const contentType = headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? 'application/json';
    return { body: Buffer.from(body, 'base64'), contentType, source: delivery.source };
  });
}

/** @throws UsageError, with the file's name */
async function prepare(
  name: string,
  options: ScenarioOptions,
  checking: Checking,
  signal: AbortSignal,
): Promise<Prepared> {
  const { readScenarioFile, ScenarioFileError } = await import('../../check/scenario-file.ts');
  const { asks } = await import('../../check/run.ts');
  let file: ScenarioFile;
  try {
    ({ file } = await readScenarioFile(name));
  } catch (error) {
    const { message } = error as Error;
    if (error instanceof ScenarioFileError) throw new UsageError(`${name}: ${message}`, error.next);
    throw new UsageError(`${name}: ${message}`);
  }
  const target = targetIn(name, file, options, checking);
  const { probe, kept } = await probesIn(name, file, options, checking, signal);
  const { only } = options;
  const scenarios = file.scenarios.filter((each) => only === undefined || each.name.includes(only));
  for (const [what, asked] of Object.entries({ probe, kept })) {
    const asking = asked === null ? scenarios.find((each) => asks(each, what as 'probe' | 'kept')) : undefined;
    if (asking !== undefined) {
      throw new UsageError(
        `${name}: "${asking.name}" asks "${what}", and neither the file nor a flag names it`,
        `Give --${what} <url>, or "${what}" in the file.`,
      );
    }
  }
  return { name, scenarios, target, probe, kept };
}

function targetIn(name: string, { destination }: ScenarioFile, options: ScenarioOptions, checking: Checking): Target {
  const { to, config } = options;
  // Credentials and keys of the file are for its own URL alone.
  if (to !== undefined || config !== undefined) return checking.targetOf(to, options, process.env);
  if (destination?.url === undefined) {
    throw new UsageError(
      `${name}: it names no destination`,
      'Give --to <url>, or "destination": { "url": … } in the file.',
    );
  }
  const { url, headers = {}, credentials = {}, signatureKey, timeoutMs = 10_000, insecureTls = false } = destination;
  const secret = ({ env }: { env: string }, path: string): string =>
    checking.secretIn(env, `${name}: ${path}`, process.env);
  const { signatureKeyEnv } = options;
  return {
    url: new URL(url),
    headers: [
      ...Object.entries(headers),
      ...Object.entries(credentials).map(([header, at]) => [header, secret(at, `credentials.${header}`)] as const),
    ],
    signatureKey:
      signatureKeyEnv !== undefined
        ? checking.secretIn(signatureKeyEnv, '--signature-key-env', process.env)
        : signatureKey && secret(signatureKey, 'signatureKey'),
    timeoutMs,
    insecureTls,
  };
}

async function probesIn(
  name: string,
  file: ScenarioFile,
  options: ScenarioOptions,
  checking: Checking,
  signal: AbortSignal,
): Promise<{ probe: Probe | null; kept: KeptPage | null }> {
  const given = await checking.probesOf(options, signal);
  const { commandProbe, keptPage, urlProbe } = await import('../../check/probe.ts');
  const headersOf = (headers: Record<string, { env: string }> = {}): Record<string, string> =>
    Object.fromEntries(
      Object.entries(headers).map(([header, { env }]) => [
        header,
        checking.secretIn(env, `${name}: ${header}`, process.env),
      ]),
    );
  let own: Probe | null = null;
  if (given.probe === null && file.probe !== undefined) {
    if ('url' in file.probe) {
      const { url, value, headers } = file.probe;
      try {
        own = urlProbe({ url, value, headers: headersOf(headers) });
      } catch (error) {
        throw new UsageError(`${name}: probe.value: ${(error as Error).message}`);
      }
    } else if (options.allowCommands === true) {
      own = commandProbe(file.probe.command, dirname(name));
    } else {
      throw new UsageError(
        `${name}: its probe is a command: ${file.probe.command.join(' ')}`,
        'Add --allow-commands where you know the file, or name another probe with --probe.',
      );
    }
  }
  const page =
    given.kept === null && file.kept !== undefined
      ? keptPage({ ...file.kept, headers: headersOf(file.kept.headers) })
      : null;
  await checking.tried(own, page, signal);
  return { probe: given.probe ?? own, kept: given.kept ?? page };
}
