import assert from 'node:assert/strict';
import { delivery, eachWithOwn, post, type Callback, type Workplace } from '../../harness.ts';

describe('cm-relay doctor', function () {
  this.timeout(120_000);
  let place: Workplace;
  let callback: Callback;

  eachWithOwn((own) => ({ place, callback } = own));

  it('finds nothing wrong where nothing is, whether a relay runs or not', async () => {
    const before = await place.run('doctor');
    assert.deepEqual([before.code, before.err], [0, '']);
    const well = /^## cm-relay \d[^\n]*\n\n### Problems found\n\n- nothing\n/;
    assert.match(before.out, well);
    assert.match(before.out, /^## cm-relay \d[^]*- Node\.js: v\d[^]*- state: not running for this data directory\n$/);
    const listening = place.listen([callback.url]);
    await listening.ready();
    const running = await place.run('doctor');
    assert.deepEqual([running.code, running.err], [0, '']);
    assert.match(running.out, well);
    assert.match(running.out, /- counts: deliveries 0, events 0, /);
    assert.match(running.out, /- t1: http:\/\/127\.0\.0\.1:\d+\/callback normalized, not yet tried, 0 waiting/);
  });

  it('says what is wrong, and nothing that a bug report must not hold', async () => {
    const listening = place.listen([
      `${callback.url}?token=planted-token`,
      'https://secret-host.example.org/planted-path',
      ...['--retain', '100'],
      '--retry',
      'none',
    ]);
    const { campaignMonitorUrl } = await listening.ready();
    callback.status = 500;
    callback.answer = { body: 'planted-answer', headers: {} };
    await place.run('debug', 'pause');
    await post(campaignMonitorUrl, delivery('planted-jane@example.org', 'Subscribe', 'Planted Name'));
    await post(campaignMonitorUrl, 'planted nonsense');
    await place.run('debug', 'step');
    for (const status of [500, null])
      await listening.json<{ type: string; status: number | null }>('attempt', (each) => each.status === status);
    const { code, out, err } = await place.run('doctor');
    assert.equal(code, 1, out);
    assert.match(err, /3 problems found/);
    assert.match(out, /### Problems found\n\n- destination t2 is down: cannot reach https:\/\/\*{8}; 0 waiting\n/);
    assert.match(out, /- destination t1 is failing, 1 failed, last 500: http:\/\/127\.0\.0\.1:\d+\/callback\n/);
    assert.match(out, /- sending is paused: cm-relay debug continue sends held events\n/);
    assert.match(out, /- e1: Subscribe, failed after 1 attempt: answered 500/);
    assert.match(out, /- e2: rejected with 400/);
    assert.match(out, /- retry: none\n/);
    assert.doesNotMatch(out, /\{"/, 'no JSON');
    assert.doesNotMatch(out, /planted-|Planted Name|secret-host|[0-9a-f]{32}/);
    const { problems } = JSON.parse((await place.run('doctor', '--json')).out) as { problems: string[] };
    assert.equal(problems.length, 3);
  });
});
