/** What the tools of an assistant are made of: a relay's history, and what is done with a relay. */
import type { Reported } from '../../check/report.ts';
import type { Destination } from '../../protocol/settings.ts';
import type { Result } from '../../protocol/methods.ts';
import type { RelayClient } from '../../protocol/relay-client.ts';

/** What is read, whether a relay runs or not. */
export type AssistantSource = Pick<RelayClient, 'request'>;

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
