/** The walk of docs/walk-two-contacts.md, in the terminal: each step with what the page says that it shows. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../free-port.ts';
import { Workplace, type Line } from '../cli/harness.ts';
import { temporaryFolder } from '../relay/afterward.ts';
import { until } from '../relay/until.ts';
import { startHandler } from './handler.ts';

/** In place of three seconds, and of the ten that an attempt has. */
const mailMs = 1000;
const timeoutMs = 3000;

interface Attempt extends Line {
  readonly outcome: string;
  readonly status: number | null;
  readonly error: string | null;
}

describe('Why does my handler create two contacts?', function () {
  this.timeout(120_000);
  let place: Workplace;
  beforeEach(() => {
    place = new Workplace();
  });
  afterEach(() => place.close());

  /** Nothing is on its way. */
  const settled = (): Promise<unknown> =>
    until(async () => {
      const { out } = await place.run('status', '--json');
      return (JSON.parse(out) as { counts: { waiting: number } }).counts.waiting === 0;
    });

  it('is found by a breakpoint on failed attempts, a step and a replay, and the right handler creates one', async () => {
    const port = await freePort();
    const wrong = await startHandler('wrong-handler', { mailMs, port });
    const config = join(temporaryFolder(), 'cm-relay.config.json');
    writeFileSync(config, JSON.stringify({ destinations: [{ url: wrong.url, timeoutMs }] }));
    const listening = place.listen(['--config', config]);
    await listening.ready();

    // Stop where an attempt fails.
    assert.equal((await place.run('debug', 'break', 'add', '--at', 'failed-attempt')).code, 0);
    assert.equal((await place.run('trigger', 'subscribe')).code, 0);
    const stopped = await listening.json<Line & { text: string; place: string; eventId: string }>('stopped');
    assert.equal(stopped.place, 'failed-attempt');
    assert.match(stopped.text, /e1 stopped at b1: after a failed attempt/);
    const failed = new RegExp(`no answer within ${timeoutMs} ms`);
    assert.match((await place.run('show', stopped.eventId, '--attempts')).out, failed);

    // The contact is there all the same.
    assert.equal(await wrong.count(), 1);

    // The retry alone makes the second one.
    assert.equal((await place.run('debug', 'step')).code, 0);
    await listening.json<Attempt>('attempt', ({ outcome }) => outcome === 'sent');
    const { out: attempts } = await place.run('show', stopped.eventId, '--attempts');
    assert.match(attempts, new RegExp(`${failed.source}[^]*200`));
    assert.equal(await wrong.count(), 2);
    const { out: events } = await place.run('events', '--json');
    assert.equal(events.trim().split('\n').length, 1, 'it was one subscription');

    // What comes twice is done twice, also without a timeout.
    assert.equal((await place.run('debug', 'break', 'remove', '--all')).code, 0);
    assert.equal((await place.run('debug', 'continue')).code, 0);
    assert.equal((await place.run('resend', stopped.eventId)).code, 0);
    await until(async () => (await wrong.count()) === 3);
    await settled();
    await wrong.end();

    // The right one takes its place.
    const right = await startHandler('right-handler', { mailMs, port });
    for (let times = 0; times < 2; times += 1) {
      assert.equal((await place.run('resend', stopped.eventId)).code, 0);
      await settled();
    }
    assert.equal(await right.count(), 1);
    await listening.end();
  });
});
