/** Sequences of commands, as fast-check makes them. */
import fc from 'fast-check';
import {
  Answer,
  AnswerOnPurpose,
  Break,
  Burst,
  Clear,
  Continue,
  Discard,
  Drop,
  Edit,
  Key,
  Leave,
  Look,
  Pause,
  Post,
  PostOther,
  PostPlatform,
  Redirect,
  Release,
  Replay,
  Restart,
  Retain,
  breakpoints,
} from './commands.ts';
import type { BreakpointName, Step } from './commands.ts';
import { Several, Together, type Asked } from './races.ts';
import { answerings, type RelayRig } from './rig.ts';
import { eventTypes, type World } from './world.ts';

const destination = fc.constantFrom('plain', 'strict', 'raw');
const index = fc.nat({ max: 30 });
const type = fc.constantFrom(...eventTypes);
const breakpointNames = Object.keys(breakpoints) as BreakpointName[];

function weighted<T>(weight: number, arbitrary: fc.Arbitrary<T>): { weight: number; arbitrary: fc.Arbitrary<T> } {
  return { weight, arbitrary };
}

/** What two clients ask at the same time. */
const pairs = [
  ['step', 'step'],
  ['step', 'drop'],
  ['drop', 'drop'],
  ['edit', 'edit'],
  ['edit', 'step'],
  ['drop', 'edit'],
  ['edit', 'continue'],
  ['step', 'continue'],
  ['continue', 'drop'],
  ['pause', 'continue'],
  ['continue', 'pause'],
  ['continue', 'continue'],
] as const satisfies readonly (readonly [Asked, Asked])[];

const failing = fc.constantFrom('error', 'reset');

/** Steps that come in a row by chance too seldom. */
const phrases: readonly fc.Arbitrary<readonly Step[]>[] = [
  // Retries across a pause, under strict order and not.
  fc
    .tuple(destination, failing, fc.boolean())
    .map(([name, how, isKilled]) => [
      new Answer(name, how),
      new Post(),
      new Post(),
      new Look(),
      new Pause(),
      ...(isKilled ? [new Restart('kill')] : []),
      new Answer(name, 'ok'),
      new Post(),
      new Release(null),
      new Continue(),
    ]),
  // What an earlier pause released counts in it alone.
  fc
    .tuple(destination, fc.constantFrom('refused', 'backlog', 'error', 'hang'))
    .map(([name, how]) => [
      new Pause(),
      new Post(),
      new Post(),
      new Answer(name, how),
      new Release(null),
      new Continue(),
      new Pause(),
      new Look(),
      new Answer(name, 'ok'),
      new Look(),
      new Release(null),
      new Continue(),
      new Pause(),
    ]),
  // Replayed while sending is paused, and then released.
  fc
    .tuple(index, fc.boolean())
    .map(([at, isKilled]) => [
      new Post(),
      new Look(),
      new Pause(),
      new Replay(at),
      ...(isKilled ? [new Restart('kill')] : []),
      new Look(),
      new Release(null),
      new Look(),
    ]),
  // A stop amid retries, at which the relay ends.
  fc
    .tuple(destination, fc.constantFrom('SIGTERM', 'kill', 'request'))
    .map(([name, by]) => [
      new Continue(),
      new Answer(name, 'error'),
      new Post(),
      new Post(),
      new Break('add', ['failed']),
      new Post(),
      new Restart(by),
      new Look(),
      new Continue(),
      new Break('remove-all'),
    ]),
  // A key that is taken while something is under way.
  failing.map((how) => [
    new Answer('strict', 'hang'),
    new Post(),
    new Post(),
    new Pause(),
    new Key('mine', false),
    new Answer('strict', how),
    new Continue(),
    new Look(),
    new Key('mine', true),
    new Answer('strict', 'ok'),
  ]),
];

/**
 * Sequences of commands.
 * @param most how many at most
 * @param replayPath which commands of one that was made shorter are left, as its failure names it
 */
