import { tryOnce, type RunProbes } from '../check/run-probes.ts';
import { commandProbe, keptPage, ProbeError, urlProbe, type Probe } from '../check/probe.ts';
import { detailLines, outcomeWord, toJson, toJUnit, type Reported } from '../check/report.ts';
import { targetTo, type Target } from '../check/target.ts';
import { ExpressionError } from '../common/expressions/expressions.ts';
import type { SecretMask } from '../common/masking.ts';
import { isSameUrl } from '../common/same-url.ts';
import { checkUserFile, writeUserFile } from '../common/user-file.ts';
import { destinationSchema, type Destination } from '../protocol/settings.ts';
import type { ProbeFlags, ReportFile, TargetFlags } from './check-flags.ts';
import { asHeader, readConfig, type Config } from './config.ts';
import { allowUses } from './consent.ts';
import { CommandError, UsageError } from './errors.ts';
import { secretIn } from './secret-variable.ts';
import { print } from './terminal/output.ts';
import { duration, printable, widthOf } from './terminal/text.ts';
import { commandProcess, styleText, interrupted } from './terminal/command-process.ts';

/**
 * @param url undefined for the destination in --config
 * @param further secrets to mask that are sent elsewhere, such as to a probe
 * @throws UsageError; CommandError if the user doesn't allow what the file sends there
 */
export async function targetOf(
  url: string | undefined,
  flags: TargetFlags,
  environment: NodeJS.ProcessEnv,
  further: readonly string[] = [],
): Promise<Target> {
  const config = flags.config === undefined ? undefined : readConfig(flags.config, environment);
  const destination = destinationOf(url, flags, config);
  const credentials =
    destination.credentialsName === undefined ? {} : config?.secrets.credentials?.[destination.credentialsName];
  if (credentials === undefined) {
    throw new UsageError(
      `--config ${flags.config ?? ''}: the destination uses credentials "${destination.credentialsName ?? ''}", which the file does not define`,
      `Define "${destination.credentialsName ?? ''}" under credentials in the file, or correct the name.`,
    );
  }
  const signatureKey = signatureKeyOf(destination, flags, config, environment);
  if (url === undefined && flags.allowEnv !== true) {
    const uses = config?.uses?.filter(({ origin }) => origin === new URL(destination.url).origin);
    await allowUses([flags.config ?? ''], uses ?? [], 'give the URL on the command line');
  }
  return targetTo(destination, { credentials, signatureKey, further });
}

function destinationOf(url: string | undefined, flags: TargetFlags, config: Config | undefined): Destination {
  if (url !== undefined) {
    if (flags.destination !== undefined) throw new UsageError('use either a URL or --destination, not both');
    const known = config?.settings.destinations?.find((each) => isSameUrl(each.url, url));
    return known ?? destinationSchema.parse({ url });
  }
  const all = config?.settings.destinations ?? [];
  if (config === undefined || all.length === 0) {
    throw new UsageError(
      config === undefined ? 'missing callback URL' : `--config ${flags.config ?? ''}: no destinations in this file`,
      'Give a callback URL, such as http://localhost:3000/callback',
    );
  }
  const named = all.filter(
    ({ id, url }) => flags.destination === undefined || flags.destination === id || isSameUrl(url, flags.destination),
  );
  const [first, second] = named;
  const available = `Available: ${all.map(({ id, url }) => id ?? url).join(', ')}`;
  if (first === undefined)
    throw new UsageError(`--destination ${flags.destination ?? ''}: no such destination in --config`, available);
  if (second !== undefined) {
    throw new UsageError(
      flags.destination === undefined
        ? `--config has ${all.length} destinations: choose one with --destination`
        : `--destination ${flags.destination}: matches more than one destination in --config`,
      available,
    );
  }
  return first;
}

