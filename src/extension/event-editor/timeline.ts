import { say } from '../../common/say.ts';
import type { AttemptDetail, Forwarding, Notification } from '../../protocol/history.ts';
import type { Result } from '../../protocol/methods.ts';
import { attemptName, replaysAmong } from '../../protocol/attempts.ts';
import { durationOf, placeOf } from '../ui/phrases.ts';
import { printable } from '../ui/printable.ts';
import { forwardingInFull, type RowContext } from '../events/event-words.ts';
import { forwardingWord, isHeldAtGate, mostUrgent, stateWord } from '../../protocol/event-row.ts';
import type { Pill, Step, StepGroup } from './messages.ts';

const mostSteps = 60;

export interface TimelineInput {
  readonly found: Result<'events/get'>;
  readonly around: RowContext;
  readonly language: string;
}

export type StepSubject =
  | { readonly kind: 'received' }
  | { readonly kind: 'normalized'; readonly notification: Notification }
  | {
      readonly kind: 'attempt';
      readonly notification: Notification;
      readonly attempt: AttemptDetail;
      readonly name: string;
    }
  | { readonly kind: 'open'; readonly notification: Notification; readonly forwarding: Forwarding };

export interface Timeline {
  readonly groups: readonly StepGroup[];
  readonly subjects: ReadonlyMap<string, StepSubject>;
  readonly first: string;
}

export function timelineOf(input: TimelineInput): Timeline {
  const { found, around } = input;
  const subjects = new Map<string, StepSubject>();
  const start = startOf(input, subjects);
  const groups: StepGroup[] = [start];
  const urgent = mostUrgent(found.event.forwardings);
  const replays = replaysAmong(found);
  const leftOutText = (n: number): string =>
    say('Earlier steps: {0}. To see them, run cm-relay show {1} --attempts in a terminal.', n, found.event.id);
  let first: string | undefined;
  let newest: { readonly id: string; readonly at: string } | undefined;
  for (const notification of found.notifications) {
    for (const forwarding of notification.forwardings) {
      const attempts = attemptsAt(found.attempts, notification, forwarding);
      const steps = stepsOf(input, { notification, forwarding, attempts, replays }, subjects);
      const last = attempts.at(-1);
      const lastId = last === undefined ? undefined : attemptId(last);
      const isUrgent =
        urgent !== undefined &&
        forwarding.destinationId === urgent.destinationId &&
        forwarding.mode === urgent.mode &&
        urgent.state !== 'sent';
      if (isUrgent) first ??= lastId ?? steps.at(-1)?.id;
      if (last !== undefined && lastId !== undefined && (newest === undefined || last.at > newest.at))
        newest = { id: lastId, at: last.at };
      const leftOut = steps.length - mostSteps;
      const label = placeOf(forwarding.destination);
      groups.push({
        id: `${notification.id} ${forwarding.destinationId}`,
        label: forwarding.mode === 'raw' ? say('{0}, as received', label) : label,
        pill: pillOf(forwarding, around),
        steps: steps.slice(-mostSteps),
        leftOut: leftOut > 0 ? leftOutText(leftOut) : '',
      });
    }
  }
  return { groups, subjects, first: first ?? newest?.id ?? groups.at(-1)?.steps.at(-1)?.id ?? 'received' };
}

function startOf({ found, language }: TimelineInput, subjects: Map<string, StepSubject>): StepGroup {
  const { delivery, notifications } = found;
  const clock = clockOf(delivery.receivedAt, language);
  subjects.set('received', { kind: 'received' });
  const received = delivery.injected ? say('Edited and Resent') : say('Received');
  const answered =
    delivery.injected || delivery.signature === 'fetched'
      ? clock
      : say('{0}, answered {1}', clock, delivery.httpStatus);
  const steps: Step[] = [
    {
      id: 'received',
      title: received,
      detail: answered,
      wait: '',
      tone: delivery.status === 'rejected' ? 'bad' : 'good',
      spoken: '',
      dueInMs: null,
    },
  ];
  for (const notification of notifications) {
    const id = `made ${notification.id}`;
    subjects.set(id, { kind: 'normalized', notification });
    const title =
      notification.kind === 'normalized'
        ? say('Normalized')
        : notification.kind === 'raw'
          ? say('As Received')
          : say('Not Normalized');
    const detail =
      notification.parts > 1
        ? say('{0}, part {1} of {2}', notification.id, notification.part + 1, notification.parts)
        : notification.id;
    steps.push({ id, title, detail, wait: '', tone: 'good', spoken: '', dueInMs: null });
  }
  return { id: 'start', label: '', pill: null, steps, leftOut: '' };
}

