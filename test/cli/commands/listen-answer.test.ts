import assert from 'node:assert/strict';
import type { Answering } from '../../../src/protocol/answering.ts';
import type { EventRow } from '../../../src/protocol/history.ts';
import type { Status } from '../../../src/protocol/status.ts';
import { delivery, eachWithOwn, post, type Callback, type Line, type Workplace } from '../harness.ts';

type AnsweringLine = Line & { state: Answering['state']; status?: number; remaining?: number | null };

describe('cm-relay listen --answer', function () {
  this.timeout(180_000);
  let place: Workplace;
  let callback: Callback;

  eachWithOwn((own) => ({ place, callback } = own));

  async function statusNow(): Promise<Status> {
    const { code, out, err } = await place.run('status', '--json');
    assert.equal(code, 0, err);
    return JSON.parse(out) as Status;
  }

  it('answers so from the start, for a count, says it in lines, status and lists, and forwards what comes then', async () => {
    const listening = place.listen(['--forward-to', callback.url, '--answer', '503', '--count', '2', '--for', '900']);
    const { campaignMonitorUrl } = await listening.ready();
    const first = await listening.json<AnsweringLine & Answering>('answering');
    assert.ok(first.state === 'on-purpose');
    assert.deepEqual([first.status, first.remaining, first.delayMs], [503, 2, 0]);
    assert.equal(Date.parse(first.until) - Date.parse(first.since), 900_000);
    assert.match(
      await listening.line((line) => line.includes('notice: Answering'), 'errors'),
      /^notice: Answering the next 2 deliveries with 503 on purpose, until [-\d: ]+ at the latest \(set by a terminal \(process \d+\)\)\. Deliveries are stored, not forwarded\. To answer as usual, run cm-relay listen --data-dir \S+ --answer off --detach\.$/,
    );
    assert.equal(await post(campaignMonitorUrl, delivery('a@example.org')), 503);
    assert.match((await place.run('status')).out, /Answers +Answering the next 1 delivery with 503 on purpose/);
    assert.match((await place.run('doctor')).out, /answered with 503 on purpose until/);
    assert.equal(await post(campaignMonitorUrl, 'neither JSON nor XML'), 503);
    const usual = await listening.json<AnsweringLine>('answering', ({ state }) => state === 'as-usual');
    assert.equal(usual.status, undefined);
    assert.equal(await post(campaignMonitorUrl, delivery('b@example.org')), 200);
    await callback.received(1);
    assert.doesNotMatch((await place.run('status')).out, /on purpose/);
    const { out } = await place.run('events', '--filter', 'answered:on-purpose');
    assert.match(out, /e2 .*answered 503 on purpose[^]*e1 .*a@example\.org +answered 503 on purpose/);
    assert.doesNotMatch(out, /e3/);
    const listed = (await place.run('events', '--filter', 'answered:on-purpose', '--json')).out.trim().split('\n');
    assert.deepEqual(
      listed.map((line) => (JSON.parse(line) as EventRow).answered),
      ['on-purpose', 'on-purpose'],
    );
    const shown = await place.run('show', 'e1');
    assert.match(shown.out, /answered 503 on purpose\n[^]*not sent: the delivery was answered on purpose/);
    assert.match((await place.run('show', 'e2')).out, /rejected: .*\n[^]*answered 503 on purpose/);
    await listening.end();
  });

  it('changes the relay that runs, tells whoever listens, and says what goes on when it leaves', async () => {
    const listening = place.listen(['--forward-to', callback.url]);
    const { campaignMonitorUrl } = await listening.ready();
    const set = await place.run('listen', '--answer', '429', '--detach', '--output', 'compact');
    assert.equal(set.code, 0, set.err);
    assert.match(set.err, /Answering deliveries with 429 on purpose, until [-\d: ]+ \(set by/);
    await listening.json<AnsweringLine>('answering', ({ status }) => status === 429);
    assert.equal(await post(campaignMonitorUrl, delivery('a@example.org')), 429);

    const attached = place.start(['listen', '--data-dir', place.dataDir, '--answer', '500', '--after', '0.2']);
    await attached.line(
      (line) => line.includes('Answering deliveries with 500 on purpose after 200 ms, until'),
      'errors',
    );
    assert.equal(await post(campaignMonitorUrl, delivery('b@example.org')), 500);
    await attached.line((line) => /b@example\.org .*answered 500 on purpose/.test(line));
    assert.equal(await attached.end(), 0);
    assert.match(attached.errors.join('\n'), /Answering deliveries with 500 on purpose[^]*Detached\./);

    const trigger = await place.run('trigger', 'subscribe');
    assert.equal(trigger.code, 1);
    assert.match(trigger.out, /relay answered 500/);
    assert.match(
      trigger.err,
      /The relay answered on purpose\. To answer as usual, run cm-relay listen .*--answer off --detach\./,
    );

    const off = await place.run('listen', '--answer', 'off', '--detach');
    assert.deepEqual([off.code, /^Answering deliveries as usual\.$/m.test(off.err)], [0, true], off.err);
    await listening.json<AnsweringLine>('answering', ({ state }) => state === 'as-usual');
    assert.deepEqual((await statusNow()).answering, { state: 'as-usual' });
    assert.equal(await post(campaignMonitorUrl, delivery('c@example.org')), 200);
    await callback.received(1);
    await listening.end();
  });

  it('refuses what is not a status, is beyond a limit, or says how without what', async () => {
    for (const [args, message] of [
      [['--answer', '199'], /--answer <status>.*200/],
      [['--answer', 'never'], /--answer <status>.*whole number/],
      [['--answer', '503', '--after', '61'], /--after <seconds>.*0 to 60 seconds/],
      [['--answer', '503', '--for', '86401'], /--for <seconds>.*1 to 86400 seconds/],
      [['--answer', '503', '--count', '0'], /--count <n>/],
      [['--after', '5'], /--after requires --answer with a status/],
      [['--answer', 'off', '--for', '60'], /--for requires --answer with a status/],
    ] as const) {
      const { code, err } = await place.run('listen', ...args);
      assert.equal(code, 2, err);
      assert.match(err, message);
    }
  });
});
