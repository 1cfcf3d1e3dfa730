import type { DestinationStatus } from '../../protocol/status.ts';
import type { DestinationSetting } from '../settings.ts';
import type { DestinationField } from './destination-words.ts';

export interface DestinationNode {
  readonly kind: 'destination';
  /** In the settings, from 0. */
  readonly index: number;
  readonly setting: DestinationSetting;
  /** Undefined if no relay is running, or it hasn't applied these settings. */
  readonly status: DestinationStatus | undefined;
}

export interface WrongNode {
  readonly kind: 'wrong';
  /** In the settings, from 0. */
  readonly index: number;
  /** The paths of its wrong fields, such as `headers.x-a`; empty if the whole entry is wrong. */
  readonly fields: string;
}

/** Removed from the settings, but notifications still wait for it. */
export interface LeftNode {
  readonly kind: 'left';
  readonly status: DestinationStatus;
}

export interface DestinationFieldNode {
  readonly kind: 'field';
  readonly of: DestinationNode;
  readonly field: DestinationField;
  readonly label: string;
  readonly value: string;
}

/** Responds while the settings have no destination. */
export interface SampleNode {
  readonly kind: 'sample';
  readonly status: DestinationStatus | undefined;
}

export type DestinationsNode = DestinationNode | WrongNode | LeftNode | DestinationFieldNode | SampleNode;
