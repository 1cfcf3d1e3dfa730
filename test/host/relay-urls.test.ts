import assert from 'node:assert/strict';
import { openTunnel } from '../../src/extension/public-url/tunnel-questions.ts';
import { openPublicUrls } from '../../src/extension/public-url/urls.ts';
import type { TunnelStatus } from '../../src/protocol/status.ts';
import { until } from './relay-stage.ts';
import { openWindow, setSetting, StandInRelay, User } from './session-stage.ts';
import type { Window } from './session-stage.ts';

const kind = 'fixed';
const url = 'https://one.example';
/** With codes that the extension does not know, so that it says the reason. */
const said = [{ code: 'of-a-later-version', values: [] }];
const failed: TunnelStatus = { state: 'failed', kind, reason: 'It was refused.', said };
const opening: TunnelStatus = { state: 'opening', kind, reason: 'Opening one.example.', said };
const open: TunnelStatus = {
  state: 'open',
  kind,
  url,
  said,
  reason: '',
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
    await window.session.tunnels.record(`fixed ${url}`);
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
    const urls = openPublicUrls(window.session);
    await until(() => relay.asked.includes('tunnel/open'));
    relay.setTunnel(open);
    relay.say();
    assert.equal(new URL((await urls)?.campaignMonitor ?? '').origin, url);
  });

  it('one that cannot be opened now either is said, with why', async () => {
    onOpening({ ...failed, reason: 'It was refused again.' });
    await assert.rejects(openPublicUrls(window.session), /It was refused again/);
  });

  it('says why it is not there yet, each time, until one gives up', async () => {
    onOpening(opening);
    const urls = openPublicUrls(window.session);
    await until(() => user.reports.includes('Opening one.example.'));
    relay.setTunnel({ ...opening, reason: 'See [this](command:x); trying again in 2 s.' });
    relay.say();
    await until(() => user.reports.includes('See [this] (command:x); trying again in 2 s.'));
    user.cancel();
    assert.equal(await urls, undefined);
  });
});
