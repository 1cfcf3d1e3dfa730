import type { contributions } from './contributions.ts';
import { prefix } from './prefix.ts';

type Contributions = typeof contributions;

export type CommandPart = keyof Contributions;
export type CommandName<Part extends CommandPart = CommandPart> = Part extends CommandPart
  ? keyof Contributions[Part] & string
  : never;

/** Commands that rows and other commands run; they aren't in package.json. */
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

export function commandId(name: CommandName): string {
  return `${prefix}.${name}`;
}

export type CommandHandlers<Part extends CommandPart = CommandPart> = {
  readonly [name in CommandName<Part>]: (...args: never[]) => unknown;
};
