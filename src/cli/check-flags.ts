import { InvalidArgumentError, Option, type Command } from 'commander';
import { urlWithoutUser } from '../protocol/settings.ts';
import { checkedBy, seconds, urlOf, type CommonOptions } from './flags.ts';

export interface ReportFile {
  readonly kind: 'junit' | 'json';
  readonly file: string;
}

export interface TargetFlags extends CommonOptions {
  config?: string;
  destination?: string;
  signatureKeyEnv?: string;
  allowEnv?: boolean;
}

export interface ProbeFlags {
  probe?: string;
  probeValue?: string;
  probeCommand?: string;
  kept?: string;
  /** In milliseconds. */
  stableFor?: number;
}

const httpUrl = urlOf(urlWithoutUser());

export function withTargetFlags(command: Command): Command {
  command.optionsGroup('Destination:');
  return command
    .option('--config <file>', 'cm-relay listen configuration file that contains the destination')
    .option('--destination <id>', 'destination in --config to use, by ID or URL (default: the only one)')
    .option('--signature-key-env <name>', 'environment variable that holds the key for signing notifications')
    .option('--allow-env', 'send environment variables to the URLs in files');
}

export function withProbeFlags(command: Command, settled: string): Command {
  command.optionsGroup('Contact count:');
  return command
    .option(
      '--probe <url>',
      'URL that returns the number of contacts, such as http://localhost:3000/contacts/count',
      checkedBy(httpUrl),
    )
    .option(
      '--probe-value <cel>',
      'CEL expression that gets the number from the answer, such as answer.json.count or size(answer.json)',
    )
    .option('--probe-command <line>', 'shell command that prints the number of contacts, in place of --probe')
    .option(
      '--kept <url>',
      'URL that returns the data your callback keeps, such as http://localhost:3000/contacts; checks search the answer for text',
      checkedBy(httpUrl),
    )
    .option(
      '--stable-for <s>',
      `how long the count must stay unchanged, in seconds; increase this value if your callback continues processing after it answers (default: ${settled})`,
      seconds(0, 60),
    );
}

export function reportFlag(): Option {
  return new Option('--report <kind=file>', 'also write a report: junit=FILE or json=FILE; repeatable').argParser(
    (value: string, previous: ReportFile[] | undefined): ReportFile[] => {
      const [, kind, file] = /^(junit|json)=(.+)$/s.exec(value) ?? [];
      if (kind === undefined || file === undefined) throw new InvalidArgumentError('expected junit=FILE or json=FILE');
      return [...(previous ?? []), { kind: kind as ReportFile['kind'], file }];
    },
  );
}
