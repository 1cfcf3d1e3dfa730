import type { Attempt } from '../../protocol/history.ts';
import type { Destination } from '../../protocol/settings.ts';
import { cut } from '../log/columns.ts';
import type { SendResult } from './outbound.ts';
import type { AttemptRecord } from '../log/records.ts';
import type { Verdict } from '../../common/retry-verdict.ts';
import { protocolAttempt } from '../log/protocol-shapes.ts';
import type { Job } from './waiting.ts';

/** Maximum stored length of a failure's reason, which may quote the destination, in characters. */
const mostDetail = 500;

const noBody = Buffer.alloc(0);

/** How an attempt was sent: with the configuration of that time. */
export interface Sent {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly durationMs: number;
  readonly destination: Destination;
  /** Names of the sender's headers that could not be sent. */
  readonly withheld: readonly string[];
}

/**
 * The record of an attempt, with the reason for its forwarding's state.
 * @param result without secrets
 * @param verdict not `down`, which counts no attempt
 * @param nextAt time of the next attempt, milliseconds since the epoch; null if there is none
 */
export function attemptOf(
  job: Job,
  sent: Sent,
  result: SendResult,
  verdict: Exclude<Verdict, { outcome: 'down' }>,
  nextAt: number | null,
): { readonly attempt: AttemptRecord; readonly detail: string | null } {
  const answer = result.kind === 'answer' ? result : undefined;
  const detail = verdict.outcome === 'sent' ? null : withWithheld(verdict.detail, sent.withheld);
  return {
    attempt: {
      notificationId: job.notificationId,
      destinationId: job.destinationId,
      number: job.attempts + 1,
      at: sent.at,
      durationMs: Math.round(sent.durationMs * 1000) / 1000,
      status: answer?.status ?? null,
      error: result.kind === 'answer' ? detail : withWithheld(result.error, sent.withheld),
      outcome: verdict.outcome,
      nextAt,
      headers: answer?.headers ?? [],
      body: answer?.body ?? noBody,
      truncated: answer?.truncated ?? false,
    },
    detail,
  };
}

/** Adds forgotten credentials of the sender to a failure's reason, because they may be its cause. */
function withWithheld(reason: string, withheld: readonly string[]): string {
  if (withheld.length === 0) return cut(reason, mostDetail);
  const names = [...new Set(withheld)].join(' and ');
  const note = `; sent without the sender's ${cut(names, mostDetail / 5)} (kept only in memory)`;
  return cut(reason, mostDetail - note.length) + note;
}

/** A recorded attempt, as shown to clients. */
export function protocolAttemptOf(attempt: AttemptRecord, job: Job, destination: Destination): Attempt {
  return { ...protocolAttempt(attempt, job.deliveryId, destination), ofRound: attempt.number - job.roundStart };
}
