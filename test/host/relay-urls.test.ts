import assert from 'node:assert/strict';
import { followTunnel, openTunnel } from '../../src/extension/public-url/tunnel-questions.ts';
import { openVendorUrls } from '../../src/extension/public-url/urls.ts';
import type { TunnelStatus } from '../../src/protocol/status.ts';
import { words } from '../../src/common/words.ts';
import { reopening, tryingAgain } from '../../src/protocol/tunnel-words.ts';
import { until } from './relay-stage.ts';
import { openWindow, setSetting, StandInRelay, User, type Window } from './session-stage.ts';

const kind = 'fixed';
const url = 'https://one.example';
const reason = 'In another language.';
const failed: TunnelStatus = { state: 'failed', kind, reason, said: [words('It was refused')] };
const opening: TunnelStatus = { state: 'opening', kind, reason, said: [words('Opening {0}', 'one.example')] };
const open: TunnelStatus = {
  state: 'open',
  kind,
  url,
  said: [],
  reason,
  since: new Date(0).toISOString(),
  previousUrl: null,
};

describe('Where a public URL is needed', function () {
  this.timeout(60_000);
  let user: User;
  let window: Window;
  let relay: StandInRelay;
  /** The tunnel is so when it is opened, of which the window hears when the test says so. */
  const onOpening = (tunnel: TunnelStatus): void => {
    relay.before = (method) => {
      if (method === 'tunnel/open') relay.setTunnel(tunnel);
    };
  };

  before(async () => {
    await setSetting('tunnel.kind', kind);
    await setSetting('tunnel.url', url);
  });
  after(async () => {
    await setSetting('tunnel.kind', undefined);
    await setSetting('tunnel.url', undefined);
  });
  beforeEach(async () => {
    user = new User();
    window = openWindow();
    relay = await new StandInRelay(window.session.dataDir, '9.0.0').open();
    relay.setTunnel(failed);
    await window.session.tunnels.open({ kind, url });
    await window.session.start();
    user.commands.set('openTunnel', () => openTunnel(window.session));
  });
  afterEach(async () => {
    await window.close();
    await relay.close();
    user.putBack();
  });

  it('one that could not be opened before is waited for', async () => {
    onOpening(opening);
    const urls = openVendorUrls(window.session, { isSandbox: false });
    await until(() => relay.asked.includes('tunnel/open'));
    relay.setTunnel(open);
    relay.say();
    assert.equal(new URL((await urls)?.campaignMonitor ?? '').origin, url);
  });

  it('one that cannot be opened now either is said once, with why, and leads to another tunnel', async () => {
    onOpening({ ...failed, said: [words('It was refused again')] });
    followTunnel(window.session);
    (await until(() => user.message('No public URL: It was refused.')))?.choose(undefined);
    assert.equal(await openVendorUrls(window.session, { isSandbox: false }), undefined);
    const again = await until(() => user.message('No public URL: It was refused again.'));
    assert.deepEqual(again?.buttons, ['Choose Tunnel…', 'Try Again']);
    assert.equal(user.messages.length, 2);
  });

  it('one that is tried again without end is said after the first attempt, once until one opens it again', async () => {
    const retrying = (seconds: number): TunnelStatus => ({
      ...opening,
      said: [tryingAgain(words('Can’t reach the tunnel server {0} ({1})', 'one.example', 'x'), `${seconds} s`)],
    });
    const tell = (tunnel: TunnelStatus): Promise<unknown> => {
      relay.setTunnel(tunnel);
      relay.say();
      return until(() => window.session.status?.tunnel.state === tunnel.state);
    };
    const count = (): number => user.messages.length;
    relay.setTunnel(opening);
    relay.say();
    await until(() => window.session.status?.tunnel.state === 'opening');
    followTunnel(window.session);
    for (const seconds of [1, 2, 4]) await tell(retrying(seconds));
    const message = await until(() => user.message('No public URL: Can’t reach the tunnel server one.example (x).'));
    assert.deepEqual(message?.buttons, ['Choose Tunnel…', 'Keep Trying']);
    await tell({ ...opening, said: [reopening('one.example')] });
    await tell(retrying(8));
    assert.equal(count(), 1);
    // Of one that was open, what is said is that it could not be reopened.
    await tell(open);
    await tell({ ...opening, state: 'degraded', url, said: retrying(1).said });
    await tell(open);
    assert.equal(count(), 1);
    await tell(opening);
    await tell(retrying(1));
    await until(() => count() === 2);
  });

  it('says why it is not there yet, each time, until one gives up', async () => {
    onOpening(opening);
    const urls = openVendorUrls(window.session, { isSandbox: false });
    await until(() => user.reports.includes('Opening one.example.'));
    relay.setTunnel({ ...opening, said: [words('See {0}', '[this](command:x)')] });
    relay.say();
    await until(() => user.reports.includes('See [this] (command:x).'));
    user.cancel();
    assert.equal(await urls, undefined);
  });
});