function signatureKeyOf(
  { signatureKeyName }: Destination,
  { signatureKeyEnv }: TargetFlags,
  config: Config | undefined,
  environment: NodeJS.ProcessEnv,
): string | undefined {
  if (signatureKeyEnv !== undefined) return secretIn(signatureKeyEnv, '--signature-key-env', environment);
  if (signatureKeyName === undefined) return undefined;
  const key = config?.secrets.signatureKeys?.[signatureKeyName];
  if (key === undefined) {
    throw new UsageError(
      `--config: the destination uses key "${signatureKeyName}", which the file does not define`,
      `Define "${signatureKeyName}" under signatureKeys in the file, or correct the name.`,
    );
  }
  return key;
}

/** @throws UsageError if the variable is not set, or contains characters that a header cannot */
export function headerSecretIn(name: string, who: string, environment: NodeJS.ProcessEnv): string {
  return asHeader(secretIn(name, who, environment), `${who} ${name}: environment variable ${name}`);
}

export function probesOf(flags: ProbeFlags, mask: SecretMask): RunProbes {
  const { probe: url, probeValue: value, probeCommand, kept } = flags;
  if (url !== undefined && probeCommand !== undefined)
    throw new UsageError('use either --probe or --probe-command, not both');
  if (value !== undefined && url === undefined) throw new UsageError('--probe-value requires --probe');
  let probe: Probe | null = null;
  try {
    if (url !== undefined) probe = urlProbe({ url, value, mask });
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    throw new UsageError(`--probe-value: ${error.message}`, 'For example: answer.json.count');
  }
  if (probeCommand !== undefined) probe = commandProbe(probeCommand, process.cwd(), mask);
  return { probe, kept: kept === undefined ? null : keptPage({ url: kept, mask }) };
}

export async function tried(asked: RunProbes, signal: AbortSignal): Promise<void> {
  try {
    await tryOnce(asked, signal);
  } catch (error) {
    if (!(error instanceof ProbeError)) throw error;
    throw new CommandError(
      error.message,
      error.next ?? 'Check that the URL or command works. Nothing has been sent to your callback.',
    );
  }
}

/** @throws CommandError after Ctrl-C */
export async function givenUpByCtrlC<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  void interrupted().then(() => stop.abort());
  try {
    return await work(stop.signal);
  } catch (error) {
    if (stop.signal.aborted && !(error instanceof CommandError))
      throw new CommandError('canceled; events already sent are not removed');
    throw error;
  }
}

/** Leaves out the parts of a URL that may contain a secret. */
export function shownUrl({ origin, pathname }: URL): string {
  return `${origin}${pathname}`;
}

const colors = { passed: 'green', failed: 'red', undecided: 'yellow', skipped: 'dim' } as const;

export async function printReported(reported: Reported, name = reported.id): Promise<void> {
  const { stdout } = commandProcess();
  const { outcome, title, ms, id } = reported;
  const word = styleText(colors[outcome], outcomeWord(outcome));
  const took = outcome === 'skipped' ? '' : `  ${duration(ms)}`;
  await print(`${word} ${printable(name)}${title === id ? '' : `: ${printable(title)}`}${took}\n`);
  if (outcome === 'passed') return;
  const width = Math.max(40, Math.min(widthOf(stdout), stdout.isTTY ? 110 : 100)) - 12;
  for (const line of detailLines(reported, width)) await print(`          ${printable(line)}\n`);
}

const reportAdvice = 'Choose another file with --report.';

export async function checkReports(files: readonly ReportFile[] = []): Promise<void> {
  for (const { file } of files) await checkUserFile(file, reportAdvice);
}

/** @param isStrict whether JUnit's XML reports an undecided check as failed @throws UserFileError */
export async function writeReports(
  files: readonly ReportFile[],
  reported: readonly Reported[],
  isStrict = false,
): Promise<void> {
  const strictly = reported.map((each) =>
    isStrict && each.outcome === 'undecided' ? { ...each, outcome: 'failed' as const } : each,
  );
  for (const { kind, file } of files) {
    const text = kind === 'junit' ? toJUnit(strictly) : toJson(reported);
    await writeUserFile(file, [text], reportAdvice);
  }
}
