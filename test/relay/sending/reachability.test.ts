import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { Reachability } from '../../../src/relay/sending/reachability.ts';
import { afterward } from '../afterward.ts';
import { until } from '../until.ts';

function observed(isLocal = false): { reachability: Reachability; said: string[]; probes: () => number } {
  const said: string[] = [];
  let probes = 0;
  const reachability = new Reachability({
    onDue: () => (probes += 1),
    onChange: () => void said.push('changed'),
    isLocal: () => isLocal,
    log: (level, message) => void said.push(`${level} ${message}`),
  });
  afterward(() => reachability.close());
  return { reachability, said, probes: () => probes };
}

describe('a destination', () => {
  it('is down from the first failure, which is said once, and is tried soon', async () => {
    const { reachability, said, probes } = observed();
    assert.equal(reachability.detail, null);
    reachability.failed(1, 'refused', 'http://x/');
    reachability.failed(2, 'refused too', 'http://x/');
    assert.ok(reachability.isDown && !reachability.mayTry);
    assert.equal(reachability.detail, 'cannot be reached: refused');
    assert.deepEqual(said, [
      'warn cannot reach http://x/ (refused): its notifications wait until it answers',
      'changed',
    ]);
    await until(() => probes() === 1);
    assert.ok(reachability.mayTry);
  });

  it('may be tried for as long as nobody does, and then by one at a time', async () => {
    const { reachability, probes } = observed();
    assert.ok(reachability.mayTry);
    reachability.failed(1, 'refused', 'http://x/');
    await until(() => probes() === 1);
    // Nothing might be sent: it is not forgotten that it is due.
    assert.ok(reachability.isDown && reachability.mayTry);
    reachability.probing(5);
    assert.ok(!reachability.mayTry);
  });

  const pauses: readonly [isLocal: boolean, said: string, pauses: readonly number[]][] = [
    [false, 'half minute', [250, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]],
    [true, 'three seconds where it is on this machine', [250, 500, 1000, 2000, 3000, 3000]],
  ];
  for (const [isLocal, often, delays] of pauses) {
    it(`is tried less and less often, in the end every ${often}`, () => {
      mock.timers.enable({ apis: ['setTimeout'] });
      afterward(() => mock.timers.reset());
      const { reachability, probes } = observed(isLocal);
      reachability.failed(1, 'refused', 'http://x/');
      for (const delayMs of delays) {
        const before = probes();
        mock.timers.tick(delayMs - 1);
        assert.equal(probes(), before, `not before ${delayMs} ms`);
        mock.timers.tick(1);
        assert.equal(probes(), before + 1, `after ${delayMs} ms`);
        reachability.probing(1);
        reachability.failed(1, 'refused', 'http://x/');
      }
    });
  }

  it('is up again when it answers, or when nothing is left to try it with, and then is tried no more', () => {
    const timers = (): number => process.getActiveResourcesInfo().filter((each) => each === 'Timeout').length;
    const before = timers();
    const { reachability, said } = observed();
    reachability.up('http://x/');
    assert.deepEqual(said, []);
    for (const answered of ['http://x/', undefined]) {
      reachability.failed(1, 'refused', 'http://x/');
      said.length = 0;
      reachability.up(answered);
      assert.ok(!reachability.isDown);
      assert.equal(reachability.detail, null);
      assert.deepEqual(said, answered === undefined ? ['changed'] : ['info http://x/ answers again', 'changed']);
    }
    assert.equal(timers(), before);
  });
});
