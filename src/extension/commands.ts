/** The names of the commands, as the rooms describe them (contributions.ts). */
import type { contributions } from './contributions.ts';
import { prefix } from './prefix.ts';

type Contributions = typeof contributions;

/** A part that carries out commands. */
export type CommandPart = keyof Contributions;
/** The name of a command after the prefix. */
export type CommandName<Part extends CommandPart = CommandPart> = Part extends CommandPart
  ? keyof Contributions[Part] & string
  : never;

/** Commands that rows and other commands run, and package.json does not name. */
export const internalCommands = [
  'open',
  'loadMore',
  'openTunnel',
  'openDestinations',
  'openSettings',
  'refreshEvents',
  'refreshWebhooks',
  'refreshInstances',
  'compareWithNotification',
  'compareAnswers',
  'stopResendOnSave',
  'chooseProbe',
  'chooseHandlerConfiguration',
] as const satisfies readonly CommandName[];

/** The whole id of a command. */
export function commandId(name: CommandName): string {
  return `${prefix}.${name}`;
}

/** What carries out each command of a part, or of all. The compiler holds them complete. */
export type CommandHandlers<Part extends CommandPart = CommandPart> = {
  readonly [name in CommandName<Part>]: (...args: never[]) => unknown;
};
