import { Argument, InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import { z } from 'zod';
import { allChecksMs, answerWithinMs, settlingOf } from '../../check/defaults.ts';
import { reportFlag, withProbeFlags, withTargetFlags } from '../check-flags.ts';
import type { ProbeFlags, ReportFile, TargetFlags } from '../check-flags.ts';
import { CommandError, UsageError } from '../errors.ts';
import { jsonFlag, newCommand, wholeNumber } from '../flags.ts';
import { note, print, printJson } from '../terminal/output.ts';
import { count, duration, pad } from '../terminal/text.ts';

interface CheckOptions extends TargetFlags, ProbeFlags {
  only?: string[];
  answerWithin: number;
  timeout: number;
  report?: ReportFile[];
  list?: boolean;
  json?: boolean;
}

/** `cm-relay check`. */
export function checkCommand(): Command {
  const command = newCommand(
    'check',
    'find out whether your callback is ready',
    'Sends your callback what real traffic has in store for it: notifications twice, late, out of order, in batches of 1,000, with forged signatures, cut and slow; and says of each what came of it, why it matters and what to do. Needs no relay, no account and no network: it sends to that URL alone.',
    [
      'Examples:',
      '  cm-relay check http://localhost:3000/callback',
      '  cm-relay check http://localhost:3000/callback --probe http://localhost:3000/contacts/count \\',
      '    --probe-value answer.json.count --kept http://localhost:3000/contacts',
      '  CALLBACK_KEY=… cm-relay check http://localhost:3000/callback --signature-key-env CALLBACK_KEY',
      '  cm-relay check http://localhost:3000/callback --only same-event-twice,large-batch',
      '  cm-relay check --config cm-relay.config.json --destination staging --report junit=check.xml',
      '  cm-relay check --list                                what there is, and why it matters',
      '',
      'Whether something was processed twice, or at all, cannot be seen from outside: --probe tells how many contacts there',
      'are before and after, --kept what is known of them. Without them such checks are "undecided".',
      '',
      'It leaves some 1,300 made-up contacts behind, whose addresses hold "check-" and the letters of the run.',
      'Exits with 0 where nothing failed, with 1 where something did, with 2 for bad usage.',
      '',
      'Next: docs/check.md has every check in a table; cm-relay scenario runs those of your own.',
    ],
  ).addArgument(new Argument('[url]', 'your callback (default: the destination of --config)'));
  return withProbeFlags(withTargetFlags(command))
    .addOption(
      new Option('--only <ids>', 'these checks alone, by their ids, with commas').argParser((value) =>
        value.split(',').map((id) => {
          if (id.trim() === '') throw new InvalidArgumentError('expected ids with commas; --list has them.');
          return id.trim();
        }),
      ),
    )
    .addOption(
      new Option('--answer-within <ms>', 'how fast 99 of 100 answers, and the first, have to be')
        .default(answerWithinMs)
        .argParser(wholeNumber(z.int().min(1).max(600_000))),
    )
    .addOption(
      new Option('--timeout <s>', 'how long all checks may take, in seconds; what is left then is skipped')
        .default(allChecksMs / 1000)
        .argParser(wholeNumber(z.int().min(1).max(86_400))),
    )
    .addOption(reportFlag())
    .addOption(new Option('--list', 'show the checks, and send nothing'))
    .addOption(jsonFlag('one JSON object a line: {"type":"check",…} for each, then {"type":"summary",…}'))
    .action(check);
}

async function check(url: string | undefined, options: CheckOptions): Promise<void> {
  const [
    { checksFor },
    { runChecks },
    report,
    { newRun, sourcesOf },
    { newsTeller },
    { costOf },
    { textOf },
    checking,
  ] = await Promise.all([
    import('../../check/suite.ts'),
    import('../../check/check.ts'),
    import('../../check/report.ts'),
    import('../../check/sources.ts'),
    import('../../check/causes.ts'),
    import('../../check/cost.ts'),
    import('../../check/words.ts'),
    import('../checking.ts'),
  ]);
  const { reportedCheck, counts, countsLine, withoutDetails } = report;
  const all = checksFor({ answerWithinMs: options.answerWithin });
  const { only } = options;
  const unknown = only?.find((id) => !all.some((each) => each.id === id));
  if (unknown !== undefined) {
    throw new UsageError(
      `--only ${unknown}: there is no such check`,
      `There are: ${all.map(({ id }) => id).join(', ')}`,
    );
  }
  const checks = all.filter(({ id }) => only?.includes(id) !== false);
  if (options.list === true) {
    for (const { id, title, why, platform, basis, mend, needsKey } of checks) {
      if (options.json === true) await printJson({ type: 'check', id, title, why, platform, basis, mend, needsKey });
      else await print(`${pad(id, 22)} ${title}\n${' '.repeat(23)}${why}\n`);
    }
    return;
  }
  const target = checking.targetOf(url, options, process.env);
  const probes = checking.probesOf(options, target.mask);
  await checking.givenUpByCtrlC(async (signal) => {
    await checking.tried(probes, signal);
    const run = newRun();
    const context = {
      ...probes,
      target,
      run,
      signal,
      sources: sourcesOf({ folder: null, fromHistory: null }),
      settling: settlingOf(options.settle),
    };
    note(`Checking ${checking.shownUrl(target.url)}: ${count(checks.length, 'check')}, run ${run.token}.`);
    const has = { probe: probes.probe !== null, kept: probes.kept !== null, key: target.signatureKey !== undefined };
    const { leastMs, mostMs } = costOf(checks, { has, settling: context.settling });
    const limit = duration(options.timeout * 1000);
    note(
      `Takes ${duration(leastMs)} to ${duration(mostMs)}, plus the time your callback takes to answer; ${limit} at most.`,
    );
    // Printed one behind the other, whoever reads them.
    let printed = Promise.resolve();
    const newsOf = newsTeller();
    const results = await runChecks(checks, context, {
      timeoutMs: options.timeout * 1000,
      onResult: (result) => {
        const reported = reportedCheck(result);
        const { isNews, causes } = newsOf(result);
        // What is to be mended first comes before what it may have made fail.
        for (const cause of causes) note(`Look at this first: ${textOf(cause)}.`);
        const shown = isNews ? reported : withoutDetails(reported);
        printed = printed.then(() =>
          options.json === true ? printJson({ type: 'check', ...reported }) : checking.printReported(shown),
        );
      },
    });
    await printed;
    const reported = results.map((each) => reportedCheck(each));
    await checking.writeReports(options.report ?? [], reported);
    const all = counts(reported);
    if (options.json === true) await printJson({ type: 'summary', run: run.token, ...all });
    else await print(`\n${countsLine(all)}\n`);
    if (all.undecided > 0 && options.json !== true) note(whatDecides(options));
    if (all.failed > 0) {
      throw new CommandError(
        `${all.failed} of ${count(checks.length, 'check')} failed`,
        `Mend one and look again: cm-relay check … --only ${reported.find(({ outcome }) => outcome === 'failed')?.id ?? ''}`,
      );
    }
  });
}

function whatDecides({ probe, probeCommand, kept }: CheckOptions): string {
  const flags = [
    ...(probe === undefined && probeCommand === undefined ? ['--probe <url> tells how many contacts there are'] : []),
    ...(kept === undefined ? ['--kept <url> shows what is known of them'] : []),
  ];
  return flags.length === 0
    ? 'What is undecided says why.'
    : `What is undecided can be asked of your own program: ${flags.join('; ')}.`;
}
