/** Commands on Open Connectors, and the instance that one is about. */
import { Argument } from 'commander';
import type { Command } from 'commander';
import type { Instance } from '../../open-connectors/answers.ts';
import { CommandError } from '../errors.ts';
import { newCommand } from '../flags.ts';
import type { Below } from '../flags.ts';
import { platformFlags } from './open-connectors.ts';
import type { Platform } from './open-connectors.ts';

export function platformCommand(name: string, summary: string, description: string, ...below: Below): Command {
  const command = newCommand(name, summary, description, ...below);
  for (const option of platformFlags()) command.addOption(option);
  return command;
}

export const instanceArgument = (): Argument => new Argument('<instance>', 'instance ID, or its name if unique');

/** @throws CommandError if no instance has the name, or several have; Open Connectors' error for an unknown ID */
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
  // Read it, since a list may leave something out.
  return api.getInstance(instance.id);
}