interface Way {
  readonly notification: Notification;
  readonly forwarding: Forwarding;
  readonly attempts: readonly AttemptDetail[];
  readonly replays: ReadonlySet<AttemptDetail>;
}

function stepsOf(input: TimelineInput, way: Way, subjects: Map<string, StepSubject>): Step[] {
  const { language } = input;
  const { notification, attempts } = way;
  const steps = attempts.map((attempt, i): Step => {
    const before = attempts[i - 1];
    const id = attemptId(attempt);
    const title = attemptName(attempt, way.replays);
    subjects.set(id, { kind: 'attempt', notification, attempt, name: title });
    const detail = resultOf(attempt);
    const wait = before === undefined ? '' : `+${spanOf(Date.parse(attempt.at) - Date.parse(before.at))}`;
    return {
      id,
      title,
      detail,
      wait,
      tone: attempt.outcome === 'sent' ? 'good' : 'bad',
      spoken: clockOf(attempt.at, language),
      dueInMs: null,
    };
  });
  const open = openStep(input, way);
  if (open !== undefined) {
    subjects.set(open.id, { kind: 'open', notification, forwarding: way.forwarding });
    steps.push(open);
  }
  return steps;
}

/** Undefined if the last attempt was final. */
function openStep({ around, language }: TimelineInput, { notification, forwarding, attempts }: Way): Step | undefined {
  const word = forwardingWord(forwarding);
  if (word === 'sent' || (word === 'failed' && attempts.length > 0)) return undefined;
  const id = `next ${notification.id} ${forwarding.destinationId}`;
  const { nextAttemptAt } = forwarding;
  const due = word === 'retrying' || (word === 'waiting' && nextAttemptAt !== null) ? nextAttemptAt : null;
  const detail = forwardingInFull(forwarding, around);
  const title = due === null ? stateWord(word) : say('Next Attempt');
  return {
    id,
    title,
    detail: due === null ? (detail.toLowerCase() === title.toLowerCase() ? '' : detail) : '',
    wait: '',
    tone: isHeldAtGate(forwarding)
      ? 'busy'
      : word === 'held' || word === 'failed'
        ? 'bad'
        : word === 'discarded'
          ? 'none'
          : 'busy',
    spoken: due === null ? '' : say('due at {0}', clockOf(due, language)),
    dueInMs: due === null ? null : Math.max(0, Date.parse(due) - around.now),
  };
}

function pillOf(forwarding: Forwarding, around: RowContext): Pill {
  return { state: forwardingWord(forwarding), text: printable(forwardingInFull(forwarding, around), 300) };
}

function attemptsAt(
  attempts: readonly AttemptDetail[],
  { id }: Notification,
  { destinationId }: Forwarding,
): AttemptDetail[] {
  return attempts
    .filter((each) => each.notificationId === id && each.destinationId === destinationId)
    .sort((a, b) => a.number - b.number);
}

function attemptId({ notificationId, destinationId, number }: AttemptDetail): string {
  return `attempt ${notificationId} ${number} ${destinationId}`;
}

function resultOf({ status, error, durationMs }: AttemptDetail): string {
  return status === null ? printable(error ?? say('No answer'), 60) : say('{0} in {1}', status, preciseOf(durationMs));
}

export function preciseOf(ms: number): string {
  return ms < 10 ? say('{0} ms', Math.round(ms * 10) / 10) : durationOf(ms);
}

function spanOf(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 90) return durationOf(seconds < 10 ? ms : Math.round(seconds) * 1000);
  if (seconds < 5400) return say('{0} min', Math.round(seconds / 60));
  const hours = Math.round(seconds / 3600);
  return hours < 48 ? say('{0} h', hours) : say('{0} d', Math.round(hours / 24));
}

export function clockOf(time: string, language: string): string {
  return new Date(time).toLocaleTimeString(language);
}
