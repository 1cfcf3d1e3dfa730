import { Option, type Command } from 'commander';
import { z } from 'zod';
import type { CheckResult, Removal } from '../../check/check.ts';
import { allChecksMs, answerWithinMs, removalMs, settlingOf } from '../../check/settling.ts';
import type { Reported } from '../../check/report.ts';
import type { Outcome } from '../../check/run.ts';
import type { Check } from '../../check/suite.ts';
import { reportFlag, withProbeFlags, withTargetFlags } from '../check-flags.ts';
import type { ProbeFlags, ReportFile, TargetFlags } from '../check-flags.ts';
import { meantBy } from '../chosen.ts';
import { CommandError, UsageError } from '../errors.ts';
import { callbackUrl } from '../callback-url.ts';
import { checkedBy, jsonFlag, newCommand, seconds, wholeNumber } from '../flags.ts';
import { note, print, printJson } from '../terminal/output.ts';
import { count, duration, pad } from '../terminal/text.ts';
import { commandProcess } from '../terminal/command-process.ts';

interface CheckOptions extends TargetFlags, ProbeFlags {
  only?: string;
  except?: string;
  strict?: boolean;
  keep?: boolean;
  /** In milliseconds. */
  maxAnswerTime: number;
  timeout: number;
  report?: ReportFile[];
  listChecks?: boolean;
  json?: boolean;
}

export function checkCommand(): Command {
  const command = newCommand(
    'check',
    'check whether your callback is ready for real traffic',
    "Sends your callback what real traffic brings: duplicate, late, and out-of-order notifications, batches of 1,000, forged signatures, and cut or slow connections. For each check, shows what happened, why it matters, and what to do. Sends notifications only to your callback; you don't need a relay, an account, or a network.",
    [
      'cm-relay check http://localhost:3000/callback',
      'cm-relay check http://localhost:3000/callback --probe http://localhost:3000/contacts/count \\',
      '  --probe-value answer.json.count --kept http://localhost:3000/contacts',
      'CALLBACK_KEY=… cm-relay check http://localhost:3000/callback --signature-key-env CALLBACK_KEY',
      'cm-relay check http://localhost:3000/callback --only same-event-twice,large-batch',
      'cm-relay check http://localhost:3000/callback --except large-batch --strict',
      'cm-relay check --config cm-relay.config.json --destination staging --report junit=check.xml',
      'cm-relay check --list-checks                         shows the checks and why they matter',
    ],
    'docs/check.md lists all checks; cm-relay scenario runs your own.',
    [
      "From outside, a check can't tell if your callback processed an event once, twice, or never. --probe gives the number",
      'of contacts before and after; --kept shows the data your callback keeps. Without them, some checks are "undecided".',
      '',
      'Sends events for about 1,300 made-up contacts, whose addresses contain "check-" and the run ID. At the end, sends a',
      'Deactivate for each contact; --keep leaves the contacts in place.',
      'Exits with 0 if no check failed, 1 if one failed, and 2 for a usage error.',
    ],
  ).argument('[url]', 'your callback (default: the destination in --config)', checkedBy(callbackUrl));
  return withProbeFlags(withTargetFlags(command), 'measured with the first notification')
    .optionsGroup('Selection:')
    .option('--only <checks>', 'run only these checks (comma-separated IDs or names)')
    .option('--except <checks>', 'skip these checks (comma-separated IDs or names)')
    .option('--list-checks', 'list the checks without sending anything')
    .optionsGroup('Limits:')
    .option('--strict', 'also fail if a check is undecided, or skipped because time ran out')
    .option('--keep', 'keep the made-up contacts in your callback; send no Deactivate at the end')
    .addOption(
      new Option('--max-answer-time <s>', 'time limit for the first answer and for 99 of 100 answers, in seconds')
        .default(answerWithinMs, String(answerWithinMs / 1000))
        .argParser(seconds(0.001, 600)),
    )
    .addOption(
      new Option('--timeout <s>', "time limit for all checks, in seconds; checks that don't start in time are skipped")
        .default(allChecksMs / 1000)
        .argParser(wholeNumber(z.int().min(1).max(86_400))),
    )
    .optionsGroup('Output:')
    .addOption(reportFlag())
    .addOption(jsonFlag('print one JSON object per line: {"type":"check",…} for each check, then {"type":"summary",…}'))
    .action(check);
}

function chosen(all: readonly Check[], { only, except }: CheckOptions): readonly Check[] {
  const [kept = all, left = []] = [only, except].map((text, index) => {
    if (text === undefined) return undefined;
    const { meant, unknown } = meantBy(text, all, ({ id, title }) => ({ id, name: title }));
    if (unknown === undefined) return meant;
    throw new UsageError(
      `${index === 0 ? '--only' : '--except'} ${unknown}: no such check`,
      `Available: ${all.map(({ id }) => id).join(', ')}`,
    );
  });
  const checks = all.filter((each) => kept.includes(each) && !left.includes(each));
  if (checks.length === 0) throw new UsageError('--except: no checks left to run');
  return checks;
}

