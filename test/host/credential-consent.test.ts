import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { followTunnel, openTunnel } from '../../src/extension/public-url/tunnel-questions.ts';
import type { ParsedParams } from '../../src/protocol/methods.ts';
import type { Status } from '../../src/protocol/status.ts';
import { namesOtherHost } from '../../src/protocol/tunnel-words.ts';
import { until } from './relay-stage.ts';
import { openWindow, setSetting, StandInRelay, User, type Message, type Window } from './session-stage.ts';

type Configured = ParsedParams<'relay/configure'>;

const { Workspace } = vscode.ConfigurationTarget;
const value = 'Bearer production-secret-4711';
const evil = 'https://evil.example';
const good = 'https://good.example';

describe('A workspace that names stored keys and credentials', function () {
  this.timeout(60_000);
  let user: User;
  let window: Window;
  let relay: StandInRelay;
  /** What the relay was given, in order. */
  let given: Configured[];

  const open = async (storage?: Window['storage']): Promise<void> => {
    window = openWindow('9.0.0', storage);
    relay = await new StandInRelay(window.session.dataDir, '9.0.0').open();
    given = [];
    relay.before = (method, params) => {
      if (method === 'relay/configure') given.push(params as Configured);
    };
  };
  const close = async (): Promise<void> => {
    await window.close();
    await relay.close();
  };
  const last = (): Configured => {
    const configured = given.at(-1);
    assert.ok(configured);
    return configured;
  };
  const destinations = () =>
    last().settings?.destinations?.map(({ url, held }) => [url, held !== undefined] as const) ?? [];
  const credentials = () => last().secrets?.credentials;
  /** The dialog that asks about a place, once it is there. */
  const question = async (place: string): Promise<Message> => {
    const found = await until(() =>
      user.messages.find(
        ({ text }) => text === `Send stored credentials to ${place}?` || text === `Sign notifications for ${place}?`,
      ),
    );
    assert.ok(found);
    return found;
  };
  const asked = (): string[] =>
    user.messages.filter(({ buttons }) => buttons.includes('Allow')).map(({ text }) => text);
  /** Applies destinations, and resolves when the relay has them. */
  const apply = async (target: vscode.ConfigurationTarget, ...entries: readonly object[]): Promise<void> => {
    const before = given.length;
    await setSetting('destinations', entries, target);
    await until(() => given.length > before);
  };
  const answered = async (message: Message, choice: string | undefined): Promise<void> => {
    const before = given.length;
    message.choose(choice);
    await until(() => given.length > before);
  };

  before(() => setSetting('tunnel.kind', 'none'));
  after(() => setSetting('tunnel.kind', undefined));
  beforeEach(async () => {
    user = new User();
    await open();
    await window.secrets.set('credentials', 'prod', JSON.stringify({ Authorization: value }));
    await window.secrets.set('signatureKeys', 'mine', 'production-key-4712');
  });
  afterEach(async () => {
    await setSetting('destinations', undefined, Workspace);
    await setSetting('destinations', undefined);
    await close();
    user.putBack();
  });

  it('gets none of them before the user has agreed: what goes there is held, and they are told who names what for where', async () => {
    const url = `${evil}/collect?token=hidden`;
    await setSetting('destinations', [{ url, credentialsName: 'prod', signatureKeyName: 'mine' }], Workspace);
    await window.session.start();
    const asking = await question(evil);
    assert.match(asking.detail, /^For https:\/\/evil\.example\/collect, the settings of this workspace use:/);
    assert.match(asking.detail, /• the credentials “prod”\n• the signature key “mine”/);
    // The first is what Enter presses.
    assert.deepEqual(asking.buttons, ['Don’t Allow', 'Allow']);
    assert.deepEqual(destinations(), [[url, true]]);
    assert.doesNotMatch(JSON.stringify(given), /production-/);
    assert.deepEqual(last().secrets, {
      signatureKeys: { mine: null },
      verifyKeys: {},
      credentials: { prod: null },
    });
    await answered(asking, 'Allow');
    assert.deepEqual(destinations(), [[url, false]]);
    assert.deepEqual(last().secrets, {
      signatureKeys: { mine: 'production-key-4712' },
      verifyKeys: {},
      credentials: { prod: { Authorization: value } },
    });
  });

  it('gets them where the user allows it, and nobody is asked again: not after a restart, and not in another window', async () => {
    await setSetting('destinations', [{ url: `${good}/a`, credentialsName: 'prod' }], Workspace);
    await window.session.start();
    await answered(await question(good), 'Allow');
    const { storage } = window;
    await close();
    await open(storage);
    await window.session.start();
    assert.deepEqual(credentials(), { prod: { Authorization: value } });
    // Another path is the same origin, who answers there is the same.
    await apply(Workspace, { url: `${good}/b`, credentialsName: 'prod' });
    assert.deepEqual(destinations(), [[`${good}/b`, false]]);
    assert.equal(asked().length, 1);
  });

  it('takes nothing along from what was allowed to another origin, nor by the id of the destination', async () => {
    await setSetting('destinations', [{ id: 'one', url: good, credentialsName: 'prod' }], Workspace);
    await window.session.start();
    await answered(await question(good), 'Allow');
    const others = [evil, 'http://good.example', `${good}:8443`, 'https://good.example.evil.example'];
    for (const url of others) {
      await apply(Workspace, { id: 'one', url, credentialsName: 'prod' });
      const asking = await question(new URL(url).origin);
      assert.deepEqual(destinations(), [[url, true]], url);
      assert.deepEqual(credentials(), { prod: null }, url);
      asking.choose(undefined);
    }
    await apply(Workspace, { id: 'one', url: good, credentialsName: 'prod', insecureTls: true });
    const unchecked = await until(() =>
      user.messages.find(({ detail }) => detail.includes('certificate isn’t checked')),
    );
    assert.ok(unchecked);
    assert.deepEqual(credentials(), { prod: null });
  });

  it('has one destination held beside another that may use the same credentials', async () => {
    await setSetting('destinations', [{ url: good, credentialsName: 'prod' }], Workspace);
    await window.session.start();
    await answered(await question(good), 'Allow');
    await apply(Workspace, { url: good, credentialsName: 'prod' }, { url: evil, credentialsName: 'prod' });
    assert.deepEqual(destinations(), [
      [good, false],
      [evil, true],
    ]);
    assert.deepEqual(credentials(), { prod: { Authorization: value } });
  });

  it('is refused for good by one word, which is said with a way to allow it later', async () => {
    await setSetting('destinations', [{ url: evil, credentialsName: 'prod' }], Workspace);
    await window.session.start();
    await answered(await question(evil), 'Don’t Allow');
    assert.deepEqual(destinations(), [[evil, true]]);
    assert.deepEqual(credentials(), { prod: null });
    const said = await until(() => user.message(`Events for ${evil} are held`));
    said?.choose('Allow…');
    await until(() => user.ran.includes('manageSecrets'));
    // Neither another configuration nor another window asks again.
    await apply(Workspace, { url: evil, credentialsName: 'prod' }, { url: good });
    const { storage } = window;
    await close();
    await open(storage);
    await window.session.start();
    assert.deepEqual(destinations(), [
      [evil, true],
      [good, false],
    ]);
    assert.equal(asked().length, 1);
    const chooseConsents = () => window.session.chooseConsents();
    user.pick = (offered) => {
      assert.deepEqual(
        offered.map(({ label, description, picked }) => [label, description, picked]),
        [[evil, 'the credentials “prod”', false]],
      );
      return offered;
    };
    await chooseConsents();
    assert.deepEqual(credentials(), { prod: { Authorization: value } });
    user.pick = () => [];
    await chooseConsents();
    assert.deepEqual(credentials(), { prod: null });
    assert.deepEqual(destinations()[0], [evil, true]);
  });

  it('waits where the user closes the question, who is asked again by the next start', async () => {
    await setSetting('destinations', [{ url: evil, credentialsName: 'prod' }], Workspace);
    await window.session.start();
    (await question(evil)).choose(undefined);
    await until(() => user.message(`Events for ${evil} are held`));
    await apply(Workspace, { url: evil, credentialsName: 'prod' }, { url: good });
    assert.equal(asked().length, 1);
    assert.deepEqual(destinations()[0], [evil, true]);
    const { storage } = window;
    await close();
    await open(storage);
    await window.session.start();
    await until(() => asked().length === 2);
  });

  it('is asked about by one window, and what was said counts in the other', async () => {
    await setSetting('destinations', [{ url: good, credentialsName: 'prod' }]);
    const [first, firstRelay] = [window, relay];
    await first.session.start();
    const asking = await question(good);
    await open(first.storage);
    try {
      asking.choose('Allow');
      await until(() => first.session.consents.all().length === 1);
      await window.session.start();
      assert.deepEqual(credentials(), { prod: { Authorization: value } });
      assert.equal(asked().length, 1);
    } finally {
      await first.close();
      await firstRelay.close();
    }
  });

  it('may name what is not stored: nothing can go there, and the user is asked when it is', async () => {
    await setSetting('destinations', [{ url: evil, credentialsName: 'later' }], Workspace);
    await window.session.start();
    assert.deepEqual(destinations(), [[evil, false]]);
    assert.deepEqual(asked(), []);
    await window.secrets.set('credentials', 'later', JSON.stringify({ Authorization: value }));
    await question(evil);
    assert.deepEqual(destinations(), [[evil, true]]);
    assert.doesNotMatch(JSON.stringify(given), /production-/);
  });

  it('finds no consent left of credentials that were removed, whatever has their name then', async () => {
    await setSetting('destinations', [{ url: good, credentialsName: 'prod' }], Workspace);
    await window.session.start();
    await answered(await question(good), 'Allow');
    await window.secrets.remove('credentials', 'prod');
    await until(() => window.session.consents.all().length === 0);
    await window.secrets.set('credentials', 'prod', JSON.stringify({ Authorization: `${value}-2` }));
    await until(() => asked().length === 2);
    assert.doesNotMatch(JSON.stringify(last()), /production-secret-4711-2/);
  });

  it('takes away nothing by a name that would be a link, and shows it in full', async () => {
    const name = 'prod](command:x)\u202e';
    await window.secrets.set('credentials', name, JSON.stringify({ Authorization: value }));
    await setSetting('destinations', [{ url: evil, credentialsName: name }], Workspace);
    await window.session.start();
    const asking = await question(evil);
    assert.match(asking.detail, /• the credentials “prod\] \(command:x\)\\u\{202e\}”/);
  });

  it('of the user’s own settings is asked about as such; what they type in Add Destination is agreed to', async () => {
    await window.session.start();
    await apply(vscode.ConfigurationTarget.Global, { url: 'http://127.0.0.1:3000/a', credentialsName: 'prod' });
    const asking = await question('http://127.0.0.1:3000');
    assert.match(asking.detail, /your settings use:$/m);
    assert.match(asking.detail, /any program may be listening/);
    const { consents } = window.session;
    const uses = consents.stored({ url: 'http://127.0.0.1:4000/b', credentialsName: 'prod' });
    await consents.record(uses, 'allowed');
    await apply(vscode.ConfigurationTarget.Global, { url: 'http://127.0.0.1:4000/b', credentialsName: 'prod' });
    assert.deepEqual(destinations(), [['http://127.0.0.1:4000/b', false]]);
    assert.deepEqual(credentials(), { prod: { Authorization: value } });
  });

  it('has what it no longer names taken away from the relay', async () => {
    await setSetting('destinations', [{ url: good, credentialsName: 'prod' }], Workspace);
    await window.session.start();
    await answered(await question(good), 'Allow');
    await apply(Workspace, { url: good });
    assert.deepEqual(credentials(), { prod: null });
  });

  it('leaves what waits for a destination that it no longer names with what that was allowed, until nothing waits', async () => {
    await setSetting('destinations', [{ url: good, credentialsName: 'prod' }], Workspace);
    await window.session.start();
    await answered(await question(good), 'Allow');
    const told = { mode: 'normalized' as const, configured: false, detail: null, underWay: [] };
    const results = { state: 'up', lastStatus: 200, failed: 0, retrying: 0, waiting: 2 } as const;
    const left = { ...told, ...results, destinationId: 't1', url: good, credentialsName: 'prod' } as const;
    const stranger = { ...left, destinationId: 't2', url: evil, signatureKeyName: 'mine' };
    relay.status = { ...relay.status, destinations: [left, stranger] };
    relay.say();
    await apply(Workspace, { url: 'http://127.0.0.1:1/' });
    assert.deepEqual(last().secrets?.credentials, { prod: { Authorization: value } });
    assert.deepEqual(last().secrets?.signatureKeys, { mine: null });
    const before = given.length;
    relay.status = { ...relay.status, destinations: [] };
    relay.say();
    await until(() => given.length > before);
    assert.deepEqual(credentials(), { prod: null });
  });

  describe('and a public URL', () => {
    const fixed = async (url: string): Promise<void> => {
      await setSetting('tunnel.url', url, Workspace);
      await setSetting('tunnel.kind', 'fixed', Workspace);
    };
    afterEach(async () => {
      await setSetting('tunnel.kind', undefined, Workspace);
      await setSetting('tunnel.url', undefined, Workspace);
    });

    it('is not told the relay’s secret path before the user has agreed to that URL', async () => {
      await fixed(`${evil}/x`);
      await window.session.start();
      assert.deepEqual(last().settings?.tunnel, { kind: 'none' });
      assert.ok(!relay.asked.includes('tunnel/open'));
      const opened = openTunnel(window.session);
      const asking = await until(() => user.message('Open a public URL?'));
      assert.match(asking?.detail ?? '', /The settings of this workspace use https:\/\/evil\.example .* secret path/);
      asking?.choose(undefined);
      await opened;
      assert.deepEqual(last().settings?.tunnel, { kind: 'none' });
      assert.ok(!relay.asked.includes('tunnel/open'));
    });

    it('is asked about by the host that the tunnel’s server names, and opened with it once it is allowed', async () => {
      window.context.subscriptions.push(followTunnel(window.session));
      await setSetting('tunnel.kind', 'localtunnel', Workspace);
      await window.session.start();
      const opened = openTunnel(window.session);
      (await until(() => user.message('Open a public URL?')))?.choose('Open Public URL');
      await opened;
      const host = 'https://localtunnel.me';
      assert.deepEqual(last().settings?.tunnel, { kind: 'localtunnel', host });
      const refusal = (named: string): Partial<Status> => ({
        tunnel: {
          ...{ state: 'failed', kind: 'localtunnel', reason: 'It names another host.' },
          said: [namesOtherHost('localtunnel.me', named)],
        },
      });
      const refuse = async (named: string): Promise<Message> => {
        relay.status = { ...relay.status, ...refusal(named) };
        relay.say();
        const asking = await until(() => user.message(`another host, ${named}.`));
        assert.ok(asking);
        return asking;
      };
      const before = given.length;
      (await refuse('evil.example')).choose('Don’t Allow');
      const asking = await refuse('good.example');
      assert.equal(given.length, before);
      asking.choose('Allow');
      await until(() => given.length > before);
      assert.deepEqual(last().settings?.tunnel, { kind: 'localtunnel', host, otherHosts: ['good.example'] });
    });

    it('is opened by ssh to the server that the user agreed to, and only by the settings of the machine', async () => {
      window.context.subscriptions.push(followTunnel(window.session));
      await setSetting('tunnel.programs', { sshServer: 'me@good.example', sshHostname: 'hooks.good.example' });
      const evilServer = { sshServer: 'me@evil.example', sshHostname: 'evil.example' };
      await assert.rejects(async () => setSetting('tunnel.programs', evilServer, Workspace), /only into User settings/);
      await setSetting('tunnel.kind', 'ssh', Workspace);
      try {
        await window.session.start();
        const opened = openTunnel(window.session);
        const agreeing = await until(() => user.message('Open a public URL?'));
        assert.match(agreeing?.detail ?? '', /\(me@good\.example\)/);
        agreeing?.choose('Open Public URL');
        await opened;
        const tunnel = last().settings?.tunnel;
        assert.ok(tunnel?.kind === 'command');
        assert.deepEqual([tunnel.preset, tunnel.server, tunnel.name], ['ssh', 'me@good.example', 'hooks.good.example']);
        assert.deepEqual(
          tunnel.notBelow,
          vscode.workspace.workspaceFolders?.map(({ uri }) => uri.fsPath),
        );
      } finally {
        await setSetting('tunnel.programs', undefined);
      }
    });

    it('is agreed to by its origin', async () => {
      await fixed(`${good}/relay`);
      await window.session.start();
      const opened = openTunnel(window.session);
      (await until(() => user.message('Open a public URL?')))?.choose('Open Public URL');
      await opened;
      assert.deepEqual(last().settings?.tunnel, { kind: 'fixed', url: `${good}/relay` });
      const before = given.length;
      await setSetting('tunnel.url', evil, Workspace);
      await until(() => given.length > before);
      assert.deepEqual(last().settings?.tunnel, { kind: 'none' });
    });
  });
});
