/** The destinations as they stand in the settings, and where they are written. */
import * as vscode from 'vscode';
import { whereSaid, writeSetting } from '../configuration.ts';
import { prefix } from '../prefix.ts';
import type { DestinationSetting } from '../settings.ts';
import { CommandError } from '../ui/command-error.ts';
import { printable } from '../ui/printable.ts';
import type { DestinationNode, WrongNode } from './destination-node.ts';

/** The entries in force as they were typed, valid or not, and the settings that contain them. */
interface TypedEntries {
  readonly target: vscode.ConfigurationTarget;
  readonly entries: readonly unknown[];
}

/** What a folder says replaces what the user says, as a whole. */
export function readEntries(): TypedEntries {
  const { target, said } = whereSaid('destinations');
  return { target, entries: [said ?? []].flat() };
}

/** Reads the entries and checks each as the relay does. */
export async function readDestinations(): Promise<{
  readonly target: vscode.ConfigurationTarget;
  readonly checked: readonly (WrongNode | Omit<DestinationNode, 'status'>)[];
  /** Those that are valid. */
  readonly destinations: readonly DestinationSetting[];
}> {
  const { target, entries } = readEntries();
  // A window without destinations needs no schema.
  if (entries.length === 0) return { target, checked: [], destinations: [] };
  const { destinationSchema } = await import('../deferred.ts');
  const checked = entries.map((entry, index) => {
    const { error } = destinationSchema.safeParse(entry);
    if (error === undefined) return { kind: 'destination' as const, index, setting: entry as DestinationSetting };
    const paths = error.issues.flatMap((issue) =>
      issue.code === 'unrecognized_keys' ? issue.keys : issue.path.map(String).join('.'),
    );
    return { kind: 'wrong' as const, index, fields: [...new Set(paths)].map((path) => printable(path)).join(', ') };
  });
  return { target, checked, destinations: checked.flatMap((each) => (each.kind === 'wrong' ? [] : [each.setting])) };
}

/** Writes them back to where they stand. @param entries what is no destination, too, as it stood there */
export async function writeDestinations(entries: readonly unknown[]): Promise<void> {
  const { target } = readEntries();
  await writeSetting('destinations', entries as DestinationSetting[], target);
}

/** Opens the setting. */
export function openDestinationSetting(): Thenable<unknown> {
  return vscode.commands.executeCommand('workbench.action.openSettings', `${prefix}.destinations`);
}

/** Where a destination stands by now. @throws CommandError where it has changed or gone meanwhile */
export function placeOfDestination(entries: readonly unknown[], wanted: DestinationSetting): number {
  const text = JSON.stringify(wanted);
  const at = entries.findIndex((each) => JSON.stringify(each) === text);
  if (at !== -1) return at;
  throw new CommandError(
    vscode.l10n.t('The destination was changed or removed'),
    vscode.l10n.t('Review it, and then try again.'),
  );
}
