/** What stands in the instances view. */
import type { Instance } from '../../open-connectors/api.ts';
import type { PlacedInstance } from './placed-instance.ts';

export interface InstanceNode {
  readonly kind: 'instance';
  readonly facts: PlacedInstance;
  /** The platform's answer, token included: never drawn. */
  readonly instance: Instance;
}

export interface FactNode {
  readonly kind: 'fact';
  readonly instanceId: number;
  readonly key: string;
  readonly label: string;
  readonly value: string;
}

/** The instances could not be read; chosen, it tries again. */
export interface FailureNode {
  readonly kind: 'failure';
  readonly message: string;
}

export type InstancesNode = InstanceNode | FactNode | FailureNode;
