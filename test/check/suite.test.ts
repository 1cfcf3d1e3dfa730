import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { runChecks } from '../../src/check/check.ts';
import { expressionsOfFile } from '../../src/check/scenario-expressions.ts';
import type { RunContext } from '../../src/check/run.ts';
import { newRun, sourcesOf } from '../../src/check/sources.ts';
import { checksFor } from '../../src/check/suite.ts';
import { Callback } from './callback.ts';

const all = checksFor({ answerWithinMs: 1000 });

function contextOf(callback: Callback, more: Partial<RunContext> = {}): RunContext {
  return {
    target: callback.target(),
    probe: null,
    kept: null,
    sources: sourcesOf({ folder: null, fromHistory: null }),
    run: newRun(),
    settling: { mostMs: 200, quietMs: 20 },
    signal: new AbortController().signal,
    ...more,
  };
}

describe('The suite', () => {
  it('has checks that each say why they matter, what the platform does and what to do', () => {
    assert.equal(new Set(all.map(({ id }) => id)).size, all.length);
    for (const { id, title, why, platform, fix, scenario } of all) {
      assert.match(id, /^[a-z0-9]+(?:-[a-z0-9]+)*$/);
      for (const text of [title, why, platform, fix]) assert.ok(text.length > 5, id);
      assert.match(`${why}${platform}${fix}`, /\.$/, id);
      for (const read of expressionsOfFile({ scenarios: [scenario] })) read();
    }
  });

  for (const id of ['same-event-twice', 'retry-after-500', 'retry-after-timeout', 'cut-connection']) {
    it(`sends one notification twice, not two of them: ${id}`, async () => {
      const callback = await Callback.open();
      try {
        const checks = all.filter((each) => each.id === id);
        await runChecks(checks, contextOf(callback), { timeoutMs: 60_000 });
        const taken = await callback.received(2);
        assert.equal(taken.length, 2);
        assert.equal(new Set(taken.map(({ headers }) => headers['elements-webhook-id'])).size, 1);
      } finally {
        await callback.close();
      }
    });
  }

  it('is the table of docs/check.md', () => {
    const page = readFileSync(new URL('../../docs/check.md', import.meta.url), 'utf8');
    const rows = [...page.matchAll(/^\| `([a-z0-9-]+)`\s*\|\s*(.*?)\s*\|.*\| (?:documented|assumption)\s*\|/gm)].map(
      ([, id, title]) => [id, title],
    );
    assert.deepEqual(
      rows,
      all.map(({ id, title }) => [id, title]),
    );
  });

  it('skips what is about signatures without a key, and the rest when time is up', async () => {
    const callback = await Callback.open();
    try {
      const checks = all.filter(({ id }) => ['older-shape', 'tampered', 'event-types'].includes(id));
      const results = await runChecks(checks, contextOf(callback), { timeoutMs: 60_000 });
      assert.deepEqual(
        results.map(({ check, outcome, reason }) => [check.id, outcome, reason ?? '']),
        [
          ['older-shape', 'passed', ''],
          ['event-types', 'passed', ''],
          ['tampered', 'skipped', 'no signature key was provided'],
        ],
      );
      const late = await runChecks(checks, contextOf(callback), { timeoutMs: 0 });
      assert.deepEqual(
        new Set(late.map(({ reason }) => reason ?? '')),
        new Set(['the time limit for all checks was reached']),
      );
    } finally {
      await callback.close();
    }
  });
});
