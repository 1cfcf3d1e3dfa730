import { Argument, InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import { z } from 'zod';
import { breakpointPlaces, breakpointSchema, onFailures } from '../../../protocol/debug.ts';
import type {
  Breakpoint,
  BreakpointPlace,
  KeptBreakpoint,
  OnFailure,
  RefusedBreakpoint,
} from '../../../protocol/debug.ts';
import { withRelay } from '../../connection.ts';
import { CommandError, UsageError } from '../../errors.ts';
import { checkedBy, commandGroup, jsonFlag, newCommand } from '../../flags.ts';
import type { CommonOptions } from '../../flags.ts';
import { note, print, printJson } from '../../terminal/output.ts';
import { pad, printable } from '../../terminal/text.ts';

interface BreakOptions extends CommonOptions {
  json?: boolean;
}

interface AddOptions extends BreakOptions {
  at?: BreakpointPlace;
  condition?: string;
  hits?: string;
  log?: string;
  onFailure?: OnFailure;
}

const breakpointId = z.string().regex(/^b[1-9]\d*$/);

/** `cm-relay debug break`, with its commands. */
export function breakCommand(): Command {
  const command = commandGroup(
    'break',
    'set, list and remove breakpoints',
    'Breakpoints stop sending where an event meets them: it is held, and so is what comes behind it. They stay when the relay is started again.',
    [
      'Examples:',
      '  cm-relay debug break add --condition type:update',
      '  cm-relay debug break list             also why each did not stop',
      '  cm-relay debug break remove b1',
      '',
      'Next: cm-relay debug step sends what was stopped, cm-relay debug continue goes on to the next.',
    ],
  );
  for (const each of [addCommand(), listCommand(), removeCommand()]) command.addCommand(each);
  return command.helpCommand('help [command]', 'what a command does, with examples');
}

const asJson = (): Option => jsonFlag('one JSON object a line, one for each breakpoint');

function addCommand(): Command {
  return newCommand(
    'add',
    'set a breakpoint',
    'Stops sending when an event matches. The event and everything after it are put on hold.',
    [
      'Examples:',
      '  cm-relay debug break add                                                       every event that is about to be sent',
      '  cm-relay debug break add --condition type:update                               as cm-relay events --filter has it',
      '  cm-relay debug break add --condition \'event.address.endsWith("@example.org")\'',
      "  cm-relay debug break add --at failed-attempt --condition 'attempt.status == 500'",
      '  cm-relay debug break add --hits ">= 3"                                         from the third on',
      '  cm-relay debug break add --log "{event.type} of {event.address}"               says so, and does not stop',
      '',
      'Conditions are filters, or expressions in CEL; docs/debugging.md has what they may ask.',
      '',
      'Next: cm-relay debug step sends what was stopped, cm-relay debug continue goes on to the next.',
    ],
  )
    .addOption(new Option('--at <place>', 'where it is looked at (default: event)').choices(breakpointPlaces))
    .addOption(
      new Option('--condition <text>', 'stop only where this is true; a filter, or CEL').argParser(
        checkedBy(breakpointSchema.shape.condition.unwrap()),
      ),
    )
    .addOption(
      new Option('--hits <count>', 'stop only so often: == 3, >= 3 or % 3').argParser(
        checkedBy(breakpointSchema.shape.hitCount.unwrap()),
      ),
    )
    .addOption(
      new Option('--log <text>', 'say this, with expressions in braces, and do not stop').argParser(
        checkedBy(breakpointSchema.shape.log.unwrap()),
      ),
    )
    .addOption(
      new Option(
        '--on-failure <what>',
        'what becomes of an event for which the condition fails (default: stop)',
      ).choices(onFailures),
    )
    .addOption(asJson())
    .action(add);
}

function listCommand(): Command {
  return newCommand(
    'list',
    'list breakpoints and why they did not stop',
    'Lists breakpoints with how often each was checked, matched and stopped, and why it did not stop.',
    [
      'Examples:',
      '  cm-relay debug break list',
      '  cm-relay debug break list --json',
      '',
      'Next: cm-relay debug break remove b1 removes one.',
    ],
  )
    .addOption(asJson())
    .action(list);
}

function removeCommand(): Command {
  return newCommand(
    'remove',
    'remove breakpoints',
    'Removes breakpoints. What they stopped stays on hold until you step or continue.',
    [
      'Examples:',
      '  cm-relay debug break remove b1',
      '  cm-relay debug break remove --all',
      '',
      'Next: cm-relay debug continue sends what is held.',
    ],
  )
    .addArgument(new Argument('[ids...]', 'ids of breakpoints, such as b1').argParser(collectBreakpoints))
    .addOption(new Option('--all', 'all of them'))
    .addOption(asJson())
    .action(remove);
}

function collectBreakpoints(value: string, previous: string[] = []): string[] {
  if (!breakpointId.safeParse(value).success)
    throw new InvalidArgumentError('expected the id of a breakpoint, such as b1.');
  return [...previous, value];
}

async function add(options: AddOptions): Promise<void> {
  const { at = 'event', condition, hits, log, onFailure } = options;
  const wanted: Breakpoint = {
    ...{ at, enabled: true },
    ...(condition !== undefined && { condition }),
    ...(hits !== undefined && { hitCount: hits }),
    ...(log !== undefined && { log }),
    ...(onFailure !== undefined && { onFailure }),
  };
  const {
    breakpoints: all,
    changed,
    refused,
  } = await withRelay(options, (client) => client.request('debug/breakpoints', { owner: 'terminal', add: [wanted] }));
  const [refusal] = refused;
  if (refusal !== undefined) throw explained(refusal, wanted);
  await show(
    all.filter(({ id }) => changed.includes(id)),
    options,
  );
}

/** What is wrong with a breakpoint, and a mark under where it is. */
function explained(refusal: RefusedBreakpoint, wanted: Breakpoint): UsageError | CommandError {
  if (refusal.in === 'breakpoint') {
    return new CommandError(refusal.message, 'cm-relay debug break remove takes some away.');
  }
  const flag = { condition: '--condition', hitCount: '--hits', log: '--log' }[refusal.in];
  const text = printable(wanted[refusal.in] ?? '');
  const width = Math.max(1, refusal.end - refusal.start);
  const mark = ' '.repeat(refusal.start) + '^'.repeat(width);
  return new UsageError(`${flag}: ${refusal.message}`, `${text}\n  ${mark}`);
}

async function list(options: BreakOptions): Promise<void> {
  const { breakpoints: all } = await withRelay(options, (client) => client.request('debug/breakpoints', {}));
  if (all.length === 0 && options.json !== true) note('There are no breakpoints. cm-relay debug break add sets one.');
  await show(all, options);
}

async function remove(ids: readonly string[], options: BreakOptions & { all?: boolean }): Promise<void> {
  if (ids.length > 0 === (options.all === true)) {
    throw new UsageError(
      ids.length > 0 ? 'ids and --all exclude each other' : 'nothing to remove: give ids or --all',
      'For example: cm-relay debug break remove b1',
    );
  }
  const { changed } = await withRelay(options, (client) =>
    client.request('debug/breakpoints', { remove: options.all === true ? 'all' : [...ids] }),
  );
  const missing = ids.find((id) => !changed.includes(id));
  if (missing !== undefined)
    throw new CommandError(`there is no breakpoint ${missing}`, 'cm-relay debug break list shows them.');
  if (options.json === true) for (const id of changed) await printJson({ id, removed: true });
  else await print(`Removed: ${changed.length === 0 ? 'none, there were none' : changed.join(', ')}\n`);
}

async function show(all: readonly KeptBreakpoint[], { json }: BreakOptions): Promise<void> {
  for (const each of all) {
    if (json === true) await printJson(each);
    else for (const line of breakpointLines(each)) await print(`${line}\n`);
  }
}

/** What a breakpoint is, and below it how often it was met and why it did not stop. */
export function breakpointLines(breakpoint: KeptBreakpoint): string[] {
  const { id, at, type, condition, hitCount, log, onFailure, enabled, owner } = breakpoint;
  const what = [
    type === undefined ? '' : `every ${type}`,
    condition ?? (type === undefined ? 'always' : ''),
    hitCount === undefined ? '' : `hits ${hitCount}`,
    log === undefined ? '' : `log "${log}"`,
    onFailure === 'pass' ? 'passes where that fails' : '',
    enabled ? '' : 'disabled',
    `set by ${owner}`,
  ].filter((part) => part !== '');
  const { lookedAt, met, stops, lastNotStopped, failure, switchedOff } = breakpoint;
  const lines = [`${pad(id, 4)} ${pad(at, 15)} ${printable(what.join(', '))}`];
  lines.push(`     looked at ${lookedAt}, met ${met}, stopped ${stops}`);
  if (switchedOff !== null) lines.push(`     off: ${printable(switchedOff.text)}`);
  else if (lookedAt === 0) lines.push('     nothing has come to it since it was set, or since the relay started');
  if (lastNotStopped !== null) lines.push(`     did not stop: ${printable(lastNotStopped.text)}`);
  if (failure !== null && lastNotStopped?.why !== 'condition-failed')
    lines.push(`     failed: ${printable(failure.text)}`);
  return lines;
}
