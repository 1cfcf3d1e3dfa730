/** Two clients that ask at the same time, and steps that follow each other at once. */
import type { HeldForwarding } from '../../../src/protocol/debug.ts';
import type { RelayClient } from '../../../src/protocol/relay-client.ts';
import { Edited, Step, checkTaken, heldByGate, heldOf, seenPaused } from './commands.ts';
import { atRest } from './observed.ts';
import type { KnownForwarding, World } from './world.ts';
import type { RelayRig } from './rig.ts';

/** What one of the two asks. `step` and `drop` are of the next. */
export type Asked = 'step' | 'drop' | 'edit' | 'continue' | 'pause';

/** What came of it: what it took of what was held; undefined where it was refused. */
interface Outcome {
  readonly asked: Asked;
  readonly took: readonly HeldForwarding[] | undefined;
}

/** Two clients ask at the same time, while sending is paused: each forwarding is one's alone. */
export class Together extends Step {
  readonly #asked: readonly [Asked, Asked];
  readonly #index: number;
  /** @param index of what is held, which an edit takes the place of */
  constructor(asked: readonly [Asked, Asked], index: number) {
    super();
    this.#asked = asked;
    this.#index = index;
  }

  protected override said(): unknown {
    return [...this.#asked, this.#index];
  }

  override check(world: Readonly<World>): boolean {
    if (world.paused === null) return false;
    // It is released in the pause in which it is written, which may be that one or the next.
    const mayStop = world.breakpoints.some(({ spec }) => spec.enabled);
    return !(this.#has('edit') && this.#has('continue') && mayStop);
  }

  #has(asked: Asked): boolean {
    return this.#asked.includes(asked);
  }

  protected async do(world: World, rig: RelayRig): Promise<void> {
    const observed = await atRest(world, rig);
    const held = heldByGate(observed);
    const before = new Map(
      heldOf(world, held).map((each) => [each, { passed: each.passed, came: each.arrivals.length }]),
    );
    // Before it is asked, since it may come before it is answered.
    const edits = this.#edits(world, held);
    const goesOn = this.#has('continue');
    const wasReleased = world.forwardings.filter(({ released }) => released);
    // The second of two finds what has stopped after the first.
    for (const asked of this.#asked) if (asked === 'continue') world.continuing(observed.held);
    world.goingOn = true;
    if (this.#has('step')) for (const each of before.keys()) each.passed = true;
    const outcomes = await Promise.all([
      ask(this.#asked[0], rig.clientOf('first'), edits[0]),
      ask(this.#asked[1], rig.clientOf('second'), edits[1]),
    ]);
    const { sending } = await rig.client.request('debug/sending', {});
    if (!goesOn) {
      for (const [each, { passed }] of before) each.passed = passed;
      if (sending.state !== 'paused') world.wrong.push(`${this.toString()}: it was paused, and is not`);
    }
    world.goingOn = false;
    for (const { asked, took = [] } of outcomes) {
      const forwardings = heldOf(world, took);
      if (asked === 'step' && !goesOn) world.releasing(forwardings, false);
      if (asked !== 'drop' && asked !== 'edit') continue;
      for (const each of forwardings)
        if (each.arrivals.length > (before.get(each)?.came ?? 0))
          world.wrong.push(`${each.name} came, and was dropped`);
      world.discarded(forwardings, new Set(forwardings));
    }
    if (goesOn && sending.state === 'paused') {
      await seenPaused(world, rig);
      // A pause that comes while the relay writes that it goes on is the one that there was: what it let go may still go.
      const { sending: before } = observed.status;
      if (before.state === 'paused' && before.since === sending.since)
        for (const each of wasReleased) each.released = true;
    }
    this.#checkOutcomes(world, held, outcomes);
  }

  #edits(world: World, held: readonly HeldForwarding[]): (Edited | undefined)[] {
    const chosen = held[this.#index % Math.max(1, held.length)];
    return this.#asked.map((asked) =>
      asked === 'edit' && chosen !== undefined ? new Edited(world, held, chosen) : undefined,
    );
  }

  #checkOutcomes(world: World, held: readonly HeldForwarding[], outcomes: readonly Outcome[]): void {
    const taken = outcomes.flatMap(({ took }) => took ?? []);
    const twice = new Set<KnownForwarding>();
    for (const each of heldOf(world, taken)) {
      // What was released, failed and stopped there may be taken again.
      if (twice.has(each) && !world.breakpoints.some(({ spec }) => spec.at === 'failed-attempt'))
        world.wrong.push(`${this.toString()}: both took ${each.name}`);
      twice.add(each);
    }
    if (this.#asked.every((asked) => asked === 'step' || asked === 'drop')) {
      const next = [...new Set(held.map(({ notificationId }) => notificationId))].slice(0, 2);
      checkTaken(
        world,
        this,
        taken,
        held.filter(({ notificationId }) => next.includes(notificationId)),
      );
    }
  }
}

async function ask(asked: Asked, client: RelayClient, edited: Edited | undefined): Promise<Outcome> {
  switch (asked) {
    case 'step':
      return { asked, took: (await client.request('debug/step', {})).released };
    case 'drop':
      return { asked, took: (await client.request('debug/drop', {})).dropped };
    case 'edit':
      return { asked, took: await edited?.ask(client) };
    case 'continue':
      await client.request('debug/continue', {});
      return { asked, took: [] };
    case 'pause':
      await client.request('debug/pause', { by: { kind: 'vscode', id: 'model' } });
      return { asked, took: [] };
  }
}

/** Steps one after the other, which together find what they seldom do by chance. */
export class Several extends Step {
  readonly #steps: readonly Step[];
  constructor(steps: readonly Step[]) {
    super();
    this.#steps = steps;
  }

  override toString(): string {
    return this.#steps.join(', ');
  }

  protected async do(world: World, rig: RelayRig): Promise<void> {
    for (const each of this.#steps) if (each.check(world)) await each.run(world, rig);
  }
}
