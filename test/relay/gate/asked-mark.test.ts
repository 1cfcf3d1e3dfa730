import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AskedMark } from '../../../src/relay/gate/asked-mark.ts';
import { temporaryFolder } from '../afterwards.ts';
import { startReceiver } from '../receiver.ts';
import { sampleBody, startTestRelay } from '../stage.ts';
import { until } from '../until.ts';

const program = fileURLToPath(new URL('../asked-program.ts', import.meta.url));
const condition = 'event.type == "Subscribe"';

/** Ends a process with a signal that it cannot see while it asks a breakpoint of a data directory. */
function dieAsking(dataDir: string, id: number): void {
  const { signal, stderr } = spawnSync(process.execPath, [program, dataDir, String(id), condition], {
    encoding: 'utf8',
    timeout: 60_000,
    killSignal: 'SIGTERM',
  });
  assert.equal(signal, 'SIGKILL', stderr);
}

describe('A relay that died while it asked a breakpoint', () => {
  it('starts again with that one off, sends nothing, and says both', async () => {
    const receiver = await startReceiver();
    const dataDir = temporaryFolder();
    const first = await startTestRelay({ dataDir });
    const destinations = [{ id: 'one', url: receiver.url }];
    await first.client.request('relay/configure', { settings: { destinations } });
    await first.client.request('debug/breakpoints', { owner: 'terminal', add: [{ at: 'event', condition }] });
    await first.stop();
    dieAsking(dataDir, 1);

    const relay = await startTestRelay({ dataDir });
    const status = await relay.client.request('relay/status', {});
    assert.deepEqual(
      status.notices.map((notice) => /^breakpoint b1: the relay ended while evaluating this breakpoint/.test(notice)),
      [true],
    );
    assert.ok(relay.log.some(({ level, message }) => level === 'warn' && message === status.notices[0]));
    assert.ok(status.sending.state === 'paused');
    assert.deepEqual(status.sending.by, { kind: 'breakpoint', breakpointId: 'b1' });
    assert.match(status.sending.stop?.text ?? '', /^b1: the relay ended while evaluating it/);
    const listed = async (of = relay): Promise<unknown> =>
      (await of.client.request('debug/breakpoints', {})).breakpoints.map(({ enabled, switchedOff }) => [
        enabled,
        switchedOff?.text.includes('the relay ended while'),
      ]);
    assert.deepEqual(await listed(), [[false, true]]);
    assert.equal((await relay.deliver(sampleBody())).status, 200);
    await until(async () => (await relay.client.request('debug/held', {})).held.length === 1);
    await relay.client.request('debug/continue', {});
    await receiver.received(1);
    await relay.stop();

    const again = await startTestRelay({ dataDir });
    assert.deepEqual((await again.client.request('relay/status', {})).notices, []);
    assert.deepEqual(await listed(again), [[false, true]], 'it stays off');
  });

  it('has nothing to say where it ended in order, or where a breakpoint was met', async () => {
    const receiver = await startReceiver();
    const dataDir = temporaryFolder();
    const first = await startTestRelay({ dataDir });
    await first.client.request('relay/configure', { settings: { destinations: [{ id: 'one', url: receiver.url }] } });
    await first.client.request('debug/breakpoints', { owner: 'terminal', add: [{ at: 'event', condition }] });
    assert.equal((await first.deliver(sampleBody())).status, 200);
    await until(async () => (await first.client.request('debug/held', {})).held.length === 1);
    assert.equal(new AskedMark(dataDir).left, '');
    assert.ok(readFileSync(join(dataDir, 'asked.json')).length > condition.length, 'it was noted');
    assert.equal(statSync(join(dataDir, 'asked.json')).mode & 0o777, 0o600);
    await first.stop();
    const again = await startTestRelay({ dataDir });
    assert.deepEqual((await again.client.request('relay/status', {})).notices, []);
  });
});

describe('What is noted of a breakpoint that is asked', () => {
  it('is the last line that was written whole, and follows no link', () => {
    const dataDir = temporaryFolder();
    const mark = new AskedMark(dataDir);
    assert.equal(mark.left, '');
    for (const line of ['a long line', 'short', '']) {
      mark.note(line);
      assert.equal(new AskedMark(dataDir).left, line);
    }
    mark.close();
    writeFileSync(join(dataDir, 'asked.json'), 'half a li');
    assert.equal(new AskedMark(dataDir).left, '');
    const linked = temporaryFolder();
    symlinkSync(join(dataDir, 'elsewhere'), join(linked, 'asked.json'));
    const other = new AskedMark(linked);
    other.note('x');
    assert.equal(new AskedMark(linked).left, '');
  });
});
