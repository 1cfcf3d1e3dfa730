import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import type { TunnelStatus } from '../../../src/protocol/status.ts';
import { afterward } from '../afterward.ts';
import { rawAnswers } from '../requests.ts';
import { sampleBody, startTestRelay, type TestRelay } from '../stage.ts';
import { until } from '../until.ts';
import { LocaltunnelServer, send } from './stage.ts';

/** Longer than a spec may take: no connection is given back because its own time is up. */
const never = 600_000;

/** What holds connections of the tunnel: the path, what is sent of the request's body, and what goes on being sent. */
interface Holder {
  readonly who: string;
  readonly path: (relay: TestRelay) => string;
  /** What ends the headers; empty where they never end. */
  readonly headEnd: string;
  readonly body: string;
  readonly drip: string;
  /** Whether each is answered at once, with what. */
  readonly answer: number | null;
}

const wrong = (): string => `/hooks/${'0'.repeat(32)}/campaign-monitor`;
const right = (relay: TestRelay): string => new URL(relay.campaignMonitorUrl).pathname;

const holders: readonly Holder[] = [
  { who: 'strangers whose headers come slowly', path: wrong, headEnd: '', body: '', drip: '0', answer: null },
  { who: 'strangers whose bodies come slowly', path: wrong, headEnd: '\r\n\r\n', body: '{', drip: ' ', answer: 404 },
  { who: 'strangers whose bodies never begin', path: wrong, headEnd: '\r\n\r\n', body: '', drip: '', answer: null },
];

describe('a tunnel through a localtunnel server whose ten connections are held', function () {
  this.timeout(90_000);

  let server: LocaltunnelServer;
  let relay: TestRelay;
  let publicUrl: string;
  let statuses: TunnelStatus[];
  before(async () => {
    // The first start bundles the server.
    await (await LocaltunnelServer.start()).kill();
  });
  beforeEach(async () => {
    server = await LocaltunnelServer.start();
    afterward(() => server.kill());
    relay = await startTestRelay({
      settings: { tunnel: { kind: 'localtunnel', host: server.host, subdomain: 'held-up' } },
      limits: { headersTimeoutMs: never, bodyTimeoutMs: never, stuckMs: never },
    });
    statuses = [];
    relay.client.on('tunnel/changed', ({ tunnel }) => statuses.push(tunnel));
    publicUrl = await until(async () => (await relay.client.request('relay/status', {})).publicUrl, 15_000);
  });

  for (const { who, path, headEnd, body, drip, answer } of holders) {
    it(`by ${who} lets deliveries and probes through in seconds, and stays open`, async () => {
      const sockets: Socket[] = [];
      const texts: string[] = [];
      for (let i = 0; i < 10; i++) {
        const socket = connect(server.port, '127.0.0.1');
        socket.on('error', () => undefined);
        socket.on('data', (chunk: Buffer) => (texts[i] = (texts[i] ?? '') + chunk.toString('latin1')));
        socket.write(
          `POST ${path(relay)} HTTP/1.1\r\nHost: ${new URL(publicUrl).hostname}\r\nContent-Length: 5000${headEnd}${body}`,
        );
        sockets.push(socket);
        afterward(() => socket.destroy());
      }
      const dripping = setInterval(() => {
        if (drip !== '') for (const socket of sockets) if (socket.writable) socket.write(drip);
      }, 200);
      afterward(() => clearInterval(dripping));
      await Promise.all(sockets.map((socket) => until(() => !socket.connecting && socket.writableLength === 0)));
      if (answer !== null) {
        await until(() => sockets.every((_, i) => rawAnswers(texts[i] ?? '')[0]?.status === answer));
      }
      const health = new URL(relay.healthUrl).pathname;
      const [delivery, probe] = await Promise.all([
        send(publicUrl, right(relay), { body: Buffer.from(sampleBody()) }),
        send(publicUrl, health, { method: 'GET' }),
      ]);
      assert.deepEqual([delivery.status, probe.status], [200, 204]);
      // Ten more at once have ten connections again.
      const more = Array.from({ length: 10 }, () => send(publicUrl, right(relay), { body: Buffer.from(sampleBody()) }));
      for (const { status } of await Promise.all(more)) assert.equal(status, 200);
      assert.ok(!statuses.some(({ state }) => state === 'degraded' || state === 'opening'), JSON.stringify(statuses));
      assert.equal((await relay.client.request('relay/status', {})).tunnel.state, 'open');
    });
  }
});
