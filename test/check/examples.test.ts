/** The suite tried on the examples: it finds every fault that was planted in the wrong handler, and none in the right one. */
import assert from 'node:assert/strict';
import { sharedCauses } from '../../src/check/causes.ts';
import { runChecks, type CheckResult } from '../../src/check/check.ts';
import { keptPage, urlProbe } from '../../src/check/probe.ts';
import { newRun, sourcesOf } from '../../src/check/sources.ts';
import { checksFor } from '../../src/check/suite.ts';
import { SecretMask } from '../../src/common/masking.ts';
import { startHandler, type Handler, type HandlerName } from '../examples/handler.ts';
import { ProcessWorld } from './virtual-world.ts';

const key = 'a key of the examples';

interface Trial {
  /** How long the handler's mail server takes, in milliseconds. */
  readonly mailMs: number;
  readonly answerWithinMs: number;
  readonly isRun?: (id: string) => boolean;
}

const mask = new SecretMask([]);

const settling = { mostMs: 1000, quietMs: 100 };

async function checked(name: HandlerName, trial: Trial): Promise<CheckResult[]> {
  return checkedAt(await startHandler(name, { key, mailMs: trial.mailMs }), trial);
}

function checkedAt(handler: Handler, { answerWithinMs, isRun }: Trial): Promise<CheckResult[]> {
  const world = new ProcessWorld();
  const url = new URL(handler.url);
  const checks = checksFor({ answerWithinMs }).filter(({ id }) => isRun?.(id) !== false);
  const probe = urlProbe({ url: `${url.origin}/contacts/count`, value: 'answer.json.count', mask });
  const kept = keptPage({ url: `${url.origin}/contacts`, mask });
  return world.run(() =>
    runChecks(
      checks,
      {
        target: { url, headers: [], signatureKey: key, timeoutMs: 10_000, insecureTls: false, mask },
        probe: world.probeOf(probe),
        kept: world.pageOf(kept),
        sources: sourcesOf({ folder: null, fromHistory: null }),
        run: newRun(),
        settling,
        signal: new AbortController().signal,
        world,
      },
      { timeoutMs: 300_000 },
    ),
  );
}

/** What finds each fault of the table in examples/wrong-handler/README.md, by its number there. */
const foundBy: Readonly<Record<number, readonly string[]>> = {
  1: [
    ...['same-event-twice', 'same-event-at-once', 'retry-after-500', 'retry-after-timeout'],
    'older-subscription-late',
  ],
  2: ['notification'],
  3: ['every-event', 'large-batch', 'parts-out-of-order', 'one-address-twice'],
  4: ['own-details'],
  5: ['missing-field'],
  6: ['older-shape'],
  7: ['unknown-type'],
  8: ['update-first', 'changed-address', 'changed-address-first'],
  9: ['letter-case'],
  10: ['unknown-address', 'older-event-late'],
  11: ['older-update-late'],
  12: ['signature-missing'],
  13: ['exact-bytes'],
  14: ['large-batch'],
  // Its page is cut off, so that it is without what stands at its end.
  15: ['scripts', 'same-minute'],
};

describe('The suite and the examples', function () {
  this.timeout(240_000);

  it('finds nothing wrong with the right handler', async () => {
    const results = await checked('right-handler', { mailMs: 1, answerWithinMs: 10_000 });
    assert.deepEqual(
      results.filter(({ outcome }) => outcome !== 'passed').map(({ check, reason }) => `${check.id}: ${reason ?? ''}`),
      [],
    );
  });

  it('says once that the page is broken where a run before has broken it', async () => {
    const handler = await startHandler('wrong-handler', { key, mailMs: 1 });
    const isRun = (id: string): boolean => ['own-details', 'update-first', 'changed-address', 'scripts'].includes(id);
    const trial = { mailMs: 1, answerWithinMs: 1000, isRun };
    await checkedAt(handler, { ...trial, isRun: (id) => id === 'scripts' });
    const results = await checkedAt(handler, trial);
    const [cause, ...others] = sharedCauses(results);
    assert.deepEqual(others, []);
    assert.match(cause?.text ?? '', /^the page http:\/\/.*\/contacts is marked as JSON but is truncated/);
    assert.deepEqual(cause?.ids, ['own-details', 'update-first', 'changed-address', 'scripts']);
    assert.ok(!results.some(({ reason }) => /is truncated or invalid, without/.test(reason ?? '')));
  });

  it('finds every fault of the wrong handler, and fails for no other reason', async () => {
    // Its first answer takes four times as long as its mail; all others as long, which "speed" allows.
    const results = await checked('wrong-handler', {
      mailMs: 60,
      answerWithinMs: 200,
      isRun: (id) => id !== 'speed',
    });
    const failed = results.filter(({ outcome }) => outcome === 'failed').map(({ check }) => check.id);
    assert.deepEqual(failed.toSorted(), [...new Set(Object.values(foundBy).flat())].toSorted());
    assert.deepEqual(
      results.filter(({ outcome }) => outcome === 'undecided' || outcome === 'skipped').map(({ check }) => check.id),
      [],
    );
  });
});
