import type { Reported } from '../../check/report.ts';
import type { Destination } from '../../protocol/settings.ts';
import type { Params, Result } from '../../protocol/methods.ts';
import type { Status } from '../../protocol/status.ts';

export interface AssistantSource {
  request<M extends 'events/query' | 'events/get' | 'deliveries/get' | 'notifications/render'>(
    method: M,
    params: Params<M>,
  ): Promise<Result<M>>;
  /** Null if no relay runs. */
  status(): Promise<Status | null>;
}

export interface AssistantRelay {
  destinations(): Promise<readonly Destination[]>;
  replay(ids: readonly string[], to: Destination): Promise<Result<'notifications/replay'>>;
  scenarios(file: string, only: string | undefined, to: Destination): Promise<readonly Reported[]>;
  /** Processes a body as if Campaign Monitor had posted it. */
  inject(body: string): Promise<Result<'deliveries/inject'>>;
}
