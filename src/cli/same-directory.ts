/** Makes commands in advice use the same data directory. */
import { shellWord } from '../common/programs/shell-quote.ts';
import { commandProcess } from './terminal/command-process.ts';

const groups = 'debug break|debug|instances|webhooks';
const commands = 'doctor|events|export|listen|mcp|play|record|resend|retry|scenario|show|status|stop|trigger|url|wait';
const command = new RegExp(
  String.raw`\bcm-relay (?:(?:${groups}) [a-z]+|(?:${commands}))\b(?!(?:(?!cm-relay)[^])*--data-dir)`,
  'g',
);

const hints = new WeakMap<object, string>();

export function dataDirFlag(dataDir: string): string {
  return ` --data-dir ${process.platform === 'win32' ? `"${dataDir}"` : shellWord(dataDir)}`;
}

export function adviseOn(dataDir: string | undefined): void {
  hints.set(commandProcess(), dataDir === undefined ? '' : dataDirFlag(dataDir));
}

export function inSameDirectory(text: string, flag = hints.get(commandProcess()) ?? ''): string {
  return flag === '' ? text : text.replaceAll(command, (each) => each + flag);
}
