import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { ResendOnSave, type ResendOnSaveOptions, type ResendState } from '../../src/protocol/resend-on-save.ts';
import { freePort } from '../free-port.ts';
import { afterward } from '../relay/afterward.ts';
import { sampleBody, startTestRelay, type TestRelay } from '../relay/stage.ts';
import { until } from '../relay/until.ts';

describe('Resend on save', () => {
  let port: number;
  let relay: TestRelay;
  let server: Server;
  /** The requests that the callback hasn't answered. */
  let open: ServerResponse[];
  let posts: number;

  async function startCallback(): Promise<void> {
    server = createServer((request, response) => {
      posts++;
      request.resume();
      open.push(response);
    });
    await once(server.listen(port, '127.0.0.1'), 'listening');
  }

  async function stopCallback(): Promise<void> {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }

  async function answer(status: number, post: number): Promise<void> {
    await until(() => posts === post && open.length === 1, undefined, `post ${post}`);
    open.shift()?.writeHead(status).end();
  }

  /** Starts resending; `states` gets what it reports. */
  function start(options: Partial<ResendOnSaveOptions> = {}): { resending: ResendOnSave; states: ResendState[] } {
    const states: ResendState[] = [];
    const ending = new AbortController();
    const { client } = relay;
    const resending = new ResendOnSave({
      ...{ client, eventId: 'e1', onChange: (state) => states.push(state), ...options },
    });
    const ended = resending.run(ending.signal);
    afterward(() => {
      ending.abort();
      return ended;
    });
    return { resending, states };
  }

  /** Waits until it reports this, as the latest. */
  async function reports(states: readonly ResendState[], phase: ResendState['phase'], status?: number): Promise<void> {
    const isLatest = (): boolean => {
      const latest = states.at(-1);
      return latest?.phase === phase && (status === undefined || latest.forwardings[0]?.status === status);
    };
    await until(isLatest, undefined, `${phase} ${status ?? ''}`);
  }

  beforeEach(async () => {
    [port, open, posts] = [await freePort(), [], 0];
    await startCallback();
    afterward(stopCallback);
    const destinations = [{ url: `http://127.0.0.1:${port}/callback` }];
    relay = await startTestRelay({ settings: { destinations, retry: 'none' } });
    await relay.deliver(sampleBody());
    await answer(500, 1);
    await relay.drained();
  });

  it('sends nothing before a file is saved, and reports the last response', async () => {
    const { states } = start();
    await reports(states, 'done', 500);
    assert.equal(posts, 1);
  });

  it('sends the event on each save, and reports the response', async () => {
    const { resending, states } = start();
    await reports(states, 'done', 500);
    resending.save();
    await reports(states, 'sending');
    await answer(200, 2);
    await reports(states, 'done', 200);
    resending.save();
    await answer(500, 3);
    await reports(states, 'done', 500);
  });

  it('sends one at a time: all saves meanwhile are one more', async () => {
    const { resending, states } = start();
    await reports(states, 'done', 500);
    resending.save();
    await reports(states, 'sending');
    for (let save = 0; save < 3; save++) resending.save();
    await answer(201, 2);
    await answer(202, 3);
    await reports(states, 'done', 202);
    assert.deepEqual([posts, open.length], [3, 0]);
  });

  it('reports an event that is held, and its response once it is released', async () => {
    const { resending, states } = start();
    await relay.client.request('debug/pause', {});
    resending.save();
    await until(() => states.at(-1)?.forwardings[0]?.state === 'held');
    assert.equal(states.at(-1)?.phase, 'done');
    await relay.client.request('debug/continue', {});
    await answer(200, 2);
    await reports(states, 'done', 200);
  });
});
