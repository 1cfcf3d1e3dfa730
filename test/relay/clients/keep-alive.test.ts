import assert from 'node:assert/strict';
import { KeepAlive, minutesWords } from '../../../src/relay/clients/keep-alive.ts';
import { afterward } from '../afterward.ts';

describe('a relay that nobody uses', function () {
  this.timeout(30_000);

  it('tells how long nobody has', () => {
    assert.deepEqual([1, 5, 0.5].map(minutesWords), ['1 minute', '5 minutes', '0.5 minutes']);
  });

  /** One whose minutes have passed at once; its name is noted when it is to end. */
  function keepAlive(name: string, ended: string[], onEnd: () => void = () => undefined): KeepAlive {
    const made = new KeepAlive({
      minutes: () => 0,
      onIdle: (minutes) => {
        assert.equal(minutes, 0);
        ended.push(name);
        onEnd();
      },
    });
    afterward(() => made.close());
    return made;
  }

  it('ends when its last client has gone; one that no client has found yet waits a little longer', async () => {
    const ended: string[] = [];
    await new Promise<void>((resolve) => {
      const unfound = keepAlive('unfound', ended, resolve);
      const used = keepAlive('used', ended);
      const inUse = keepAlive('in use', ended);
      const closed = keepAlive('closed', ended);
      for (const each of [unfound, used, inUse, closed]) each.clientsChanged(0);
      for (const each of [used, inUse, closed]) each.clientsChanged(1);
      for (const each of [used, closed]) each.clientsChanged(0);
      closed.close();
      closed.clientsChanged(0);
    });
    assert.deepEqual(ended, ['used', 'unfound']);
  });
});
