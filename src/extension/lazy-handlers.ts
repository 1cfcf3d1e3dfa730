import type { CommandHandlers, CommandName } from './commands.ts';

/**
 * Handlers of commands whose code is loaded when one of them is first run, so that activation does not pay for it.
 * @param names the commands
 * @param load imports their code and makes their handlers
 */
export function lazyHandlers<Name extends CommandName>(
  names: readonly Name[],
  load: () => Promise<Pick<CommandHandlers, Name>>,
): Pick<CommandHandlers, Name> {
  let loading: Promise<Pick<CommandHandlers, Name>> | undefined;
  const handler =
    (name: Name) =>
    async (...args: never[]): Promise<unknown> => {
      loading ??= load();
      return (await loading)[name](...args);
    };
  return Object.fromEntries(names.map((name) => [name, handler(name)])) as unknown as Pick<CommandHandlers, Name>;
}
