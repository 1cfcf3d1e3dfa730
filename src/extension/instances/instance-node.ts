import type { Instance } from '../../open-connectors/answers.ts';
import type { StoredInstance } from './instance-store.ts';
import type { PlacedInstance } from './placed-instance.ts';

export interface InstanceNode {
  readonly kind: 'instance';
  readonly facts: PlacedInstance;
  /** `Platform.host` when it was read. */
  readonly host: string;
  /** The API's response, including the token: never shown. */
  readonly instance: Instance;
}

export interface FactNode {
  readonly kind: 'fact';
  readonly of: InstanceNode;
  readonly key: string;
  readonly label: string;
  readonly value: string;
}

/** An instance created here that no longer exists in Open Connectors: its stored data can be removed. */
export interface GoneNode {
  readonly kind: 'gone';
  readonly stored: StoredInstance;
}

/**
 * The instances could not be read; clicking it retries. What to do has a separate row, so that a narrow side bar
 * doesn't cut it off.
 */
export interface FailureNode {
  readonly kind: 'failure';
  readonly row: 'what' | 'next';
  readonly text: string;
}

export type InstancesNode = InstanceNode | FactNode | GoneNode | FailureNode;
