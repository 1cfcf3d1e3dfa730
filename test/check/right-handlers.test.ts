/** No handler that is right fails, however it takes its time and whatever it shows of what it keeps. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { runChecks, type CheckResult } from '../../src/check/check.ts';
import { checksFor } from '../../src/check/suite.ts';
import { RightHandler, type Waiting } from './handlers.ts';
import { contextIn, VirtualWorld, type PageOptions } from './virtual-world.ts';

const key = 'a key of this test';

/** How a handler takes its time. */
interface Manner {
  /** How long its work for one notification takes, in milliseconds: a fifth more or less. */
  readonly workMs: number;
  /** Whether it answers before it works, when it works then, and whether one notification waits for another. */
  readonly order: 'work, then answer' | 'answer, then work' | 'answer, then work one by one' | 'the last first';
}

/** A right one that takes its time. */
class SlowHandler extends RightHandler {
  readonly #manner: Manner;
  /** In which order what waits is worked off. */
  readonly #waiting: (() => void)[] = [];
  #isWorking = false;
  #taken = 0;

  constructor(waiting: Waiting, manner: Manner) {
    super(key, waiting);
    this.#manner = manner;
  }

  protected override async work(notification: Parameters<RightHandler['work']>[0]): Promise<number> {
    const { order, workMs } = this.#manner;
    this.#taken += 1;
    const takes = workMs * (0.8 + 0.4 * ((this.#taken * 0.618) % 1));
    const does = (): void => void super.work(notification);
    if (order === 'work, then answer') {
      await this.wait(takes);
      does();
      return 200;
    }
    if (order === 'answer, then work') {
      void this.wait(takes).then(does);
      return 202;
    }
    this.#waiting.push(does);
    if (!this.#isWorking) void this.#workAll(takes);
    return 202;
  }

  async #workAll(takes: number): Promise<void> {
    this.#isWorking = true;
    while (this.#waiting.length > 0) {
      await this.wait(takes);
      const next = this.#manner.order === 'the last first' ? this.#waiting.pop() : this.#waiting.shift();
      next?.();
    }
    this.#isWorking = false;
  }
}

async function checked(manner: Manner, page: PageOptions, isRun: (id: string) => boolean): Promise<CheckResult[]> {
  const world = new VirtualWorld();
  world.handler = new SlowHandler((ms) => world.wait(ms), manner);
  // How fast it answers is asked by two checks of their own: here it may take its time.
  const checks = checksFor({ answerWithinMs: 10_000 }).filter(({ id }) => isRun(id));
  return world.run(() => runChecks(checks, contextIn(world, key, page), { timeoutMs: 36_000_000 }));
}

function failedOf(results: readonly CheckResult[]): string[] {
  return results
    .filter(({ outcome }) => outcome === 'failed')
    .map(({ check, reason }) => `${check.id}: ${reason ?? ''}`);
}

const whole: PageOptions = { size: 100_000, order: 'oldest', isReversed: false };

const manners = fc.record<Manner>({
  workMs: fc.oneof(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 3000 })),
  order: fc.constantFrom('work, then answer', 'answer, then work', 'answer, then work one by one', 'the last first'),
});

const pages = fc.record<PageOptions>({
  size: fc.oneof(fc.constant(20), fc.integer({ min: 5, max: 60 }), fc.constant(100_000)),
  order: fc.constantFrom('oldest', 'newest', 'address', 'date'),
  isReversed: fc.boolean(),
});

describe('A right handler', function () {
  this.timeout(300_000);

  it('that answers 202 and works 1.5 s later passes all', async () => {
    const manner = { workMs: 1500, order: 'answer, then work' } as const;
    const results = await checked(manner, whole, () => true);
    assert.deepEqual(
      results.filter(({ outcome }) => outcome !== 'passed').map(({ check }) => check.id),
      [],
      failedOf(results).join('\n'),
    );
  });

  it('whose page shows 20 contacts is not decided where these do not tell, and fails nowhere', async () => {
    const manner = { workMs: 0, order: 'work, then answer' } as const;
    const results = await checked(manner, { size: 20, order: 'oldest', isReversed: false }, () => true);
    assert.deepEqual(failedOf(results), []);
    const open = results.filter(({ outcome }) => outcome === 'undecided');
    assert.ok(open.length > 0);
    for (const { reason } of open) assert.match(reason ?? '', /it may show only some contacts/);
  });

  it('does not fail, whatever its latency, its order of answer and work, and its page', async () => {
    // Most of what a run takes goes into the batch of 1,000.
    const isLarge = fc.integer({ min: 0, max: 3 }).map((one) => one === 0);
    await fc.assert(
      fc.asyncProperty(manners, pages, isLarge, async (manner, page, large) => {
        const results = await checked(manner, page, (id) => id !== 'large-batch' || large);
        assert.deepEqual(failedOf(results), []);
      }),
      { numRuns: 15 },
    );
  });
});
