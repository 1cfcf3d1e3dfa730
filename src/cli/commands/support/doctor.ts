import type { Command } from 'commander';
import { release, totalmem } from 'node:os';
import { join, dirname } from 'node:path';
import {
  diagnosticsText,
  fitForReport,
  logSection,
  problemsOf,
  relayDiagnostics,
} from '../../../export/diagnostics.ts';
import type { DiagnosticSection } from '../../../export/diagnostics.ts';
import { checkDataDirectory } from '../../../protocol/data-directory.ts';
import { protocolVersion } from '../../../protocol/methods.ts';
import { missingKeysAdvice } from '../../missing-keys.ts';
import type { Status } from '../../../protocol/status.ts';
import { openHistory, readForNextStart } from '../../../relay/index.ts';
import { version } from '../../../version.ts';
import { connectIfRunning } from '../../connection.ts';
import { dataDirOf } from '../../data-dir.ts';
import { CommandError, nextOf } from '../../errors.ts';
import { jsonFlag, newCommand, type CommonOptions } from '../../flags.ts';
import { inSameDirectory } from '../../same-directory.ts';
import { print, printJson } from '../../terminal/output.ts';
import { count } from '../../terminal/text.ts';
import { existsSync, realpathSync } from 'node:fs';

export function doctorCommand(): Command {
  return newCommand(
    'doctor',
    'find problems and collect facts for a bug report',
    'Checks this machine, the data directory, and its relay, and lists problems. Then prints versions, settings, states, and recent errors as Markdown. Secrets, addresses, and other hosts are masked, so you can paste the output into a bug report.',
    ['cm-relay doctor', 'cm-relay doctor > report.md', 'cm-relay doctor --json | jq .problems'],
    'read the report before you share it. Exits with 1 if there are problems.',
  )
    .addOption(jsonFlag('print a JSON object: {"problems":[…],"sections":[{"title","facts"}]}'))
    .action(doctor);
}

interface Findings {
  readonly problems: readonly string[];
  readonly sections: readonly DiagnosticSection[];
}

async function doctor(options: CommonOptions & { json?: boolean }): Promise<void> {
  const dataDir = dataDirOf(options);
  const { problems, sections } = await findings(options);
  const all: DiagnosticSection[] = [machineSection(dataDir), ...sections];
  if (options.json === true) await printJson({ problems, sections: all });
  else {
    await print(diagnosticsText(`cm-relay ${version}`, problems, all));
  }
  if (problems.length === 0) return;
  throw new CommandError(`${count(problems.length, 'problem')} found`, 'See the top of the report.');
}

function machineSection(dataDir: string): DiagnosticSection {
  const documents = documentsFolder();
  return {
    title: 'This machine',
    facts: [
      ['cm-relay', `${version}, protocol ${protocolVersion}`],
      ['Node.js', `${process.version} ${process.arch}`],
      ['system', `${process.platform} ${release()}`],
      ['memory', `${Math.round(totalmem() / 1_000_000_000)} GB`],
      ['data directory', fitForReport(dataDir)],
      ...(documents === undefined ? [] : [['documents', fitForReport(`${documents}/docs`)] as const]),
    ],
  };
}

async function findings(options: CommonOptions): Promise<Findings> {
  const dataDir = dataDirOf(options);
  try {
    checkDataDirectory(dataDir);
    const client = await connectIfRunning(options);
    if (client === undefined) return await stoppedFindings(dataDir);
    try {
      const status = await client.request('relay/status', {});
      return {
        problems: [
          ...problemsOf(status, inSameDirectory(missingKeysAdvice(status))),
          ...(await endpointProblems(status)),
        ],
        sections: [...(await relayDiagnostics(status, client)), logOf(dataDir, status)],
      };
    } finally {
      client.close();
    }
  } catch (error) {
    const next = nextOf(error);
    const problem = fitForReport(`${(error as Error).message}${next === undefined ? '' : `. ${next}`}`);
    return { problems: [problem], sections: [] };
  }
}

function logOf(dataDir: string, status: Status | null): DiagnosticSection {
  return logSection('Recent errors and warnings in the log', join(dataDir, 'relay.log'), status);
}

/** A missing relay or history is no problem, but an unreadable one is. */
async function stoppedFindings(dataDir: string): Promise<Findings> {
  const relay: DiagnosticSection = { title: 'Relay', facts: [['state', 'not running for this data directory']] };
  readForNextStart(dataDir);
  let history;
  try {
    history = openHistory(dataDir);
  } catch (error) {
    if ((error as { advice?: unknown }).advice !== 'send-something') throw error;
    return { problems: [], sections: [relay] };
  }
  try {
    const failures = await relayDiagnostics(null, history);
    return { problems: [], sections: [relay, ...failures, logOf(dataDir, null)] };
  } finally {
    history.close();
  }
}

async function endpointProblems({ campaignMonitorUrl }: Status): Promise<string[]> {
  const url = campaignMonitorUrl.replace(/[^/]+$/, 'health');
  try {
    const { status } = await fetch(url, { signal: AbortSignal.timeout(5000) });
    return status === 204 ? [] : [fitForReport(`the webhook endpoint ${url} answers ${status} instead of 204`)];
  } catch (error) {
    return [fitForReport(`cannot reach the webhook endpoint ${url}: ${(error as Error).message}`)];
  }
}

/** @returns undefined if the program was installed without `docs/` */
function documentsFolder(): string | undefined {
  const program = process.argv[1];
  if (program === undefined || !existsSync(program)) return undefined;
  // dist/cm-relay.js of the package, or src/cli/cm-relay.ts of a clone.
  const folder = dirname(realpathSync(program));
  return [dirname(folder), dirname(dirname(folder))].find((each) => existsSync(join(each, 'docs', 'cli.md')));
}
