import assert from 'node:assert/strict';
import { ErrorCodes, ResponseError } from 'vscode-jsonrpc/node';
import { offerTunnel } from '../../src/extension/relay/tunnel-consent.ts';
import { createRelayCommands } from '../../src/extension/relay/commands.ts';
import type { RelayCommandParts } from '../../src/extension/relay/commands.ts';
import type { ParsedParams } from '../../src/protocol/methods.ts';
import type { Status } from '../../src/protocol/status.ts';
import { until } from './relay-stage.ts';
import { openWindow, setSetting, StandInRelay, User } from './session-stage.ts';
import type { Window } from './session-stage.ts';

const closed = { state: 'closed', kind: 'localtunnel', reason: 'The tunnel is closed.' } as const;
const opening = { state: 'opening', kind: 'localtunnel', reason: 'Opening localtunnel.' } as const;
const own = '9.0.0';

describe('A window’s session', function () {
  this.timeout(60_000);
  let user: User;
  let window: Window;
  let relay: StandInRelay;
  const commands = () =>
    createRelayCommands({
      ...window,
      platformSecrets: {
        set: () => Promise.resolve(false),
        forget: () => Promise.resolve(),
        kept: () => Promise.resolve(false),
      },
      beforeStop: () => Promise.resolve(true),
    } satisfies RelayCommandParts);
  /** What was said of the tunnel, as whoever follows the session hears it. */
  const tunnels = (): string[] =>
    window.states.map((state) => (state.kind === 'running' ? state.status.tunnel.state : state.kind));
  const open = async (version: string): Promise<void> => {
    window = openWindow(own);
    relay = await new StandInRelay(window.session.dataDir, version).open();
  };
  const refuse = (): void => {
    relay.before = (method) => {
      if (method === 'relay/configure')
        throw new ResponseError(ErrorCodes.InvalidParams, 'relay/configure: Unrecognized key: "later"');
    };
  };

  before(() => setSetting('tunnel.kind', 'none'));
  after(() => setSetting('tunnel.kind', undefined));
  beforeEach(() => (user = new User()));
  afterEach(async () => {
    relay.before = () => undefined;
    await window.close();
    await relay.close();
    user.putBack();
  });

  describe('says of the public URL', () => {
    beforeEach(() => open(own));

    it('nothing before the relay has the settings', async () => {
      relay.before = (method) => {
        if (method !== 'relay/configure') return;
        relay.say();
        relay.setTunnel(opening);
      };
      await window.session.start();
      assert.deepEqual(tunnels(), ['starting', 'opening']);
    });

    it('nothing while the relay ends', async () => {
      relay.setTunnel(opening);
      await window.session.start();
      relay.before = (method) => {
        if (method !== 'relay/stop') return;
        relay.setTunnel(closed);
        relay.say();
      };
      await window.session.stop();
      assert.deepEqual(tunnels(), ['starting', 'opening', 'stopped']);
    });
  });

  it('gives the relay what is kept, and takes away what is removed: once, and also what was while it was not attached', async () => {
    await open(own);
    const given: unknown[] = [];
    relay.before = (method, params) => {
      if (method === 'relay/configure') given.push((params as ParsedParams<'relay/configure'>).secrets);
    };
    const { session, secrets } = window;
    // Removed before the relay started: it cannot have it, but somebody else may have given it one of that name.
    await secrets.set('verifyKeys', 'long-ago', 'v');
    await secrets.remove('verifyKeys', 'long-ago');
    const startedAt = new Date(Date.now() + 1);
    relay.status = { ...relay.status, startedAt: startedAt.toISOString() };
    await until(() => new Date() > startedAt);
    await secrets.set('signatureKeys', 'gone', 'k');
    await secrets.set('signatureKeys', 'kept', 'k');
    await secrets.remove('signatureKeys', 'gone');
    await session.start();
    const none = { verifyKeys: {}, credentials: {} };
    assert.deepEqual(given, [{ signatureKeys: { gone: null, kept: 'k' }, ...none }]);
    await secrets.set('credentials', 'login', '{"Authorization":"a"}');
    await until(() => given.length === 2);
    const login = { login: { Authorization: 'a' } };
    assert.deepEqual(given[1], { signatureKeys: { kept: 'k' }, verifyKeys: {}, credentials: login });
    await secrets.remove('credentials', 'login');
    await until(() => given.length === 3);
    assert.deepEqual(given[2], { signatureKeys: { kept: 'k' }, verifyKeys: {}, credentials: { login: null } });
    await secrets.set('credentials', 'login', '{"Authorization":"a"}');
    await until(() => given.length === 4);
    assert.deepEqual(given[3], { signatureKeys: { kept: 'k' }, verifyKeys: {}, credentials: login });
  });

  it('starts another relay where the one that runs is just being stopped', async () => {
    await open(own);
    const { session } = window;
    const before = await session.start();
    let stop = (): void => undefined;
    const held = new Promise<void>((resolve) => (stop = resolve));
    relay.before = (method) => (method === 'relay/stop' ? held : undefined);
    const stopped = session.stop();
    await until(() => relay.asked.includes('relay/stop'));
    const started = session.start();
    stop();
    await stopped;
    const client = await started;
    assert.notEqual(client, before);
    assert.notEqual((await client.request('relay/status', {})).pid, relay.status.pid);
    assert.equal(session.state.kind, 'running');
  });

  describe('meets an older relay', () => {
    beforeEach(() => open('0.0.1'));

    it('and offers to restart it', async () => {
      await window.session.start();
      const message = await until(() => user.message('The running relay is version 0.0.1'));
      message?.choose('Restart Relay');
      await until(() => user.ran.includes('restart'));
    });

    it('that refuses its settings: says so at the start, and renews it by one click', async () => {
      refuse();
      const { start, restart } = commands();
      await start();
      assert.equal(window.session.state.kind, 'failed');
      await until(() => relay.clients === 0);
      const message = await until(() => user.message('0.0.1'));
      assert.ok(message);
      assert.deepEqual(message.buttons, ['Restart Relay', 'Show Log']);
      message.choose('Restart Relay');
      await until(() => user.ran.includes('restart'));
      await restart();
      assert.equal(window.session.state.kind, 'running');
      assert.notEqual(window.session.status?.version, '0.0.1');
    });

    it('that refuses its settings: offers to renew it when the window is loaded', async () => {
      refuse();
      await window.session.attach();
      await until(() => user.message('The running relay is version 0.0.1'));
      await until(() => relay.clients === 0);
      assert.equal(window.session.state.kind, 'stopped');
      assert.deepEqual(window.states, []);
    });

    it('whose status lacks what came later: offers to renew it', async () => {
      relay.status = { ...relay.status, clients: undefined } as unknown as Status;
      await window.session.attach();
      await until(() => user.message('The running relay is version 0.0.1'));
      await until(() => relay.clients === 0);
      assert.equal(window.session.state.kind, 'stopped');
    });
  });

  it('keeps no connection to a relay of its version that refuses its settings', async () => {
    await open(own);
    refuse();
    await window.session.attach();
    await until(() => relay.clients === 0);
    await assert.rejects(window.session.start(), /Unrecognized key/);
    await until(() => relay.clients === 0);
    assert.deepEqual(user.messages, []);
  });

  it('agrees to the tunnel that the offer named, not to the one of the settings by then', async () => {
    await open(own);
    await setSetting('tunnel.kind', 'cloudflared');
    try {
      await window.session.start();
      const offered = offerTunnel(window.session, window.context.globalState);
      const offer = await until(() => user.message('(cloudflared)'));
      await setSetting('tunnel.kind', 'ngrok');
      offer?.choose('Open Public URL');
      const question = await until(() => user.message('Open a public URL?'));
      assert.notEqual(window.session.tunnels.toAgree(), null);
      assert.equal(relay.status.settings.tunnel.kind, 'none');
      question?.choose(undefined);
      await offered;
      await setSetting('tunnel.kind', 'cloudflared');
      assert.equal(window.session.tunnels.toAgree(), null);
    } finally {
      await setSetting('tunnel.kind', 'none');
    }
  });

  it('offers a tunnel once, whatever is answered', async () => {
    await open(own);
    await setSetting('tunnel.kind', 'cloudflared');
    try {
      await window.session.start();
      const offered = offerTunnel(window.session, window.context.globalState);
      const offer = await until(() => user.message('(cloudflared)'));
      offer?.choose('Only This Machine');
      await offered;
      assert.notEqual(window.session.tunnels.toAgree(), null);
      await offerTunnel(window.session, window.context.globalState);
      assert.equal(user.messages.length, 1);
    } finally {
      await setSetting('tunnel.kind', 'none');
    }
  });

  it('makes no link of what a setting holds', async () => {
    await open(own);
    await window.session.start();
    await setSetting('destinations', [
      { url: 'http://127.0.0.1:1/', 'here](command:workbench.action.files.newUntitledFile)': 1 },
    ]);
    try {
      const running = await until(() => user.message('The relay goes on with what it had'));
      assert.ok(running?.text.includes('here] (command:'), running?.text);
      await window.session.stop();
      await commands().start();
      const starting = await until(() => user.message('The relay did not start'));
      assert.ok(starting?.text.includes('here] (command:'), starting?.text);
    } finally {
      await setSetting('destinations', undefined);
    }
  });

  it('makes no link of what the relay says', async () => {
    await open(own);
    relay.before = (method) => {
      if (method === 'relay/configure') throw new ResponseError(1003, 'no [space](command:workbench.action.quit)');
    };
    await commands().start();
    const message = await until(() => user.message('The relay did not start'));
    assert.ok(message?.text.includes('[space] (command:'), message?.text);
  });
});
