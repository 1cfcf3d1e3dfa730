import { InvalidArgumentError, Option, type Command } from 'commander';
import { z } from 'zod';
import { breakpointPlaces, breakpointSchema } from '../../../protocol/debug.ts';
import type { Breakpoint, BreakpointPlace, KeptBreakpoint, RefusedBreakpoint } from '../../../protocol/debug.ts';
import { filterAdvice } from '../../../protocol/event-filter.ts';
import { withRelay } from '../../connection.ts';
import { CommandError, UsageError } from '../../errors.ts';
import { checkedBy, commandGroup, jsonFlag, newCommand, type CommonOptions } from '../../flags.ts';
import { note, print, printJson } from '../../terminal/output.ts';
import { pad, printable } from '../../terminal/text.ts';

interface BreakOptions extends CommonOptions {
  json?: boolean;
}

interface AddOptions extends BreakOptions {
  at?: BreakpointPlace;
  condition?: string;
}

const breakpointId = z.string().regex(/^b[1-9]\d*$/);

export function breakCommand(): Command {
  const command = commandGroup(
    'break',
    'set, list, and remove breakpoints',
    'A breakpoint stops sending when an event matches. The event and everything queued after it are put on hold. Breakpoints stay when you restart the relay.',
    [
      'cm-relay debug break add --condition type:update',
      'cm-relay debug break list             lists breakpoints and why they did not stop',
      'cm-relay debug break remove b1',
    ],
    'cm-relay debug step sends the event at the breakpoint; cm-relay debug continue resumes sending until the next breakpoint.',
  );
  for (const each of [addCommand(), listCommand(), removeCommand()]) command.addCommand(each);
  return command.helpCommand('help [command]', 'show help for a command, with examples');
}

const asJson = (): Option => jsonFlag('print one JSON object per line for each breakpoint');

function addCommand(): Command {
  return newCommand(
    'add',
    'set a breakpoint',
    'Stops sending when an event matches. The event and everything after it are put on hold.',
    [
      'cm-relay debug break add                                        every event, before sending',
      'cm-relay debug break add --condition type:update                same filters as cm-relay events',
      'cm-relay debug break add --condition "address:@example.org"',
      'cm-relay debug break add --at failed-attempt --condition type:update',
    ],
    'cm-relay debug step sends the event at the breakpoint; cm-relay debug continue resumes sending until the next breakpoint.',
  )
    .addOption(new Option('--at <place>', 'where to stop (default: event)').choices(breakpointPlaces))
    .option(
      '--condition <text>',
      'stop only at events that this filter finds',
      checkedBy(breakpointSchema.shape.condition.unwrap()),
    )
    .addOption(asJson())
    .action(add);
}

function listCommand(): Command {
  return newCommand(
    'list',
    'list breakpoints and why they did not stop',
    'For each breakpoint, shows how often it was checked, matched an event, and stopped sending, and why it last did not stop.',
    ['cm-relay debug break list', 'cm-relay debug break list --json'],
    'cm-relay debug break remove b1 removes a breakpoint.',
  )
    .addOption(asJson())
    .action(list);
}

function removeCommand(): Command {
  return newCommand(
    'remove',
    'remove breakpoints',
    'Removes breakpoints. Events they stopped stay on hold until you step or continue.',
    ['cm-relay debug break remove b1', 'cm-relay debug break remove --all'],
    'cm-relay debug continue sends held events.',
  )
    .argument('[ids...]', 'breakpoint IDs, such as b1', collectBreakpoints)
    .option('--all', 'all breakpoints')
    .addOption(asJson())
    .action(remove);
}

function collectBreakpoints(value: string, previous: string[] = []): string[] {
  if (!breakpointId.safeParse(value).success) throw new InvalidArgumentError('expected a breakpoint ID, such as b1');
  return [...previous, value];
}

async function add(options: AddOptions): Promise<void> {
  const { at = 'event', condition } = options;
  const wanted: Breakpoint = { at, enabled: true, ...(condition !== undefined && { condition }) };
  const {
    breakpoints: all,
    changed,
    refused,
  } = await withRelay(options, (client) => client.request('debug/breakpoints', { owner: 'terminal', add: [wanted] }));
  const [refusal] = refused;
  if (refusal !== undefined) throw explained(refusal);
  await show(
    all.filter(({ id }) => changed.includes(id)),
    options,
  );
}

function explained(refusal: RefusedBreakpoint): UsageError | CommandError {
  return refusal.in === 'breakpoint'
    ? new CommandError(refusal.message, 'Remove some with cm-relay debug break remove.')
    : new UsageError(`--condition: ${refusal.message}`, filterAdvice);
}

async function list(options: BreakOptions): Promise<void> {
  const { breakpoints: all } = await withRelay(options, (client) => client.request('debug/breakpoints', {}));
  if (all.length === 0 && options.json !== true) note('No breakpoints. Add one with cm-relay debug break add.');
  await show(all, options);
}

async function remove(ids: readonly string[], options: BreakOptions & { all?: boolean }): Promise<void> {
  if (ids.length > 0 === (options.all === true)) {
    throw new UsageError(
      ids.length > 0 ? 'use either IDs or --all, not both' : 'nothing to remove: give IDs or --all',
      'For example: cm-relay debug break remove b1',
    );
  }
  const { changed } = await withRelay(options, (client) =>
    client.request('debug/breakpoints', { remove: options.all === true ? 'all' : [...ids] }),
  );
  const missing = ids.find((id) => !changed.includes(id));
  if (missing !== undefined)
    throw new CommandError(`no breakpoint ${missing}`, 'To see breakpoints, run cm-relay debug break list.');
  if (options.json === true) for (const id of changed) await printJson({ id, removed: true });
  else await print(`Removed: ${changed.length === 0 ? 'none (no breakpoints were set)' : changed.join(', ')}\n`);
}

async function show(all: readonly KeptBreakpoint[], { json }: BreakOptions): Promise<void> {
  for (const each of all) {
    if (json === true) await printJson(each);
    else for (const line of breakpointLines(each)) await print(`${line}\n`);
  }
}

export function breakpointLines(breakpoint: KeptBreakpoint): string[] {
  const { id, at, condition = 'always', enabled, owner, lookedAt, met, stops, lastNotStopped } = breakpoint;
  const what = `${condition}${enabled ? '' : ', disabled'}, set by ${owner}`;
  const lines = [`${pad(id, 4)} ${pad(at, 15)} ${printable(what)}`];
  lines.push(`     checked ${lookedAt}, matched ${met}, stopped ${stops}`);
  if (lookedAt === 0) lines.push('     nothing has reached it since you set it or the relay started');
  if (lastNotStopped !== null) lines.push(`     did not stop: ${printable(lastNotStopped.text)}`);
  return lines;
}
