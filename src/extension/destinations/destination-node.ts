/** What stands in the view of destinations. */
import type { DestinationStatus } from '../../protocol/status.ts';
import type { DestinationSetting } from '../settings.ts';
import type { DestinationField } from './destination-words.ts';

export interface DestinationNode {
  readonly kind: 'destination';
  /** Its place in the settings, from 0. */
  readonly index: number;
  readonly setting: DestinationSetting;
  /** Undefined where no relay runs, or it has not taken these settings. */
  readonly status: DestinationStatus | undefined;
}

/** An entry of the settings that the relay would refuse. */
export interface WrongNode {
  readonly kind: 'wrong';
  /** Its place in the settings, from 0. */
  readonly index: number;
  /** The paths of its wrong fields, such as `headers.x-a`; empty if the whole entry is wrong. */
  readonly fields: string;
}

/** One that has left the settings and that something still waits for. */
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

/** Answers while the settings name no destination. */
export interface SampleNode {
  readonly kind: 'sample';
  readonly status: DestinationStatus | undefined;
}

export type DestinationsNode = DestinationNode | WrongNode | LeftNode | DestinationFieldNode | SampleNode;
