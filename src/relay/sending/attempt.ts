import type { Attempt } from '../../protocol/history.ts';
import type { Destination } from '../../protocol/settings.ts';
import { cut } from '../log/columns.ts';
import type { SendResult } from './outbound.ts';
import type { AttemptRecord } from '../log/records.ts';
import type { Verdict } from '../../common/retry-verdict.ts';
import { protocolAttempt } from '../log/protocol-shapes.ts';
import type { Job } from './waiting.ts';

/** A failure's reason may quote the destination. */
const mostDetail = 500;

const noBody = Buffer.alloc(0);

export interface Sent {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly durationMs: number;
  readonly destination: Destination;
  readonly withheld: readonly string[];
}

/** @param result without secrets @param nextAt milliseconds since the epoch; null if there is no next attempt */
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

function withWithheld(reason: string, withheld: readonly string[]): string {
  if (withheld.length === 0) return cut(reason, mostDetail);
  const names = [...new Set(withheld)].join(' and ');
  const note = `; sent without the sender's ${cut(names, mostDetail / 5)} (kept only in memory)`;
  return cut(reason, mostDetail - note.length) + note;
}

export function protocolAttemptOf(attempt: AttemptRecord, job: Job, destination: Destination): Attempt {
  return { ...protocolAttempt(attempt, job.deliveryId, destination), ofRound: attempt.number - job.roundStart };
}
