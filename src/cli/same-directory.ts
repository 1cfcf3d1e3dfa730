/** What a command advises is about the data directory that it was given. */
import { shellWord } from '../common/programs/shell-quote.ts';
import { commandProcess } from './terminal/command-process.ts';

/** Of these, the command that uses a data directory is the word behind them. */
const groups = 'debug break|debug|instances|webhooks';
const commands = 'doctor|events|export|listen|mcp|play|record|resend|retry|scenario|show|status|stop|trigger|url|wait';
/** A command that names none itself. */
const command = new RegExp(
  String.raw`\bcm-relay (?:(?:${groups}) [a-z]+|(?:${commands}))\b(?!(?:(?!cm-relay)[^])*--data-dir)`,
  'g',
);

const hints = new WeakMap<object, string>();

/** ` --data-dir …` for a command line. */
export function dataDirFlag(dataDir: string): string {
  return ` --data-dir ${process.platform === 'win32' ? `"${dataDir}"` : shellWord(dataDir)}`;
}

/** From now on what is advised is about this data directory. @param dataDir as it was given; undefined for the usual one */
export function adviseOn(dataDir: string | undefined): void {
  hints.set(commandProcess(), dataDir === undefined ? '' : dataDirFlag(dataDir));
}

/**
 * A text whose commands reach the data directory that this one was given.
 * @param flag ` --data-dir …`, or nothing for the usual one
 */
export function inSameDirectory(text: string, flag = hints.get(commandProcess()) ?? ''): string {
  return flag === '' ? text : text.replaceAll(command, (each) => each + flag);
}
