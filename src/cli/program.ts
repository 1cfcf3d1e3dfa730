import { Command } from 'commander';
import { arrangeCommandLine } from './command-line.ts';
import { checkCommand } from './commands/check.ts';
import { completionCommand } from './commands/support/completion.ts';
import { doctorCommand } from './commands/support/doctor.ts';
import { debugCommand } from './commands/debug.ts';
import { eventsCommand } from './commands/events.ts';
import { exportCommand } from './commands/export.ts';
import { instancesCommand } from './commands/instances.ts';
import { listenCommand } from './commands/listen.ts';
import { mcpCommand } from './commands/mcp.ts';
import { playCommand } from './commands/play.ts';
import { recordCommand } from './commands/record.ts';
import { resendCommand } from './commands/resend.ts';
import { sandboxCommand } from './commands/sandbox.ts';
import { scenarioCommand } from './commands/scenario.ts';
import { showCommand } from './commands/show.ts';
import { statusCommand } from './commands/status.ts';
import { retryCommand } from './commands/sending/retry.ts';
import { stopCommand } from './commands/stop.ts';
import { tunnelsCommand } from './commands/support/tunnels.ts';
import { triggerCommand } from './commands/trigger.ts';
import { urlCommand } from './commands/url.ts';
import { waitCommand } from './commands/wait.ts';
import { webhooksCommand } from './commands/webhooks.ts';
import { exitCodes, report, withoutSecrets, inPlainWords } from './errors.ts';
import { commonFlags, helpItem } from './flags.ts';
import { fitted, watchOutput } from './terminal/output.ts';
import { printable } from './terminal/text.ts';
import { version } from '../version.ts';
import { commandProcess } from './terminal/command-process.ts';

export function createProgram(): Command {
  const program = new Command('cm-relay')
    .description(
      'Receives Campaign Monitor webhooks on your machine, directly from Campaign Monitor or through SAP Open Connectors, and forwards, lists, and resends them.',
    )
    .version(version, '-V, --version', 'show the version')
    .helpOption('-h, --help', 'show help, with examples')
    // Flags after a command are the command's; arrangeCommandLine moves the program's flags before it.
    .enablePositionalOptions()
    .commandsGroup('Help and tools:')
    .helpCommand('help [command]', 'show help for a command, with examples')
    .addHelpText(
      'after',
      [
        '',
        'To try cm-relay, use two terminals:',
        '  cm-relay listen 3000/callback',
        '  cm-relay trigger subscribe',
        '',
        'For options and examples of a command such as listen, run cm-relay help listen.',
      ].join('\n'),
    );
  for (const flag of commonFlags()) program.addOption(flag);
  for (const [heading, commands] of Object.entries(groups())) {
    for (const command of commands) program.addCommand(command.helpGroup(heading));
  }
  // A command that was created elsewhere inherits no configuration.
  for (const { words, command } of commandsOf(program)) {
    command
      .exitOverride()
      .configureHelp({ formatItem: helpItem, minWidthToWrap: 24 })
      .configureOutput({ ...outputs, outputError: (text, write) => write(inPlainWords(text, command)) })
      .showHelpAfterError(`For options and examples of ${words.join(' ') || program.name()}, add --help.`);
  }
  return program;
}

function groups(): Readonly<Record<string, readonly Command[]>> {
  return {
    'Receive and forward:': [listenCommand(), statusCommand(), urlCommand(), retryCommand(), stopCommand()],
    'View events:': [eventsCommand(), showCommand(), waitCommand(), exportCommand()],
    'Send and debug:': [triggerCommand(), resendCommand(), debugCommand()],
    'Test a callback:': [checkCommand(), scenarioCommand(), recordCommand(), playCommand()],
    'Vendors and sandbox:': [webhooksCommand(), instancesCommand(), sandboxCommand()],
    'Help and tools:': [tunnelsCommand(), doctorCommand(), mcpCommand(), completionCommand()],
  };
}

export function commandsOf(
  command: Command,
  words: readonly string[] = [],
): readonly { readonly words: readonly string[]; readonly command: Command }[] {
  const below = command.commands.flatMap((each) => commandsOf(each, [...words, each.name()]));
  return [{ words, command }, ...below];
}

const outputs = {
  writeOut: (text: string): void => void commandProcess().stdout.write(text),
  // The message quotes the command line, which may contain escape sequences for the terminal.
  writeErr: (text: string): void =>
    void commandProcess().stderr.write(fitted(printable(withoutSecrets(text), '\n\t'), commandProcess().stderr)),
} as const;

export async function main(args: readonly string[]): Promise<number> {
  watchOutput();
  try {
    const program = createProgram();
    await program.parseAsync(arrangeCommandLine(args, program), { from: 'user' });
    return exitCodes.done;
  } catch (error) {
    return report(error);
  }
}