export function sequences(
  most: number,
  replayPath: string | undefined,
): fc.Arbitrary<Iterable<fc.AsyncCommand<World, RelayRig>>> {
  const step = fc.oneof(
    weighted(
      8,
      fc
        .record({
          events: fc.constantFrom(1, 1, 1, 2, 20, 21, 45),
          type,
          stops: fc.boolean(),
          form: fc.constantFrom('json', 'json', 'xml'),
        })
        .map((posted) => new Post(posted)),
    ),
    weighted(
      2,
      fc
        .record({
          count: fc.constantFrom(30, 100, 300),
          stopAt: fc.constantFrom(0, 1, 2, 70),
          amid: fc.constantFrom(
            ...(['nothing', 'answer', 'answer', 'pause', 'pause', 'continue', 'blink', 'take-key'] as const),
            ...(['kill', 'SIGTERM', 'request'] as const),
          ),
        })
        .map((plan) => new Burst(plan)),
    ),
    weighted(
      2,
      fc.tuple(fc.constantFrom('right', 'wrong', 'missing'), type).map((given) => new PostPlatform(...given)),
    ),
    weighted(
      1,
      fc.constantFrom('rejected', 'test').map((kind) => new PostOther(kind)),
    ),
    weighted(
      5,
      fc
        .tuple(destination, fc.constantFrom('ok', 'ok', 'ok', ...answerings))
        .map(([name, answering]) => new Answer(name, answering)),
    ),
    weighted(
      1,
      fc.constantFrom(503, 200, null, null).map((status) => new AnswerOnPurpose(status)),
    ),
    weighted(
      3,
      fc.constant(null).map(() => new Pause()),
    ),
    weighted(
      3,
      fc.constant(null).map(() => new Continue()),
    ),
    weighted(
      2,
      fc
        .tuple(fc.constantFrom(...pairs), fc.constantFrom(0, 0, 0, 1, 7))
        .map(([pair, at]) => new Several([new Pause(), new Post(), new Post({ events: 21 }), new Together(pair, at)])),
    ),
    weighted(
      2,
      fc.oneof(...phrases).map((steps) => new Several(steps)),
    ),
    weighted(
      2,
      fc.option(index).map((at) => new Release(at)),
    ),
    weighted(
      1,
      fc.option(index).map((at) => new Drop(at)),
    ),
    weighted(
      1,
      index.map((at) => new Edit(at)),
    ),
    weighted(
      3,
      fc
        .tuple(
          fc.constantFrom('set', 'add'),
          fc.subarray(breakpointNames, { maxLength: 2 }),
          fc.record({
            owner: fc.constantFrom('terminal', 'terminal', 'vscode'),
            connection: fc.constantFrom('first', 'second'),
          }),
        )
        .map(([how, names, by]) => new Break(how, names, by)),
    ),
    weighted(
      1,
      fc.constantFrom('remove', 'remove-all').map((how) => new Break(how)),
    ),
    weighted(
      1,
      fc.constant(null).map(() => new Leave()),
    ),
    weighted(
      1,
      fc.option(index).map((at) => new Discard(at)),
    ),
    weighted(
      1,
      fc.oneof(index, fc.constant('failed' as const)).map((at) => new Replay(at)),
    ),
    weighted(
      2,
      fc
        .tuple(
          destination,
          fc.constantFrom(
            'remove',
            'add',
            'add',
            'updates',
            'all-types',
            'hold',
            'free',
            'free',
            'mine',
            'later',
            'no-key',
          ),
        )
        .map(([name, change]) => new Redirect(name, change)),
    ),
    weighted(
      2,
      fc.tuple(fc.constantFrom('mine', 'later'), fc.constantFrom(true, true, false)).map((key) => new Key(...key)),
    ),
    weighted(
      1,
      fc.oneof(
        fc.constantFrom(5, 40).map((most) => new Retain(most)),
        fc.constant(null).map(() => new Clear()),
      ),
    ),
    weighted(
      1,
      fc.constantFrom('kill', 'kill', 'request', 'SIGTERM', 'SIGINT').map((by) => new Restart(by)),
    ),
    weighted(
      1,
      fc.constant(null).map(() => new Look()),
    ),
  );
  return fc.commands([step] as fc.Arbitrary<fc.AsyncCommand<World, RelayRig>>[], {
    maxCommands: most,
    size: 'max',
    ...(replayPath !== undefined && { replayPath }),
  }) as never;
}
