/** The flags of the commands that send to a callback of their own accord: where to, signed by what, and who is asked. */
import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import { z } from 'zod';
import { urlWithoutUser } from '../protocol/settings.ts';
import { checkedBy, seconds, urlOf, wholeNumber } from './flags.ts';
import type { CommonOptions } from './flags.ts';
import { formerFlag } from './former-spellings.ts';

/** A kind of report, and the file that it goes to. */
export interface ReportFile {
  readonly kind: 'junit' | 'json';
  readonly file: string;
}

export interface TargetFlags extends CommonOptions {
  config?: string;
  destination?: string;
  signatureKeyEnv?: string;
}

export interface ProbeFlags {
  probe?: string;
  probeValue?: string;
  probeCommand?: string;
  kept?: string;
  /** In milliseconds. */
  stableFor?: number;
}

/** A URL without user name and password. */
const httpUrl = urlOf(urlWithoutUser());

/** Adds the flags that say where to send. */
export function withTargetFlags(command: Command): Command {
  command.optionsGroup('Destination:');
  return command
    .addOption(new Option('--config <file>', 'a configuration file of cm-relay listen, for a destination of it'))
    .addOption(
      new Option('--destination <id>', 'which destination of --config, by its id or URL (default: the only one)'),
    )
    .addOption(
      new Option('--signature-key-env <name>', 'the environment variable with the key that signs what is sent'),
    );
}

/** Adds the flags that say who tells what the callback has made. @param settled how long it is waited for else */
export function withProbeFlags(command: Command, settled: string): Command {
  const stableFor = new Option(
    '--stable-for <s>',
    `how long the count must stay unchanged, in seconds; give more if your callback works after it answers (default: ${settled})`,
  ).argParser(seconds(0, 60));
  command.optionsGroup('Contact count:');
  return command
    .addOption(
      new Option(
        '--probe <url>',
        'a URL of yours that tells how many contacts there are, such as /contacts/count',
      ).argParser(checkedBy(httpUrl)),
    )
    .addOption(
      new Option(
        '--probe-value <cel>',
        'the number in its answer, as an expression: answer.json.count, size(answer.json)',
      ),
    )
    .addOption(new Option('--probe-command <line>', 'the same by a command of your shell, which prints the number'))
    .addOption(
      new Option(
        '--kept <url>',
        'a URL of yours that shows what is kept, such as /contacts: searched for texts',
      ).argParser(checkedBy(httpUrl)),
    )
    .addOption(stableFor)
    .addOption(formerFlag(stableFor, '--settle <ms>', wholeNumber(z.int().min(0).max(60_000))));
}

/** `--report junit=FILE`. */
export function reportFlag(): Option {
  return new Option(
    '--report <kind=file>',
    'write a report as well: junit=FILE or json=FILE; may be repeated',
  ).argParser((value: string, previous: ReportFile[] | undefined): ReportFile[] => {
    const [, kind, file] = /^(junit|json)=(.+)$/s.exec(value) ?? [];
    if (kind === undefined || file === undefined) throw new InvalidArgumentError('expected junit=FILE or json=FILE.');
    return [...(previous ?? []), { kind: kind as ReportFile['kind'], file }];
  });
}
