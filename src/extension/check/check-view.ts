import { isUtf8 } from 'node:buffer';
import { say, translate } from '../../common/say.ts';
import { isSaidBy, type Cause } from '../../check/causes.ts';
import type { CheckResult } from '../../check/check.ts';
import type { Answer } from '../../check/exchange.ts';
import { answerWords, type Finding, type Sent, type StepResult } from '../../check/run.ts';
import type { Check } from '../../check/suite.ts';
import type { SecretMask } from '../../common/masking.ts';
import { indentJson } from '../../export/indented-json.ts';
import { durationOf } from '../ui/phrases.ts';
import { printable, printableLines } from '../ui/printable.ts';
import { stateWord, verdictWord } from './check-words.ts';
import type {
  AttemptView,
  CauseView,
  CheckState,
  CheckView,
  FindingView,
  RequestView,
  ShownText,
  StepView,
} from './messages.ts';

/** In UTF-16 units. */
const mostShown = 4000;

const mostOfLine = 1000;

export interface CheckViewer {
  readonly causes: readonly Cause[];
  readonly mask: SecretMask;
}

export function drawCheck(
  check: Check,
  result: CheckResult | undefined,
  state: Extract<CheckState, 'running' | 'waiting' | 'notRun'>,
  viewer: CheckViewer,
): CheckView {
  const { id, title, why, platform, basis, fix } = check;
  const now = result?.outcome ?? state;
  const known = translate(platform);
  return {
    id,
    title: translate(title),
    state: now,
    word: stateWord(now),
    took: result?.result == null ? '' : durationOf(result.result.ms),
    reason: result === undefined || isSaidBy(viewer.causes, result) ? '' : line(result.reason ?? '', viewer),
    why: translate(why),
    platform: basis === 'assumption' ? say('{0} (Assumption; undocumented.)', known) : known,
    fix: translate(fix),
    steps: (result?.result?.steps ?? []).map((step) => stepView(step, viewer)),
  };
}

export function causeView({ text: cause, ids }: Cause, viewer: CheckViewer): CauseView {
  const text = line(cause, viewer);
  return { text: ids.length === 1 ? text : say('{0} checks: {1}', ids.length, text), ids };
}

function stepView({ title, sent, examples, p50Ms, p99Ms, findings }: StepResult, viewer: CheckViewer): StepView {
  const facts = [
    sent === 1 ? say('1 request') : say('{0} requests', sent),
    ...(p50Ms === null || p99Ms === null || sent < 2
      ? []
      : [say('half answered within {0}, 99% within {1}', durationOf(p50Ms), durationOf(p99Ms))]),
    ...(examples.length < sent ? [say('{0} shown', examples.length)] : []),
  ];
  return {
    title: line(title, viewer),
    facts: facts.join(' · '),
    findings: findings.map((finding) => findingView(finding, viewer)),
    requests: examples.map((each) => requestView(each, viewer)),
  };
}

function findingView({ verdict, what, expected, actual }: Finding, viewer: CheckViewer): FindingView {
  return {
    verdict,
    word: verdictWord(verdict),
    what: line(what, viewer),
    expected: line(expected, viewer),
    actual: line(actual, viewer),
  };
}

function requestView({ message, attempts }: Sent, viewer: CheckViewer): RequestView {
  const { label, eventId, events, headers, body, bytes } = message;
  const parts = [
    label,
    events === 1 ? say('1 event') : say('{0} events', events),
    ...(eventId === null ? [] : [`eventId ${eventId}`]),
    say('{0} bytes', bytes),
  ];
  return {
    title: line(parts.join(' · '), viewer),
    headers: shownHeaders(headers, viewer),
    body: shownText(body, body.byteLength < bytes, viewer),
    attempts: attempts.map((answer) => attemptView(answer, viewer)),
  };
}

function attemptView(answer: Answer, viewer: CheckViewer): AttemptView {
  const [said, took] = [answerWords(answer), durationOf(answer.ms)];
  if (answer.kind !== 'answer')
    return { title: line(say('{0} (after {1})', said, took), viewer), headers: [], body: null };
  return {
    title: line(say('{0} in {1}', said, took), viewer),
    headers: shownHeaders(answer.headers, viewer),
    body: shownText(answer.body, answer.truncated, viewer),
  };
}

function shownHeaders(
  headers: readonly (readonly [string, string])[],
  viewer: CheckViewer,
): (readonly [string, string])[] {
  return headers.slice(0, 50).map(([name, value]) => [line(name, viewer), line(value, viewer)] as const);
}

function line(said: string, { mask }: CheckViewer): string {
  return printable(mask.in(said), mostOfLine);
}

function shownText(body: Buffer, truncated: boolean, { mask }: CheckViewer): ShownText {
  // A cut body may end within a character.
  if (!truncated && !isUtf8(body)) return { text: '', notice: say('{0} bytes of binary data.', body.byteLength) };
  const whole = mask.in(body.toString(), { cut: truncated });
  const indented = whole.length > 100_000 ? undefined : indentJson(whole);
  const text = printableLines(indented?.kind === 'indented' ? indented.text : whole);
  if (text.length <= mostShown) return { text, notice: truncated ? say('Only the beginning is shown.') : '' };
  const end = /[\udc00-\udfff]/.test(text[mostShown] ?? '') ? mostShown - 1 : mostShown;
  return {
    text: text.slice(0, end),
    notice: truncated
      ? say('Showing only the first {0} characters.', end)
      : say('Showing the first {0} of {1} characters.', end, text.length),
  };
}
