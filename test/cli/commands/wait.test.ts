import assert from 'node:assert/strict';
import type { EventRow } from '../../../src/protocol/history.ts';
import { freePort } from '../../free-port.ts';
import { delivery, eachWithOwn, post, run } from '../harness.ts';
import type { Ended, Running, Callback, Workplace } from '../harness.ts';

describe('cm-relay wait', function () {
  this.timeout(180_000);
  let place: Workplace;
  let callback: Callback;

  eachWithOwn((own) => ({ place, callback } = own));

  async function listening(...args: string[]): Promise<{ relay: Running; url: string }> {
    const relay = place.listen(['--retry', 'none', ...args]);
    return { relay, url: (await relay.ready()).campaignMonitorUrl };
  }

  /** Ends long before its time where it ends early. */
  const wait = (filter: string, ...args: string[]): Promise<Ended> =>
    place.run('wait', '--filter', filter, '--timeout', '100', '--json', ...args);

  const ids = ({ out }: Ended): string[] =>
    out.split('\n').flatMap((line) => (line === '' ? [] : [(JSON.parse(line) as EventRow).id]));

  it('ends with 3 as soon as nothing is left that could fit, and says what became of it', async () => {
    const { relay, url } = await listening('--forward-to', callback.url);
    callback.status = 400;
    await post(url, delivery('jane@example.org'));
    await relay.json('attempt');
    const failed = await wait('address:jane@example.org state:sent');
    assert.equal(failed.code, 3, failed.err);
    assert.match(failed.err, /no more events can match: found 0 of 1 event; 1 received: 1 failed/);
    assert.match(failed.err, /cm-relay show --data-dir \S+ e1 --attempts/);
    assert.match((await place.run('show', 'e1')).out, /unsigned {2}failed \d{3}\n {4}attempt 1 /);
    assert.match(failed.err, /To resend the event, run cm-relay resend --data-dir \S+ e1\./);

    callback.status = 200;
    await post(url, delivery('jane@example.org'));
    await relay.json('attempt', ({ outcome }) => outcome === 'sent');
    const half = await wait('address:jane@example.org state:sent', '--count', '2');
    assert.deepEqual([half.code, ids(half)], [3, ['e2']]);
    assert.equal((await wait('address:jane@example.org state:failed', '--count', '2')).code, 3);
    assert.equal((await wait('address:jane@example.org state:sent')).code, 0);
  });

  it('says out of time what waits, and why', async () => {
    const { url } = await listening('--forward-to', `http://127.0.0.1:${await freePort()}/`, '--retry', 'sap');
    await post(url, delivery('jane@example.org'));
    const { code, err } = await place.run('wait', '--filter', 'state:sent', '--timeout', '3');
    assert.equal(code, 1, err);
    assert.match(
      err,
      /0 of 1 event after 3 s\n {2}e1 is waiting for http:\S+, next attempt [-\d: ]+: [^\n]*ECONNREFUSED/,
    );
    assert.match(err, /\n {2}To see all events, run cm-relay events --data-dir \S+\./);
  });

  it('does not end early while a breakpoint stops sending, and says which and how to go on', async () => {
    const { relay, url } = await listening('--forward-to', callback.url);
    await place.run('debug', 'break', 'add', '--at', 'failed-attempt');
    callback.status = 400;
    await post(url, delivery('jane@example.org'));
    await relay.json('stopped');
    const failed = await wait('state:sent', '--timeout', '4');
    assert.equal(failed.code, 1, failed.err);
    assert.match(failed.err, /\n {2}e1 stopped at b1: after a failed attempt\n/);
    assert.match(failed.err, /paused since \S+ by breakpoint b1\. Held: 0\. To send held events, run cm-relay debug/);
    assert.doesNotMatch(failed.err, /resend/);

    await post(url, delivery('joe@example.org'));
    await place.run('wait', '--filter', 'state:held');
    const held = await wait('state:sent', '--count', '2', '--timeout', '4');
    assert.equal(held.code, 1, held.err);
    assert.match(held.err, /\n {2}e2 is held for [^]*Held: 1\. To send held events, run cm-relay debug continue/);
    assert.doesNotMatch(held.err, /resend/);
  });

  it('goes on waiting for what waits or is held, and for what has not come, a test call or another address', async () => {
    const { url } = await listening('--forward-to', callback.url);
    await post(url, '{"Events":[]}');
    callback.status = 400;
    await post(url, delivery('joe@example.org'));
    await place.run('wait', '--filter', 'state:failed');
    callback.status = 200;
    const waiting = place.start([
      ...['wait', '--data-dir', place.dataDir, '--filter', 'address:jane@example.org state:sent', '--json'],
    ]);
    await place.run('debug', 'pause');
    await post(url, delivery('jane@example.org'));
    assert.equal((await place.run('wait', '--filter', 'address:jane@example.org state:held')).code, 0);
    await place.run('debug', 'continue');
    assert.equal(await waiting.ended, 0);
    assert.equal(waiting.lines.length, 1);
    for (const filter of ['state:sent', 'state:held']) {
      const late = await place.run('wait', '--filter', `type:update ${filter}`, '--timeout', '1');
      assert.equal(late.code, 1, late.err);
    }
  });

  it('counts what has come since the relay started, unless --since or the filter say otherwise', async () => {
    const first = await listening('--forward-to', callback.url);
    await post(first.url, delivery('jane@example.org'));
    await first.relay.json('attempt');
    const before = new Date().toISOString();
    await first.relay.end();
    const { url, relay } = await listening();
    const one = (...args: string[]): Promise<Ended> => place.run('wait', '--timeout', '1', '--json', ...args);
    assert.equal((await one()).code, 1, 'an event of an earlier run');
    assert.deepEqual(ids(await one('--since', '1h')), ['e1']);
    assert.deepEqual(ids(await one('--filter', 'since:1h')), ['e1']);
    assert.equal((await one('--since', before)).code, 1);
    await post(url, delivery('joe@example.org'));
    await relay.json('delivery');
    assert.deepEqual(ids(await one()), ['e2']);
    assert.equal((await one('--since', 'now')).code, 1);
    assert.deepEqual(ids(await one('--since', before)), ['e2']);
    const wrong = await run(['wait', '--data-dir', place.dataDir, '--since', 'yesterday']);
    assert.equal(wrong.code, 2);
    assert.match(wrong.err, /--since[^]*start, now, a time span such as 2h, or a date/);
  });
});
