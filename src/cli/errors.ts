import { CommanderError } from 'commander';
import type { Command } from 'commander';
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

/** The command line is wrong. The message names the flag or argument. Exit code 2. */
export class UsageError extends AdvisedError {
  override readonly name = 'UsageError';
}

/** The command line was right, but the command failed. Exit code 1. */
export class CommandError extends AdvisedError {
  override readonly name = 'CommandError';
}

/** A command for the background exited instead, and has reported why. */
export class EndedAtStartError extends Error {
  override readonly name = 'EndedAtStartError';
  readonly code: number | null;
  /** Its standard error. */
  readonly said: string;
  constructor(code: number | null, said: string) {
    super('the background process stopped before it was ready');
    this.code = code;
    this.said = said;
  }
}

/** `user:password@host`, with or without a scheme, whatever the password contains. */
const typedCredentials = /(?<![^\s'"=-])(?!-)((?:[a-z]+:\/\/)?)(?![^\s'"]*:\/\/)([^\s'"]*:[^\s'"]*)@([^\s'"@]+)/gi;
/** A word of a filter, such as `address:jane@example.org`. */
const filterWord = new RegExp(`^(?:${filterKeys.join('|')}):`, 'i');

function maskTyped(whole: string, scheme: string, user: string, host: string): string {
  const isPath = scheme !== '' && URL.canParse(whole) && new URL(whole).password === '';
  return isPath || filterWord.test(user) ? whole : `${scheme}${maskedValue}@${host}`;
}

/**
 * Masks secrets that were typed into a command line: those in a URL, and in an invalid URL everything before an "@". A
 * terminal may be a CI job's public log.
 */
export function withoutSecrets(text: string): string {
  const masked = text
    .replaceAll(typedCredentials, maskTyped)
    .replace(/(--header <header>: )'[^]*'(?= is not valid: )/, `$1'${maskedValue}'`);
  return maskSecrets(masked);
}

/** Messages of commander, and our versions. Its sentences after a value may end with a full stop or not. */
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

/** Commander's message in plainer words; for a missing argument or option with its choices, or else its description. */
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

/** What the command waited for can no longer happen. Exit code 3. */
export class NothingLeftError extends CommandError {}

export const exitCodes = { done: 0, failed: 1, usage: 2, nothingLeft: 3 } as const;

/** Prints an error and its advice on standard error. @returns the exit code */
export function report(error: unknown): number {
  if (error instanceof CommanderError) {
    // Commander has printed the help, the version or the problem.
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

/** What to do next, from an error of this program or the system. */
export function nextOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error instanceof NoAnswerError && error.pid !== undefined) return frozenAdvice(error.pid);
  const next: unknown = 'next' in error ? error.next : undefined;
  return typeof next === 'string' ? next : systemAdvice[(error as NodeJS.ErrnoException).code ?? ''];
}

/** For a relay that does not answer, or does not end. */
export function frozenAdvice(pid: number): string {
  const [resume, end] =
    process.platform === 'win32'
      ? ['', ` (taskkill /F /PID ${pid})`]
      : [` (kill -CONT ${pid})`, ` (kill -KILL ${pid})`];
  return `If process ${pid} is suspended, resume it${resume}; otherwise end it${end}. No acknowledged event is lost.`;
}

/** For errors of the system without their own advice, by code. */
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
