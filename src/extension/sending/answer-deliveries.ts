import * as vscode from 'vscode';
import { STATUS_CODES } from 'node:http';
import { say } from '../../common/say.ts';
import type { AskedAnswer } from '../../protocol/answering.ts';
import { connected, type Session } from '../session/session.ts';
import { askChoice } from '../ui/questions.ts';
import { showStatusMessage } from '../ui/status-message.ts';
import { ifAnswered, inSteps, type Step } from '../ui/steps.ts';
import { afterStatus, onPurposeText } from './sending-words.ts';

/** A status of null ends the forced response. */
interface Asked {
  readonly status?: number | null;
  readonly delayMs?: number;
  readonly end?: Pick<AskedAnswer, 'forMs' | 'count'>;
}

interface Item<T> extends vscode.QuickPickItem {
  readonly value: T;
}

const usualStatuses = [503, 500, 429, 404, 410, 200];
/** In seconds. */
const usualDelays = [0, 5, 30, 60];
const mostDelay = 60;

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
/** The same as in the protocol (answering.ts), which isn't loaded here. */
const usualMs = 10 * minuteMs;
const mostMinutes = 24 * 60;

/**
 * `given`: `as-usual` ends the forced response. @throws CommandError if no relay is running, and the relay's refusal
 */
export async function answerDeliveries(session: Session, by: AskedAnswer['by'], given: unknown): Promise<void> {
  const client = connected(session);
  const asked: Asked | undefined =
    given === 'as-usual'
      ? { status: null }
      : await inSteps<Asked>(say('Answer Deliveries With'), {}, ({ status }) =>
          status === null ? [askStatus(session)] : [askStatus(session), askDelay, askEnd],
        );
  if (asked?.status === undefined) return;
  const { status, delayMs = 0, end = { forMs: usualMs } } = asked;
  await client.request('relay/answer', { answer: status === null ? null : { status, delayMs, ...end, by } });
  if (status === null) showStatusMessage(say('Deliveries are answered as usual.'));
}

function askStatus(session: Session): Step<Asked> {
  return async (_known, place) => {
    const answering = session.status?.answering;
    const asUsual: Item<number | null>[] =
      answering?.state === 'on-purpose'
        ? [
            {
              label: say('As Usual'),
              detail: onPurposeText(answering, { now: Date.now(), language: vscode.env.language }),
              value: null,
            },
          ]
        : [];
    const items = [...asUsual, ...usualStatuses.map(statusItem)];
    const answer = await askChoice<Item<number | null>>(place, {
      placeholder: say('Choose a status, or type one from 200 to 599'),
      items: (typed) => (/^[2-5]\d\d$/.test(typed) ? withTyped(items, statusItem(Number(typed))) : items),
    });
    return ifAnswered(answer, ({ value }) => ({ status: value }));
  };
}

const askDelay: Step<Asked> = async (_known, place) => {
  const item = (seconds: number): Item<number> => ({
    label: seconds === 0 ? say('At once') : seconds === 1 ? say('After one second') : say('After {0} seconds', seconds),
    value: seconds,
  });
  const items = usualDelays.map(item);
  const answer = await askChoice(place, {
    placeholder: say('When? Choose a delay, or type up to {0} seconds', mostDelay),
    items: (typed) => {
      const seconds = /^\d{1,2}$/.test(typed) ? Number(typed) : NaN;
      return seconds <= mostDelay ? withTyped(items, item(seconds)) : items;
    },
  });
  return ifAnswered(answer, ({ value }) => ({ delayMs: value * 1000 }));
};

const askEnd: Step<Asked> = async (_known, place) => {
  const minutes = (count: number): Item<NonNullable<Asked['end']>> => ({
    label: count === 1 ? say('For one minute') : say('For {0} minutes', count),
    value: { forMs: count * minuteMs },
  });
  const deliveries = (count: number): Item<NonNullable<Asked['end']>> => ({
    label: count === 1 ? say('For the next delivery') : say('For the next {0} deliveries', count),
    description: say('10 minutes at most'),
    value: { forMs: usualMs, count },
  });
  const items = [
    minutes(usualMs / minuteMs),
    deliveries(1),
    deliveries(10),
    { label: say('For one hour'), value: { forMs: hourMs } },
    { label: say('For 24 hours'), value: { forMs: 24 * hourMs } },
  ];
  const answer = await askChoice(place, {
    placeholder: say('For how long? Choose, or type a number'),
    items: (typed) => {
      const count = /^\d{1,4}$/.test(typed) ? Number(typed) : 0;
      if (count < 1) return items;
      return [...(count <= mostMinutes ? [minutes(count)] : []), deliveries(count)];
    },
  });
  return ifAnswered(answer, ({ value }) => ({ end: value }));
};

function statusItem(status: number): Item<number> {
  const description = afterStatus(status);
  return {
    label: `${status} ${STATUS_CODES[status] ?? ''}`.trim(),
    ...(description !== undefined && { description }),
    value: status,
  };
}

function withTyped<T>(items: readonly Item<T>[], typed: Item<T>): readonly Item<T>[] {
  return items.some(({ label }) => label === typed.label) ? items : [typed, ...items];
}
