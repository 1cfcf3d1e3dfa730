/** What an observation has shown, for a terminal and for a file. Nobody's data is in it: see tellable.ts. */
import { styleText } from 'node:util';
import { version } from '../../version.ts';
import { count, duration, pad } from '../terminal/text.ts';
import type { Judged } from './assumptions.ts';
import type { Correction, Verdict } from './verdict.ts';

/** What is said of an observation as a whole. */
export interface ReportFacts {
  readonly startedAt: string;
  /** How long retries were watched for, in milliseconds; null where it did not come to that. */
  readonly watchedMs: number | null;
  readonly withInstance: boolean;
  /** Whether it was ended before its last step. */
  readonly endedEarly: boolean;
  /** POSTs of both vendors, and those beyond what is kept. */
  readonly received: number;
  readonly leftOut: number;
}

const colours: Readonly<Record<Verdict['state'], 'green' | 'red' | 'yellow'>> = {
  confirmed: 'green',
  refuted: 'red',
  open: 'yellow',
};

/** How many are confirmed, refuted and open. */
export function countsLine(judged: readonly Judged[]): string {
  const of = (state: Verdict['state']): number => judged.filter((each) => each.state === state).length;
  return `${of('confirmed')} confirmed, ${of('refuted')} refuted, ${of('open')} open`;
}

/** An assumption in a terminal: how it stands, what was seen, and what corrects it. */
export function terminalLines({ id, state, assumption, finding, corrections }: Judged): string[] {
  const lines = [
    `${styleText(colours[state], pad(state, 9))}  ${styleText('bold', id)}: ${assumption.replaceAll('`', '')}`,
    `           found: ${finding}`,
  ];
  return state === 'open'
    ? lines
    : [...lines, ...corrections.map((each) => `           set:   ${correctionWords(each)}`)];
}

/** A correction as it is written where it belongs. */
export function correctionWords(correction: Correction): string {
  const text = JSON.stringify(correction.change);
  return correction.of === 'relay'
    ? `${text} in the relay's settings`
    : `${text} with PATCH $CONTROL${correction.path} in the sandbox`;
}

/** An assumption as a line of JSON. */
export function asJson(judged: Judged): object {
  return { type: 'assumption', ...judged };
}

/** The observation as a line of JSON. */
export function factsAsJson(facts: ReportFacts, judged: readonly Judged[]): object {
  const states = judged.map(({ state }) => state);
  const of = (state: Verdict['state']): number => states.filter((each) => each === state).length;
  return { type: 'observed', version, ...facts, confirmed: of('confirmed'), refuted: of('refuted'), open: of('open') };
}

const headings: Readonly<Record<Verdict['state'], string>> = {
  refuted: 'Refuted',
  confirmed: 'Confirmed',
  open: 'Open',
};

/** A report that can be shared. */
export function markdown(facts: ReportFacts, judged: readonly Judged[]): string {
  const { startedAt, watchedMs, withInstance, endedEarly, received, leftOut } = facts;
  const lines = [
    '# What the vendors do',
    '',
    `Observed with cm-relay ${version} on ${startedAt.slice(0, 10)}, ${withInstance ? 'with' : 'without'} an instance of Open Connectors: ${count(received, 'POST')}${leftOut > 0 ? ` (and ${leftOut} not kept)` : ''}, ${watchedMs === null ? 'no failures watched' : `failures watched for ${duration(watchedMs)}`}${endedEarly ? '; ended early' : ''}. ${countsLine(judged)}.`,
    '',
    'Addresses, URLs, and values of headers are left out or masked.',
  ];
  for (const state of ['refuted', 'confirmed', 'open'] as const) {
    const some = judged.filter((each) => each.state === state);
    if (some.length === 0) continue;
    lines.push('', `## ${headings[state]}`, '');
    for (const { id, assumption, finding, corrections } of some) {
      lines.push(`- **${id}**: ${assumption}`, `  - Found: ${asText(finding)}`);
      if (state !== 'open') lines.push(...corrections.map((each) => `  - Set: ${asCode(correctionWords(each))}`));
    }
  }
  return `${lines.join('\n')}\n`;
}

/** Text from outside in Markdown: it makes no link, image, heading or HTML. */
function asText(text: string): string {
  return text.replace(/[\\`*_{}[\]<>()#!|~&]/g, '\\$&');
}

function asCode(text: string): string {
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return longest === 0 ? `${fence}${text}${fence}` : `${fence} ${text} ${fence}`;
}
