/** Commands on the platform, and which instance one is about. */
import { Argument } from 'commander';
import type { Command } from 'commander';
import type { Instance } from '../../open-connectors/answers.ts';
import { CommandError } from '../errors.ts';
import { newCommand } from '../flags.ts';
import { platformFlags } from './open-connectors.ts';
import type { Platform } from './open-connectors.ts';

/** A command on the platform. */
export function platformCommand(name: string, summary: string, description: string, after: readonly string[]): Command {
  const command = newCommand(name, summary, description, after);
  for (const option of platformFlags()) command.addOption(option);
  return command;
}

/** `<instance>`. */
export const instanceArgument = (): Argument => new Argument('<instance>', 'instance ID, or its name if unique');

/**
 * The instance of an id or a name.
 * @throws CommandError where no instance has the name, or several have; what the platform says of an id that is none
 */
export async function instanceNamed({ api }: Platform, named: string): Promise<Instance> {
  if (/^\d{1,15}$/.test(named)) return api.getInstance(Number(named));
  const found = (await api.listInstances({ searchText: named })).filter(({ name }) => name === named);
  const [instance] = found;
  if (instance === undefined)
    throw new CommandError(`no instance is named ${named}`, 'To see all instances, run cm-relay instances list.');
  if (found.length > 1) {
    throw new CommandError(
      `${found.length} instances are named ${named}: ${found.map(({ id }) => id).join(', ')}`,
      'Use an ID instead.',
    );
  }
  // The whole of it: a list may leave something out.
  return api.getInstance(instance.id);
}
