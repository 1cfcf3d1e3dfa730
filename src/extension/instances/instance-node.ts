/** What stands in the instances view. */
import type { Instance } from '../../open-connectors/answers.ts';
import type { StoredInstance } from './instance-store.ts';
import type { PlacedInstance } from './placed-instance.ts';

export interface InstanceNode {
  readonly kind: 'instance';
  readonly facts: PlacedInstance;
  /** Where it lives: `Platform.host` when it was read. */
  readonly host: string;
  /** The platform's answer, token included: never drawn. */
  readonly instance: Instance;
}

export interface FactNode {
  readonly kind: 'fact';
  readonly of: InstanceNode;
  readonly key: string;
  readonly label: string;
  readonly value: string;
}

/** An instance that was made here and that the platform does not know any more: what is kept of it can be forgotten. */
export interface GoneNode {
  readonly kind: 'gone';
  readonly stored: StoredInstance;
}

/** The instances could not be read; chosen, it tries again. What to do has a row of its own, so that no side bar cuts it off. */
export interface FailureNode {
  readonly kind: 'failure';
  readonly row: 'what' | 'next';
  /** What happened, or what to do next. */
  readonly text: string;
}

export type InstancesNode = InstanceNode | FactNode | GoneNode | FailureNode;
