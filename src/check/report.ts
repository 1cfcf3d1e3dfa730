/** What checks and scenarios came to, as text, as JSON and as JUnit XML. */
import { escapedJson } from '../common/unprintable.ts';
import type { CheckResult } from './check.ts';
import { answerWords } from './run.ts';
import type { Finding, Outcome, ScenarioResult, Sent, StepResult } from './run.ts';

/** One check or scenario of a report. */
export interface Reported {
  /** The suite that it is of: `check`, or a file of scenarios. */
  readonly suite: string;
  readonly id: string;
  readonly title: string;
  readonly outcome: Outcome;
  readonly reason: string | null;
  readonly why: string | null;
  readonly platform: string | null;
  readonly mend: string | null;
  readonly ms: number;
  readonly steps: readonly ReportedStep[];
}

/** A step, without bodies and credentials. */
export interface ReportedStep extends Pick<StepResult, 'title' | 'sent' | 'p50Ms' | 'p99Ms' | 'findings'> {
  readonly examples: readonly {
    readonly label: string;
    readonly eventId: string | null;
    readonly events: number;
    readonly bytes: number;
    /** What each attempt came to: a status, or why there is none, and after how long. */
    readonly attempts: readonly { readonly answer: string; readonly ms: number }[];
  }[];
}

/** A check as it is reported. */
export function reportedCheck({ check, outcome, reason, result }: CheckResult): Reported {
  const { id, title, why, platform, basis, mend } = check;
  return {
    suite: 'check',
    id,
    title,
    outcome,
    reason,
    why,
    platform: basis === 'assumption' ? `${platform} (An assumption: docs/assumptions.md.)` : platform,
    mend,
    ms: Math.round(result?.ms ?? 0),
    steps: (result?.steps ?? []).map(reportedStep),
  };
}

/** A scenario as it is reported. @param file as it was named */
export function reportedScenario(file: string, why: string | undefined, result: ScenarioResult): Reported {
  const { name, outcome, reason, ms, steps } = result;
  return {
    suite: file,
    id: name,
    title: name,
    outcome,
    reason,
    why: why ?? null,
    platform: null,
    mend: null,
    ms: Math.round(ms),
    steps: steps.map(reportedStep),
  };
}

function reportedStep({ title, sent, examples, p50Ms, p99Ms, findings }: StepResult): ReportedStep {
  return {
    title,
    sent,
    p50Ms: rounded(p50Ms),
    p99Ms: rounded(p99Ms),
    findings,
    examples: examples.map(reportedExample),
  };
}

function reportedExample({ message, attempts }: Sent): ReportedStep['examples'][number] {
  const { label, eventId, events, bytes } = message;
  return {
    label,
    eventId,
    events,
    bytes,
    attempts: attempts.map((answer) => ({ answer: answerWords(answer), ms: rounded(answer.ms) ?? 0 })),
  };
}

/** To a tenth of a millisecond. */
function rounded(ms: number | null): number | null {
  return ms === null ? null : Math.round(ms * 10) / 10;
}

/** How many there are of each outcome. */
export function counts(reported: readonly { readonly outcome: Outcome }[]): Record<Outcome, number> {
  const all: Record<Outcome, number> = { passed: 0, failed: 0, undecided: 0, skipped: 0 };
  for (const { outcome } of reported) all[outcome] += 1;
  return all;
}

/** The words of an outcome, as they stand at the beginning of a line. */
export const outcomeWords: Readonly<Record<Outcome, string>> = {
  passed: 'passed',
  failed: 'FAILED',
  undecided: 'undecided',
  skipped: 'skipped',
};

/**
 * The details of one that is not passed, a line each: what was sent, what came of it, and what to do.
 * @param width lines are broken before it, in characters
 */
export function detailLines(reported: Reported, width: number): string[] {
  const { outcome, steps, why, platform, mend, reason } = reported;
  if (outcome === 'skipped') return [reason ?? ''];
  const lines: string[] = [];
  for (const step of steps) {
    const open = step.findings.filter(({ verdict }) => verdict !== 'met');
    if (open.length === 0) continue;
    lines.push(`sent:     ${step.title}${step.sent > 1 ? ` (${step.sent} requests)` : ''}`);
    for (const finding of open) lines.push(...findingLines(finding));
  }
  if (lines.length === 0 && reason !== null) lines.push(reason);
  if (outcome === 'failed') {
    if (why !== null) lines.push(...broken(`why:      ${why}`, width));
    if (platform !== null) lines.push(...broken(`platform: ${platform}`, width));
    if (mend !== null) lines.push(...broken(`to do:    ${mend}`, width));
  }
  return lines;
}

function findingLines({ verdict, what, expected, actual }: Finding): string[] {
  if (verdict === 'undecided') return [`open:     ${what} (expected ${expected}): ${actual}`];
  return [`expected: ${what}: ${expected}`, `got:      ${actual}`];
}

const indent = ' '.repeat(10);

/** Broken between words; what follows stands below what comes first. */
function broken(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.trim() !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = indent + word;
    } else line = line === '' && lines.length === 0 ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/** As JSON to read. */
export function toJson(reported: readonly Reported[]): string {
  return `${escapedJson(JSON.stringify({ counts: counts(reported), results: reported }, null, 2))}\n`;
}

/**
 * JUnit's XML, as CI systems read it: a failed one is a failure, one that is undecided or skipped is skipped, with the
 * reason.
 */
export function toJUnit(reported: readonly Reported[]): string {
  const suites = new Map<string, Reported[]>();
  for (const each of reported) suites.set(each.suite, [...(suites.get(each.suite) ?? []), each]);
  const all = counts(reported);
  const head = `tests="${reported.length}" failures="${all.failed}" errors="0" skipped="${all.undecided + all.skipped}"`;
  const body = [...suites].map(([name, cases]) => {
    const own = counts(cases);
    const seconds = cases.reduce((sum, { ms }) => sum + ms, 0) / 1000;
    const attributes = `name="${xml(name)}" tests="${cases.length}" failures="${own.failed}" errors="0" skipped="${own.undecided + own.skipped}" time="${seconds}"`;
    return `  <testsuite ${attributes}>\n${cases.map(testCase).join('')}  </testsuite>\n`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="cm-relay" ${head}>\n${body.join('')}</testsuites>\n`;
}

function testCase(reported: Reported): string {
  const { suite, id, title, outcome, reason, ms } = reported;
  const name = id === title ? title : `${id}: ${title}`;
  const open = `    <testcase classname="${xml(suite)}" name="${xml(name)}" time="${ms / 1000}"`;
  if (outcome === 'passed') return `${open}/>\n`;
  const message = xml(reason ?? '');
  if (outcome !== 'failed') return `${open}>\n      <skipped message="${outcome}: ${message}"/>\n    </testcase>\n`;
  const details = xml(detailLines(reported, 100).join('\n'));
  return `${open}>\n      <failure message="${message}">${details}</failure>\n    </testcase>\n`;
}

/** Text for XML 1.0: what it cannot carry becomes U+FFFD, and what cannot be shown a reference. */
function xml(text: string): string {
  return (
    text
      // eslint-disable-next-line no-control-regex -- these are what XML 1.0 forbids
      .replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|\p{Surrogate}/gu, '\ufffd')
      .replace(
        /[&<>"\r\x7f-\x9f\p{Format}\p{Line_Separator}\p{Paragraph_Separator}]/gu,
        (character) => `&#${character.codePointAt(0) ?? 0};`,
      )
  );
}
