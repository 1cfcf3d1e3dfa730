import { Command } from 'commander';
import { bodyCommand } from './commands/body.ts';
import { breakCommand } from './commands/break.ts';
import { checkCommand } from './commands/check.ts';
import { completionCommand } from './commands/support/completion.ts';
import { doctorCommand } from './commands/support/doctor.ts';
import { continueCommand } from './commands/sending/continue.ts';
import { discardCommand } from './commands/discard.ts';
import { eventsCommand } from './commands/events.ts';
import { exportCommand } from './commands/export.ts';
import { holdCommand } from './commands/sending/hold.ts';
import { instancesCommand } from './commands/instances.ts';
import { listenCommand } from './commands/listen.ts';
import { mcpCommand } from './commands/mcp.ts';
import { playCommand } from './commands/play.ts';
import { recordCommand } from './commands/record.ts';
import { replayCommand } from './commands/replay.ts';
import { sandboxCommand } from './commands/sandbox.ts';
import { scenarioCommand } from './commands/scenario.ts';
import { showCommand } from './commands/show.ts';
import { statusCommand } from './commands/status.ts';
import { retryCommand } from './commands/sending/retry.ts';
import { stepCommand } from './commands/sending/step.ts';
import { stopCommand } from './commands/stop.ts';
import { subscribeCommand } from './commands/subscribe.ts';
import { triggerCommand } from './commands/trigger.ts';
import { urlCommand } from './commands/url.ts';
import { waitCommand } from './commands/wait.ts';
import { webhooksCommand } from './commands/webhooks.ts';
import { admitDataDirectory } from './data-dir.ts';
import { exitCodes, report, UsageError, withoutSecrets } from './errors.ts';
import type { CommonOptions } from './flags.ts';
import { fitted, watchOutput } from './terminal/output.ts';
import { printable } from './terminal/text.ts';
import { version } from '../version.ts';

/** Every command of cm-relay. */
export function createProgram(): Command {
  const program = new Command('cm-relay')
    .description(
      'Receives Campaign Monitor webhooks on your machine, turns them into the notifications of SAP Open Connectors, and forwards, lists and replays them.',
    )
    .version(version, '-V, --version', "the product's version")
    .helpOption('-h, --help', 'what there is, with examples')
    .helpCommand('help [command]', 'what a command does, with examples')
    .addHelpText(
      'after',
      [
        '',
        'A first try, in two terminals:',
        '  cm-relay listen 3000/callback',
        '  cm-relay trigger subscribe',
        '',
        'cm-relay help listen shows what a command takes, with examples.',
      ].join('\n'),
    );
  for (const command of [
    listenCommand(),
    statusCommand(),
    urlCommand(),
    triggerCommand(),
    waitCommand(),
    eventsCommand(),
    showCommand(),
    replayCommand(),
    discardCommand(),
    holdCommand(),
    stepCommand(),
    continueCommand(),
    retryCommand(),
    breakCommand(),
    exportCommand(),
    checkCommand(),
    scenarioCommand(),
    recordCommand(),
    playCommand(),
    bodyCommand(),
    instancesCommand(),
    webhooksCommand(),
    sandboxCommand(),
    subscribeCommand(),
    mcpCommand(),
    completionCommand(),
    doctorCommand(),
    stopCommand(),
  ]) {
    program.addCommand(command);
  }
  program.hook('preAction', async (_program, command) => {
    const takesIt = command.options.some(({ long }) => long === '--data-dir');
    if (takesIt) await admitDataDirectory(command.opts<CommonOptions>());
  });
  // A command that was made elsewhere inherits nothing.
  for (const command of [program, ...program.commands.flatMap((each) => [each, ...each.commands])]) {
    command
      .exitOverride()
      .configureOutput(errorOutput)
      .showHelpAfterError(`Add --help for what ${command.name()} takes, with examples.`);
  }
  return program;
}

/** What is wrong quotes the command line, which a terminal would act on. */
const errorOutput = {
  writeErr: (text: string): void =>
    void process.stderr.write(fitted(printable(withoutSecrets(text), '\n\t'), process.stderr)),
} as const;

/**
 * Runs cm-relay.
 * @param args the command line, without node and the script
 * @returns the exit code: 0 done, 1 failed, 2 bad usage, 3 nothing left to wait for
 */
export async function main(args: readonly string[]): Promise<number> {
  watchOutput();
  try {
    const program = createProgram();
    const [first, named] = args;
    // Commander would print the help of all without a word.
    if (first === 'help' && named !== undefined && !program.commands.some((each) => each.name() === named)) {
      throw new UsageError(`unknown command '${named}'`, 'cm-relay help lists the commands that there are.');
    }
    await program.parseAsync(args, { from: 'user' });
    return exitCodes.done;
  } catch (error) {
    return report(error);
  }
}
