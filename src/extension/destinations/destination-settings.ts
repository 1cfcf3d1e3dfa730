/** The destinations as they stand in the settings, and where they are written. */
import * as vscode from 'vscode';
import { whereSaid, writeSetting } from '../configuration.ts';
import { prefix } from '../prefix.ts';
import type { DestinationSetting } from '../settings.ts';
import { CommandError } from '../ui/command-error.ts';

/** The destinations in force, and the settings in which they stand. */
export interface PlacedDestinations {
  readonly target: vscode.ConfigurationTarget;
  readonly destinations: readonly DestinationSetting[];
}

/** Reads them: what a folder says replaces what the user says, as a whole. */
export function readDestinations(): PlacedDestinations {
  const { target, said } = whereSaid('destinations');
  return { target, destinations: plausible(said) };
}

/** Settings are typed by hand: what has no URL at all the relay explains, and no row can stand for it. */
function plausible(value: unknown): readonly DestinationSetting[] {
  if (!Array.isArray(value)) return [];
  return value.filter(
    (each): each is DestinationSetting =>
      typeof each === 'object' && each !== null && typeof (each as { url?: unknown }).url === 'string',
  );
}

/** Writes them back to where they stand. */
export async function writeDestinations(destinations: readonly DestinationSetting[]): Promise<void> {
  const { target } = readDestinations();
  await writeSetting('destinations', [...destinations], target);
}

/** Opens the setting. */
export function openDestinationSetting(): Thenable<unknown> {
  return vscode.commands.executeCommand('workbench.action.openSettings', `${prefix}.destinations`);
}

/** Where a destination stands by now. @throws CommandError where it has changed or gone meanwhile */
export function placeOfDestination(destinations: readonly DestinationSetting[], wanted: DestinationSetting): number {
  const text = JSON.stringify(wanted);
  const at = destinations.findIndex((each) => JSON.stringify(each) === text);
  if (at !== -1) return at;
  throw new CommandError(
    vscode.l10n.t('The destination was changed or removed in the settings'),
    vscode.l10n.t('Review the destination, and then try again.'),
  );
}
