/** What the tools of an assistant are made of: a relay's history, and what is done with a relay. */
import type { Reported } from '../../check/report.ts';
import type { Destination } from '../../protocol/settings.ts';
import type { Params, Result } from '../../protocol/methods.ts';
import type { Status } from '../../protocol/status.ts';

/** What is read, whether a relay runs or not. */
export interface AssistantSource {
  request<M extends 'events/query' | 'events/get' | 'deliveries/get' | 'notifications/render'>(
    method: M,
    params: Params<M>,
  ): Promise<Result<M>>;
  /** How the relay stands; null where none runs. */
  status(): Promise<Status | null>;
}

/** What is changed: by the running relay alone. */
export interface AssistantRelay {
  /** The destinations of the settings in force. */
  destinations(): Promise<readonly Destination[]>;
  replay(ids: readonly string[], to: Destination): Promise<Result<'notifications/replay'>>;
  /** Runs a file of scenarios against a destination, and reports each. */
  scenarios(file: string, only: string | undefined, to: Destination): Promise<readonly Reported[]>;
  /** Takes a body of Campaign Monitor's the way of one that was received. */
  inject(body: string): Promise<Result<'deliveries/inject'>>;
}
