import { say, translate } from '../common/say.ts';
import { escapedJson } from '../common/unprintable.ts';
import type { CheckResult } from './check.ts';
import { answerWords, type Finding, type Outcome, type ScenarioResult, type Sent, type StepResult } from './run.ts';

export interface Reported {
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

export interface ReportedStep extends Pick<StepResult, 'sent' | 'p50Ms' | 'p99Ms'> {
  readonly title: string;
  readonly findings: readonly ReportedFinding[];
  readonly examples: readonly {
    readonly label: string;
    readonly eventId: string | null;
    readonly events: number;
    readonly bytes: number;
    readonly attempts: readonly { readonly answer: string; readonly ms: number }[];
  }[];
}

export interface ReportedFinding extends Pick<Finding, 'verdict'> {
  readonly what: string;
  readonly expected: string;
  readonly actual: string;
}

export function reportedCheck({ check, outcome, reason, result }: CheckResult): Reported {
  const { id, title, why, platform, basis, fix } = check;
  const known = translate(platform);
  return {
    suite: 'check',
    id,
    title: translate(title),
    outcome,
    reason,
    why: translate(why),
    platform: basis === 'assumption' ? say('{0} (Assumption; see docs/assumptions.md.)', known) : known,
    mend: translate(fix),
    ms: Math.round(result?.ms ?? 0),
    steps: (result?.steps ?? []).map(reportedStep),
  };
}

export function withoutDetails(reported: Reported): Reported {
  return { ...reported, reason: null, steps: [] };
}

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
    findings: findings.map(spokenFinding),
    examples: examples.map(reportedExample),
  };
}

function spokenFinding({ verdict, what, expected, actual }: Finding): ReportedFinding {
  return { verdict, what, expected, actual };
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

function rounded(ms: number | null): number | null {
  return ms === null ? null : Math.round(ms * 10) / 10;
}

export function counts(reported: readonly { readonly outcome: Outcome }[]): Record<Outcome, number> {
  const all: Record<Outcome, number> = { passed: 0, failed: 0, undecided: 0, skipped: 0 };
  for (const { outcome } of reported) all[outcome] += 1;
  return all;
}

export function countsLine({ passed, failed, undecided, skipped }: Record<Outcome, number>): string {
  return [
    say('{0} passed', passed),
    say('{0} failed', failed),
    ...(undecided > 0 ? [say('{0} undecided', undecided)] : []),
    ...(skipped > 0 ? [say('{0} skipped', skipped)] : []),
  ].join(', ');
}

export function outcomeWord(outcome: Outcome): string {
  return inColumn(outcome, outcomes());
}

function outcomes(): Readonly<Record<Outcome, string>> {
  return { passed: say('passed'), failed: say('FAILED'), undecided: say('undecided'), skipped: say('skipped') };
}

function beginning(of: 'sent' | 'expected' | 'got' | 'open' | 'why' | 'platform' | 'fix'): string {
  const all = {
    sent: say('sent:'),
    expected: say('expected:'),
    got: say('got:'),
    open: say('undecided:'),
    why: say('why:'),
    platform: say('platform:'),
    fix: say('fix:'),
  };
  return `${inColumn(of, all)} `;
}

function inColumn<Name extends string>(name: Name, texts: Readonly<Record<Name, string>>): string {
  return texts[name].padEnd(Math.max(...Object.values<string>(texts).map(({ length }) => length)));
}

/** @param width in characters */
export function detailLines(reported: Reported, width: number): string[] {
  const { outcome, steps, why, platform, mend, reason } = reported;
  if (outcome === 'skipped') return reason === null ? [] : [reason];
  const lines: string[] = [];
  for (const { title, sent, findings } of steps) {
    const open = findings.filter(({ verdict }) => verdict !== 'met');
    if (open.length === 0) continue;
    lines.push(beginning('sent') + (sent > 1 ? say('{0} ({1} requests)', title, sent) : title));
    for (const finding of open) lines.push(...findingLines(finding));
  }
  if (lines.length === 0 && reason !== null) lines.push(reason);
  if (outcome === 'failed') {
    for (const [code, text] of [
      ['why', why],
      ['platform', platform],
      ['fix', mend],
    ] as const)
      if (text !== null) lines.push(...broken(beginning(code), text, width));
  }
  return lines;
}

function findingLines({ verdict, what, expected, actual }: ReportedFinding): string[] {
  if (verdict === 'undecided') return [beginning('open') + say('{0} (expected {1}): {2}', what, expected, actual)];
  return [beginning('expected') + `${what}: ${expected}`, beginning('got') + actual];
}

function broken(head: string, text: string, width: number): string[] {
  const lines: string[] = [];
  let line = head;
  for (const [index, word] of text.split(' ').entries()) {
    if (index > 0 && line.length + 1 + word.length > width) {
      lines.push(line);
      line = ' '.repeat(head.length) + word;
    } else line += index === 0 ? word : ` ${word}`;
  }
  return [...lines, line];
}

export function toText(reported: readonly Reported[]): string {
  const lines = reported.flatMap((each) => [
    `${outcomeWord(each.outcome)} ${each.id}: ${each.title}`,
    ...(each.outcome === 'passed' ? [] : detailLines(each, 100).map((line) => `          ${line}`)),
  ]);
  return `${lines.join('\n')}\n`;
}

export function toJson(reported: readonly Reported[]): string {
  return `${escapedJson(JSON.stringify({ counts: counts(reported), results: reported }, null, 2))}\n`;
}

/** JUnit knows no undecided result, so it is reported as skipped, with its reason. */
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
  if (outcome !== 'failed')
    return `${open}>\n      <skipped message="${xml(outcomes()[outcome])}: ${message}"/>\n    </testcase>\n`;
  const details = xml(detailLines(reported, 100).join('\n'));
  return `${open}>\n      <failure message="${message}">${details}</failure>\n    </testcase>\n`;
}

/** Characters that XML 1.0 forbids become U+FFFD, unprintable ones references. */
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
