import { CommanderError, type Command } from 'commander';
import { styleText } from 'node:util';
import { maskedValue } from '../common/masking.ts';
import { maskSecrets } from '../export/item.ts';
import { isUntrusted } from '../protocol/data-directory.ts';
import { hasRelayErrorCode, NoAnswerError } from '../protocol/errors.ts';
import { filterKeys } from '../protocol/event-filter.ts';
import { inSameDirectory } from './same-directory.ts';
import { printable, widthOf, wrapped } from './terminal/text.ts';
import { commandProcess } from './terminal/command-process.ts';

class AdvisedError extends Error {
  readonly next: string | undefined;
  constructor(message: string, next?: string) {
    super(message);
    this.next = next;
  }
}

export class UsageError extends AdvisedError {
  override readonly name = 'UsageError';
}

export class CommandError extends AdvisedError {
  override readonly name = 'CommandError';
}

export class EndedAtStartError extends Error {
  override readonly name = 'EndedAtStartError';
  readonly code: number | null;
  readonly said: string;
  constructor(code: number | null, said: string) {
    super('the background process stopped before it was ready');
    this.code = code;
    this.said = said;
  }
}

/** Matches `user:password@host`, with or without a scheme, whatever the password contains. */
const typedCredentials = /(?<![^\s'"=-])(?!-)((?:[a-z]+:\/\/)?)(?![^\s'"]*:\/\/)([^\s'"]*:[^\s'"]*)@([^\s'"@]+)/gi;
const filterWord = new RegExp(`^(?:${filterKeys.join('|')}):`, 'i');

function maskTyped(whole: string, scheme: string, user: string, host: string): string {
  const isPath = scheme !== '' && URL.canParse(whole) && new URL(whole).password === '';
  return isPath || filterWord.test(user) ? whole : `${scheme}${maskedValue}@${host}`;
}

/** Masks secrets in a command line, for a CI job's public log: in an invalid URL, everything before "@". */
export function withoutSecrets(text: string): string {
  const masked = text
    .replaceAll(typedCredentials, maskTyped)
    .replace(/(--header <header>: )'[^]*'(?= is not valid: )/, `$1'${maskedValue}'`);
  return maskSecrets(masked);
}

/** Messages of commander, and ours. Its sentences after a value may or may not end with a full stop. */
const plainWords: readonly (readonly [RegExp, string])[] = [
  [
    /command-argument value '([^]*)' is invalid for argument '([^']+)'\. ([^]*?)\.?\n$/,
    "'$1' is not valid for <$2>: $3\n",
  ],
  [/option '([^']+)' argument '([^]*)' is invalid\. ([^]*?)\.?\n$/, "$1: '$2' is not valid: $3\n"],
  [/is not valid([^]*): Allowed choices are /, 'is not valid$1: expected one of '],
  [/option '([^']+)' argument missing/, '$1 needs a value'],
  [/required option '([^']+)' not specified/, "missing required option '$1'"],
  [/\. Expected 0 arguments but got (\d+)\./, ': expected none, got $1'],
  [/\. Expected (\d+) arguments? but got (\d+)\./, ': expected $1, got $2'],
  [/option '(--\S+)[^']*' cannot be used with option '(--\S+?)[ '][^]*$/, 'use either $1 or $2, not both\n'],
];

export function inPlainWords(said: string, { registeredArguments, options }: Command): string {
  // An argument could forge a line: keep only commander's own line ends.
  const lines = said.replace(/\n(?!(?:\(Did you mean [^\n]*\n)?$)/g, '\\x0a');
  const text = plainWords.reduce((words, [pattern, plain]) => words.replace(pattern, plain), lines);
  const [, name] = /missing required (?:argument|option) '([^']+)'/.exec(text) ?? [];
  const missing =
    registeredArguments.find((argument) => argument.name() === name) ?? options.find(({ flags }) => flags === name);
  const what = missing?.argChoices?.join(', ') ?? missing?.description;
  return what === undefined ? text : `${text.trimEnd()}: ${what}\n`;
}

export class NothingLeftError extends CommandError {}

export const exitCodes = { done: 0, failed: 1, usage: 2, nothingLeft: 3 } as const;

export function report(error: unknown): number {
  if (error instanceof CommanderError) {
    // Commander has already printed the help, the version or the problem.
    return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
  }
  if (error instanceof EndedAtStartError && error.said !== '') {
    commandProcess().stderr.write(error.said);
    return error.code === exitCodes.usage ? exitCodes.usage : exitCodes.failed;
  }
  const lost = isConnectionLost(error);
  const message = lost
    ? 'the relay stopped before it answered'
    : error instanceof Error
      ? error.message
      : String(error);
  const label = styleText('red', 'error:', { stream: commandProcess().stderr });
  const say = (beginning: string, text: string): void => {
    const line = beginning + printable(withoutSecrets(inSameDirectory(text)));
    commandProcess().stderr.write(`${wrapped(line, widthOf(commandProcess().stderr), 2)}\n`);
  };
  say(`${label} `, message);
  const next = lost ? 'No acknowledged event was lost. To restart the relay, run cm-relay listen.' : nextOf(error);
  for (const line of next?.split('\n  ') ?? []) say('  ', line);
  if (error instanceof NothingLeftError) return exitCodes.nothingLeft;
  return error instanceof UsageError || isUntrusted(error) ? exitCodes.usage : exitCodes.failed;
}

export function isConnectionLost(error: unknown): boolean {
  return hasRelayErrorCode(error, 'connection-lost');
}

export function nextOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error instanceof NoAnswerError && error.pid !== undefined) return frozenAdvice(error.pid);
  const next: unknown = 'next' in error ? error.next : undefined;
  return typeof next === 'string' ? next : systemAdvice[(error as NodeJS.ErrnoException).code ?? ''];
}

export function frozenAdvice(pid: number): string {
  const [resume, end] =
    process.platform === 'win32'
      ? ['', ` (taskkill /F /PID ${pid})`]
      : [` (kill -CONT ${pid})`, ` (kill -KILL ${pid})`];
  return `If process ${pid} is suspended, resume it${resume}; otherwise end it${end}. No acknowledged event is lost.`;
}

const systemAdvice: Readonly<Record<string, string>> = {
  EACCES: 'Check the owner and permissions, or choose another path.',
  EPERM: 'Check the owner and permissions, or choose another path.',
  ENOENT: 'Check that the file exists and its name is spelled correctly.',
  ENOTDIR: 'Part of the path is a file, not a folder: check the spelling, or choose another path.',
  EISDIR: 'The path is a folder: give a file name.',
  EROFS: 'The disk is read-only: choose another place.',
  ENOSPC: 'Free some disk space, or choose another place.',
  EMFILE: 'Too many open files: close other programs, or raise the limit on open files.',
  ENFILE: 'Too many open files on this machine: close other programs.',
};
