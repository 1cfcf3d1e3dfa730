/** An attempt as it is recorded, and as clients are told of it. */
import type { Attempt } from '../../protocol/history.ts';
import type { Destination } from '../../protocol/settings.ts';
import { cut } from '../log/columns.ts';
import type { SendResult } from './outbound.ts';
import type { AttemptRecord } from '../log/records.ts';
import type { Verdict } from '../../common/retry-verdict.ts';
import { protocolAttempt } from '../log/protocol-shapes.ts';
import type { Job } from './waiting.ts';

/** Of the reason for a failure, which may quote the destination, what is kept, in characters. */
const mostDetail = 500;

const noBody = Buffer.alloc(0);

/** How an attempt was sent: by what was in force then, whatever is set meanwhile. */
export interface Sent {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly durationMs: number;
  readonly destination: Destination;
  /** Names of the sender's headers that could not go along. */
  readonly withheld: readonly string[];
}

/**
 * The record of an attempt, and why its forwarding stands as it does.
 * @param result without secrets
 * @param verdict not `down`, by which no attempt is charged
 * @param nextAt when it is tried again, milliseconds since the epoch; null where it is not
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

/** The reason for a failure, with what may be the reason for that: credentials of the sender that are forgotten. */
function withWithheld(reason: string, withheld: readonly string[]): string {
  if (withheld.length === 0) return cut(reason, mostDetail);
  const names = [...new Set(withheld)].join(' and ');
  const note = `; sent without the sender's ${cut(names, mostDetail / 5)} (kept only in memory)`;
  return cut(reason, mostDetail - note.length) + note;
}

/** An attempt that has just been recorded, as clients are told. */
export function protocolAttemptOf(attempt: AttemptRecord, job: Job, destination: Destination): Attempt {
  return { ...protocolAttempt(attempt, job.deliveryId, destination), ofRound: attempt.number - job.roundStart };
}
