import fc from 'fast-check';
import { readAmount } from '../long.ts';
import {
  Answer,
  AnswerOnPurpose,
  Await,
  Break,
  Burst,
  Continue,
  Drop,
  Look,
  Pause,
  Post,
  PostOther,
  PostPlatform,
  Redirect,
  Restart,
  begin,
  finish,
  lookAtHeld,
  takeRuns,
} from './model/commands.ts';
import { RelayRig } from './model/rig.ts';
import { sequences } from './model/sequences.ts';
import { World, keys } from './model/world.ts';

type Command = fc.AsyncCommand<World, RelayRig>;

/** Where what is posted goes: of each kind of destination one. */
const destinations = [
  { id: 'plain', mode: 'normalized', strictOrder: false, keyName: undefined },
  { id: 'strict', mode: 'normalized', strictOrder: true, keyName: 'mine' },
  { id: 'raw', mode: 'raw', strictOrder: false, keyName: undefined },
] as const;

/** How long all may take to arrive at the end of a sequence: a callback that was down is tried less and less often. */
const arrivalMs = 45_000;

/** Runs commands on a relay of their own, and looks at what becomes of it in the end. */
async function play(commands: Iterable<Command>, timeoutMs = arrivalMs): Promise<void> {
  const world = new World(destinations);
  const rig: RelayRig = new RelayRig(
    destinations.map(({ id }) => id),
    {
      onStopped: (stop) => {
        world.stopTold(stop);
        if (!world.goingOn && world.pauseTold()) void lookAtHeld(world, rig).catch(() => undefined);
      },
      onAdded: (rows) => world.learn(rows),
      onAttempts: (attempts) => world.recorded(attempts),
    },
  );
  try {
    for (const [id, callback] of rig.callbacks) {
      callback.tell(
        (arrival) => world.arrived(id, arrival),
        (arrival) => world.answered(id, arrival),
      );
      await callback.become('ok');
    }
    await begin(world, rig);
    world.keysGiven.add('mine');
    await rig.client.request('relay/configure', {
      settings: { destinations: world.settings((id) => rig.callback(id).url) },
      secrets: { signatureKeys: { mine: keys.mine } },
    });
    await fc.asyncModelRun(() => ({ model: world, real: rig }), commands);
    await finish(world, rig, timeoutMs);
  } finally {
    await rig.end();
  }
}

const seconds = readAmount('MODEL_SECONDS', 0, 600);
const sequencesInPart = seconds > 0 ? 8 : 3;
const stepsInSequence = 40;
/** One sequence of a part, as a failure names it, is played again. */
const path = process.env['MODEL_PATH'];
const shrinkMs = Number(process.env['MODEL_SHRINK'] ?? 0) * 1000;
const firstSeed = Number(process.env['MODEL_SEED'] ?? Date.now() % 1_000_000_000);

async function runPart(seed: number): Promise<{ sequences: number; steps: number; kinds: string }> {
  let count = 0;
  const property = fc.asyncProperty(sequences(stepsInSequence, process.env['MODEL_REPLAY']), async (commands) => {
    count += 1;
    await play(commands);
  });
  await fc.assert(property, {
    seed,
    numRuns: path === undefined ? sequencesInPart : 1,
    endOnFailure: shrinkMs === 0,
    ...(shrinkMs > 0 && { plugins: [fc.interruptAfterTimeLimit(shrinkMs)] }),
    ...(path !== undefined && { path }),
  });
  const runs = takeRuns();
  const steps = [...runs.values()].reduce((sum, each) => sum + each, 0);
  const kinds = [...runs].sort().map(([kind, times]) => `${kind} ${times}`);
  return { sequences: count, steps, kinds: kinds.join(', ') };
}

describe('A model of the whole relay', () => {
  it(`agrees with it, whatever is asked, answered, paused, stopped and killed (seed ${firstSeed})`, async function () {
    this.timeout(300_000 + seconds * 2000 + shrinkMs);
    const end = Date.now() + seconds * 1000;
    let seed = firstSeed;
    const sum = { sequences: 0, steps: 0 };
    do {
      const part = await runPart(seed);
      sum.sequences += part.sequences;
      sum.steps += part.steps;
      console.log(`    seed ${seed}: ${part.sequences} sequences, ${part.steps} steps: ${part.kinds}`);
      seed += 1;
    } while (Date.now() < end);
    if (seconds > 0) console.log(`    in all ${sum.sequences} sequences, ${sum.steps} steps`);
  });

  const onlyPlain = [new Redirect('strict', 'remove'), new Redirect('raw', 'remove')];

  it('agrees that a callback that was down is tried again after a breakpoint', async function () {
    this.timeout(120_000);
    await play([
      ...onlyPlain,
      new Break('set', ['every']),
      new Answer('plain', 'refused'),
      new Post(),
      new Await('stop'),
      new Continue(),
      new Await({ down: 'plain' }),
      new Post(),
      new Pause(),
      new Drop(null),
      new Continue(),
      new Await('stop'),
      new Continue(),
      new Answer('plain', 'ok'),
    ]);
  });

  it('agrees that nothing of a burst is sent once one of it has stopped at a breakpoint', async function () {
    this.timeout(120_000);
    await play([
      ...onlyPlain,
      new Break('set', ['stop']),
      new Burst({ count: 400, stopAt: 1, amid: 'answer' }),
      new Look(),
    ]);
  });

  it('agrees that the relay ends in order right after a stop at a breakpoint', async function () {
    this.timeout(120_000);
    await play([...onlyPlain, new Break('add', ['every']), new Post(), new Restart('SIGTERM')]);
  });

  it('agrees that what is answered on purpose goes nowhere, also after a kill, and that all else goes', async function () {
    this.timeout(120_000);
    await play([
      new AnswerOnPurpose(503),
      new Post({ events: 21 }),
      new PostPlatform('wrong'),
      new PostOther('rejected'),
      new Look(),
      new Restart('kill'),
      new Post(),
      new AnswerOnPurpose(200),
      new Burst({ count: 200, amid: 'pause' }),
      new AnswerOnPurpose(null),
      new Post(),
      new Continue(),
      new Look(),
    ]);
  });

  it('agrees that what was under way when sending was paused and the relay was killed is held', async function () {
    this.timeout(120_000);
    await play([
      ...onlyPlain,
      new Answer('plain', 'hang'),
      new Post(),
      new Look(),
      new Pause(),
      new Restart('kill'),
      new Look(),
    ]);
  });
});
