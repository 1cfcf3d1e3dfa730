import * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import { whereSaid, writeSetting } from '../configuration.ts';
import { prefix } from '../prefix.ts';
import type { DestinationSetting } from '../settings.ts';
import { CommandError } from '../ui/command-error.ts';
import { printable } from '../ui/printable.ts';
import type { DestinationStatus } from '../../protocol/status.ts';
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
  readonly index: number;
  /** Paths such as `headers.x-a`; empty if the whole entry is wrong. */
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

export interface SampleNode {
  readonly kind: 'sample';
  readonly status: DestinationStatus | undefined;
}

export type DestinationsNode = DestinationNode | WrongNode | LeftNode | DestinationFieldNode | SampleNode;

/** As typed, valid or not. A folder's list replaces the user's as a whole. */
export function readEntries(): { readonly target: vscode.ConfigurationTarget; readonly entries: readonly unknown[] } {
  const { target, said } = whereSaid('destinations');
  return { target, entries: [said ?? []].flat() };
}

interface CheckedDestinations {
  readonly target: vscode.ConfigurationTarget;
  readonly checked: readonly (WrongNode | DestinationNode)[];
  readonly destinations: readonly DestinationSetting[];
}

export async function readDestinations(): Promise<CheckedDestinations> {
  const { target, entries } = readEntries();
  // A window without destinations needs no schema.
  if (entries.length === 0) return { target, checked: [], destinations: [] };
  const { destinationSchema } = await import('../deferred.ts');
  const checked = entries.map((entry, index): WrongNode | DestinationNode => {
    const { error } = destinationSchema.safeParse(entry);
    if (!error) return { kind: 'destination', index, setting: entry as DestinationSetting, status: undefined };
    const paths = error.issues.flatMap((issue) =>
      issue.code === 'unrecognized_keys' ? issue.keys : issue.path.map(String).join('.'),
    );
    return { kind: 'wrong', index, fields: [...new Set(paths)].map((path) => printable(path)).join(', ') };
  });
  return { target, checked, destinations: checked.flatMap((each) => (each.kind === 'wrong' ? [] : [each.setting])) };
}

export async function writeDestinations(entries: readonly unknown[]): Promise<void> {
  await writeSetting('destinations', entries as DestinationSetting[], readEntries().target);
}

export function openDestinationSetting(): Thenable<unknown> {
  return vscode.commands.executeCommand('workbench.action.openSettings', `${prefix}.destinations`);
}

export function placeOfDestination(entries: readonly unknown[], wanted: DestinationSetting): number {
  const text = JSON.stringify(wanted);
  const at = entries.findIndex((each) => JSON.stringify(each) === text);
  if (at !== -1) return at;
  throw new CommandError(say('The destination was changed or removed'), say('Review it, and then try again.'));
}