async function check(url: string | undefined, options: CheckOptions): Promise<void> {
  const [{ checksFor }, engine, report, { newRun, sourcesOf, withNote }, { noveltyTracker }, checking] =
    await Promise.all([
      import('../../check/suite.ts'),
      import('../../check/check.ts'),
      import('../../check/report.ts'),
      import('../../check/sources.ts'),
      import('../../check/causes.ts'),
      import('../checking.ts'),
    ]);
  const { reportedCheck, counts, countsLine, withoutDetails } = report;
  const checks = chosen(checksFor({ answerWithinMs: options.maxAnswerTime }), options);
  if (options.listChecks === true) {
    for (const { id, title, why, platform, basis, fix, needsKey } of checks) {
      if (options.json === true)
        await printJson({ type: 'check', id, title, why, platform, basis, mend: fix, needsKey });
      else await print(`${pad(id, 23)} ${title}\n${' '.repeat(24)}${why}\n`);
    }
    return;
  }
  const target = await checking.targetOf(url, options, commandProcess().env);
  const probes = checking.probesOf(options, target.mask);
  await checking.givenUpByCtrlC(async (signal) => {
    await checking.checkReports(options.report);
    await checking.tried(probes, signal);
    const run = newRun();
    const { sources, addresses } = withNote(sourcesOf({ folder: null, fromHistory: null }));
    const context = { ...probes, target, run, signal, sources, settling: settlingOf(options.stableFor) };
    note(`Checking ${checking.shownUrl(target.url)}: ${count(checks.length, 'check')} (run ID ${run.token}).`);
    note(saidLimit(options));
    // Print in order, however slow the reader is.
    let printed = Promise.resolve();
    const newsOf = noveltyTracker();
    /** Ctrl-C cancels the checks, but not this. */
    const removeMade = async (): Promise<Removal> =>
      engine.removeContacts([...addresses.values()], { ...context, signal: new AbortController().signal });
    const onCancel = async (): Promise<never> => {
      if (options.keep !== true) note('Removing the made-up contacts. To stop at once, press Ctrl-C again.');
      if (addresses.size > 0)
        note(saidRemoval(options.keep === true ? null : await removeMade(), addresses.size, run.token));
      throw new CommandError('canceled');
    };
    const checked = engine.runChecks(checks, context, {
      timeoutMs: options.timeout * 1000,
      isSettlingGiven: options.stableFor !== undefined,
      onSlow: (workMs, settling) => {
        note(
          `Your callback continues processing for ${duration(workMs)} after it answers, so the count must stay unchanged for ${duration(settling.quietMs)}. To change this, use --stable-for <s>.`,
        );
      },
      onResult: (result) => {
        const reported = reportedCheck(result);
        const { isNews, causes } = newsOf(result);
        // Print causes first: they may be why the check failed.
        for (const cause of causes) note(`Fix this first: ${cause}.`);
        const shown = isNews ? reported : withoutDetails(reported);
        printed = printed.then(() =>
          options.json === true ? printJson({ type: 'check', ...reported }) : checking.printReported(shown),
        );
      },
    });
    const results = await checked.catch((error: unknown) => {
      if (signal.aborted) return onCancel();
      throw error;
    });
    await printed;
    const reported = results.map((each) => reportedCheck(each));
    await checking.writeReports(options.report ?? [], reported, options.strict);
    const absent = results.find(({ skipped }) => skipped === 'nothing-listens')?.reason;
    const isLeft = options.keep === true || absent != null;
    const removal = isLeft ? null : await removeMade();
    const all = counts(reported);
    if (options.json === true) await printJson({ type: 'summary', run: run.token, ...all, removal });
    else await print(`\n${countsLine(all)}\n`);
    if (absent != null) {
      throw new CommandError(absent, 'Start your callback, and then run the check again. Nothing was sent.');
    }
    note(saidRemoval(removal, addresses.size, run.token));
    if (all.undecided > 0 && options.json !== true) note(whatDecides(options));
    refuse(results, reported, options);
  });
}

function saidLimit({ timeout, keep }: CheckOptions): string {
  const removal = keep === true ? '' : `, plus up to ${duration(removalMs)} to remove the made-up contacts`;
  return `Takes ${duration(timeout * 1000)} at most${removal}.`;
}

function saidRemoval(removal: Removal | null, made: number, token: string): string {
  if (removal === null)
    return `Left ${count(made, 'made-up contact')} in your callback. Each address contains "check-${token}".`;
  const { addresses, refused } = removal;
  const left = `Sent a Deactivate for ${addresses === 1 ? '' : 'each of '}${count(addresses, 'made-up contact')}.`;
  return refused === 0
    ? left
    : `${left} Your callback did not accept the Deactivate for ${refused} of them; their addresses contain "check-${token}".`;
}

function refuse(results: readonly CheckResult[], reported: readonly Reported[], { strict }: CheckOptions): void {
  const idsOf = (outcome: Outcome): string[] => reported.filter((each) => each.outcome === outcome).map(({ id }) => id);
  const [failed, undecided] = [idsOf('failed'), idsOf('undecided')];
  const again = (id: string | undefined): string =>
    `Fix a problem, and then run its check again: cm-relay check … --only ${id ?? ''}`;
  if (failed.length > 0) {
    throw new CommandError(`${failed.length} of ${count(results.length, 'check')} failed`, again(failed[0]));
  }
  if (strict !== true) return;
  if (undecided.length > 0) {
    const what = `${undecided.length} of ${count(results.length, 'check')} undecided, which --strict counts as failed`;
    throw new CommandError(what, `To skip them: cm-relay check … --except ${undecided.join(',')}`);
  }
  const missed = results.filter(({ outcome, skipped }) => outcome === 'skipped' && skipped !== 'no-key').length;
  if (missed > 0)
    throw new CommandError(
      `${missed} of ${count(results.length, 'check')} not run`,
      'Allow more time with --timeout <s>.',
    );
}

function whatDecides({ probe, probeCommand, kept }: CheckOptions): string {
  const flags = [
    ...(probe === undefined && probeCommand === undefined ? ['--probe <url> for the number of contacts'] : []),
    ...(kept === undefined ? ['--kept <url> for the data your callback keeps'] : []),
  ];
  return flags.length === 0
    ? 'For the reasons, see the checks above.'
    : `To decide these checks, add ${flags.join(' and ')}.`;
}
