/** Makes commands in advice use the same data directory, and the same host of Open Connectors. */
import { shellWord } from '../common/programs/shell-quote.ts';
import { commandProcess } from './terminal/command-process.ts';

/** For these, the command that uses a data directory is the next word. */
const groups = 'debug break|debug|instances|webhooks';
const commands = 'doctor|events|export|listen|mcp|play|record|resend|retry|scenario|show|status|stop|trigger|url|wait';
/** A command without --data-dir. */
const command = new RegExp(
  String.raw`\bcm-relay (?:(?:${groups}) [a-z]+|(?:${commands}))\b(?!(?:(?!cm-relay)[^])*--data-dir)`,
  'g',
);

/** A command without --host. */
const onPlatform = /\bcm-relay instances [a-z]+\b(?!(?:(?!cm-relay)[^])*--host)/g;

const hints = new WeakMap<object, { readonly directory: string; readonly host: string }>();

/** ` --data-dir …` for a command line. */
export function dataDirFlag(dataDir: string): string {
  return ` --data-dir ${quoted(dataDir)}`;
}

function quoted(word: string): string {
  return process.platform === 'win32' ? `"${word}"` : shellWord(word);
}

/** Sets what advice names. @param dataDir, host as given; undefined for the default ones */
export function adviseOn(dataDir: string | undefined, host: string | undefined): void {
  hints.set(commandProcess(), {
    directory: dataDir === undefined ? '' : dataDirFlag(dataDir),
    host: host === undefined ? '' : ` --host ${quoted(host)}`,
  });
}

/** @param flag ` --data-dir …`, or empty for the default one */
export function inSameDirectory(text: string, flag = hints.get(commandProcess())?.directory ?? ''): string {
  const host = hints.get(commandProcess())?.host ?? '';
  const onHost = host === '' ? text : text.replaceAll(onPlatform, (each) => each + host);
  return flag === '' ? onHost : onHost.replaceAll(command, (each) => each + flag);
}
