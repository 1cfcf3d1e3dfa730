/** The destinations as they stand in the settings, and where they are written. */
import * as vscode from 'vscode';
import { whereSaid, writeSetting } from '../configuration.ts';
import { prefix } from '../prefix.ts';
import type { DestinationSetting } from '../settings.ts';
import { CommandError } from '../ui/command-error.ts';

/** The destinations in force, and the settings in which they stand. */
export interface PlacedDestinations {
  readonly target: vscode.ConfigurationTarget;
  /** All that stands there, with what is no destination: settings are typed by hand, and that is kept. */
  readonly entries: readonly unknown[];
  readonly destinations: readonly DestinationSetting[];
}

/** Reads them: what a folder says replaces what the user says, as a whole. */
export function readDestinations(): PlacedDestinations {
  const { target, said } = whereSaid('destinations');
  const entries: readonly unknown[] = [said ?? []].flat();
  return { target, entries, destinations: entries.filter(isDestination) };
}

/** Whether an entry can be shown and edited as a destination; what else is wrong with it the relay explains. */
export function isDestination(entry: unknown): entry is DestinationSetting {
  const said = Object(entry) as Readonly<Record<string, unknown>>;
  const { url, id = '', types = [], lists = [], signatureKeyName = '', credentialsName = '' } = said;
  const texts = [[url, id, signatureKeyName, credentialsName], types, lists];
  return texts.every((each) => Array.isArray(each) && each.every((text) => typeof text === 'string'));
}

/** Writes them back to where they stand. @param entries what is no destination, too, as it stood there */
export async function writeDestinations(entries: readonly unknown[]): Promise<void> {
  const { target } = readDestinations();
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
