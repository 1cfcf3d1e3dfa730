import assert from 'node:assert/strict';
import { words } from '../../src/common/words.ts';
import { tryingAgain } from '../../src/protocol/tunnel-words.ts';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as vscode from 'vscode';
import { ErrorCodes, ResponseError } from 'vscode-jsonrpc/node';
import { StoppedHistory } from '../../src/extension/session/stopped-history.ts';
import { sayReopening, openTunnel } from '../../src/extension/public-url/tunnel-questions.ts';
import { createRelayCommands, type RelayCommandParts } from '../../src/extension/relay/commands.ts';
import { createUrlKeeper } from '../../src/extension/public-url/url-question.ts';
import type { ParsedParams } from '../../src/protocol/methods.ts';
import { adviceInTerminal } from '../../src/protocol/advice.ts';
import type { Status } from '../../src/protocol/status.ts';
import { until } from './relay-stage.ts';
import { openWindow, setSetting, StandInRelay, User, type Window } from './session-stage.ts';

const kind = 'localtunnel';
const reason = 'In another language.';
const closed: Status['tunnel'] = { state: 'closed', kind, reason, said: [words('The tunnel is closed')] };
const opening: Status['tunnel'] = { state: 'opening', kind, reason, said: [words('Opening {0}', 'localtunnel')] };
const own = '9.0.0';

describe('A window’s session', function () {
  this.timeout(60_000);
  let user: User;
  let window: Window;
  let relay: StandInRelay;
  let isViewOpen = true;
  const commands = () =>
    createRelayCommands({
      ...window,
      view: { viewId: 'campaignMonitorRelay.events', isVisible: () => isViewOpen },
      platformSecrets: {
        set: () => Promise.resolve(false),
        forget: () => Promise.resolve(),
        kept: () => Promise.resolve(false),
      },
      beforeStop: () => Promise.resolve(true),
      sandboxFacts: () => Promise.resolve(undefined),
      urlKeeper: createUrlKeeper({ ...window, holders: [] }),
      history: { reader: () => Promise.resolve(undefined) },
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
  });

  it('gives the relay what its destinations name, and takes away what is removed: once, and also what was while it was not attached', async () => {
    await open(own);
    const given: unknown[] = [];
    relay.before = (method, params) => {
      if (method === 'relay/configure') given.push((params as ParsedParams<'relay/configure'>).secrets);
    };
    const { session, secrets } = window;
    const destination = { url: 'http://127.0.0.1:1/', signatureKeyName: 'kept', credentialsName: 'login' };
    const use = { origin: 'http://127.0.0.1:1', unchecked: false };
    const uses = [
      { kind: 'signatureKeys', name: 'kept', ...use },
      { kind: 'credentials', name: 'login', ...use },
    ] as const;
    await session.consents.record(uses, 'allowed');
    await setSetting('destinations', [destination]);
    // Removed before the relay started: it cannot have it, but somebody else may have given it one of that name.
    await secrets.set('verifyKeys', 'long-ago', 'v');
    await secrets.remove('verifyKeys', 'long-ago');
    const startedAt = new Date(Date.now() + 1);
    relay.status = { ...relay.status, startedAt: startedAt.toISOString() };
    await until(() => new Date() > startedAt);
    await secrets.set('signatureKeys', 'gone', 'k');
    await secrets.set('signatureKeys', 'kept', 'k');
    await secrets.remove('signatureKeys', 'gone');
    await secrets.set('signatureKeys', 'unnamed', 'k');
    await secrets.set('verifyKeys', 'theirs', 'v');
    await session.start();
    // What no destination names is not given, and taken away from a relay that has it of an older version.
    const unnamed = null;
    const verifyKeys = { theirs: 'v' };
    assert.deepEqual(given, [{ signatureKeys: { gone: null, kept: 'k', unnamed }, verifyKeys, credentials: {} }]);
    await secrets.set('credentials', 'login', '{"Authorization":"a"}');
    await until(() => given.length === 2);
    const login = { login: { Authorization: 'a' } };
    const signatureKeys = { kept: 'k', unnamed };
    assert.deepEqual(given[1], { signatureKeys, verifyKeys, credentials: login });
    await secrets.remove('credentials', 'login');
    await until(() => given.length === 3);
    assert.deepEqual(given[2], { signatureKeys, verifyKeys, credentials: { login: null } });
    await until(() => session.consents.all().length === 1);
    await session.consents.record(uses, 'allowed');
    await secrets.set('credentials', 'login', '{"Authorization":"a"}');
    await until(() => given.length === 4);
    assert.deepEqual(given[3], { signatureKeys, verifyKeys, credentials: login });
    await setSetting('destinations', undefined);
  });

  it('says what a relay that it starts has set aside', async () => {
    await open(own);
    await relay.close();
    writeFileSync(join(window.session.dataDir, 'relay.sqlite'), 'no database'.repeat(1000));
    await window.session.start();
    await until(() =>
      user.messages.some(({ text, buttons }) => /relay\.sqlite/.test(text) && buttons.includes('Show Log')),
    );
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

    it('whose status lacks what came later: offers to renew it', async () => {
      relay.status = { ...relay.status, clients: undefined } as unknown as Status;
      await window.session.attach();
      await until(() => user.message('The running relay is version 0.0.1'));
      await until(() => relay.clients === 0);
      assert.equal(window.session.state.kind, 'stopped');
    });
  });

  describe('finds a history that no relay of the user’s has made', () => {
    const secret = 'a0'.repeat(16);
    const destinations = [{ url: 'https://author.example/collect' }];
    const question = 'Use a history that your relays didn’t create?';
    let file: string;

    beforeEach(() => {
      window = openWindow(own);
      const { dataDir } = window.session;
      relay = new StandInRelay(dataDir, own);
      rmSync(join(dataDir, 'directory-id'));
      file = join(dataDir, 'relay.json');
      writeFileSync(file, JSON.stringify({ secret, port: null, subdomain: 'x', destinations }), { mode: 0o600 });
      writeFileSync(join(dataDir, 'relay.sqlite'), '', { mode: 0o600 });
    });

    /** The secret path of the relay that runs. */
    const running = (): string => window.session.status?.campaignMonitorUrl ?? '';

    it('and asks before it uses anything of it, saying what it can do', async () => {
      const { session } = window;
      await session.attach();
      const history = new StoppedHistory({ session, bundle: '' });
      assert.equal(await history.reader(), undefined);
      assert.equal(user.messages.length, 0, 'nobody is asked who has not started it');
      const started = session.start();
      const asked = await until(() => user.message(question));
      assert.match(asked?.detail ?? '', /the relay can send events to its destinations/);
      assert.match(asked?.detail ?? '', /may know the secret in its webhook URL/);
      assert.deepEqual(asked?.buttons, ['Start Fresh', 'Use History'], 'Enter presses the first');
      asked.choose(undefined);
      await assert.rejects(started, { name: 'GivenUpError' });
      assert.equal(session.state.kind, 'stopped');
      assert.deepEqual(readdirSync(session.dataDir).sort(), ['relay.json', 'relay.sqlite']);
      // What ends the window finds nothing that runs.
      rmSync(session.dataDir, { recursive: true });
    });

    it('and uses it where the user says so, from then on', async () => {
      const { session } = window;
      const started = session.start();
      (await until(() => user.message(question)))?.choose('Use History');
      await started;
      assert.ok(running().includes(secret));
      await session.stop();
      await session.start();
      assert.equal(user.messages.filter(({ text }) => text === question).length, 1);
    });

    it('and sets it aside where the user starts afresh', async () => {
      const { session } = window;
      const started = session.start();
      (await until(() => user.message(question)))?.choose('Start Fresh');
      await started;
      assert.ok(running() !== '' && !running().includes(secret));
      const aside = readdirSync(dirname(session.dataDir)).find((name) => name.startsWith('relay.set-aside-'));
      assert.ok(readFileSync(join(dirname(session.dataDir), aside ?? '', 'relay.json'), 'utf8').includes(secret));
    });
  });

  it('keeps no connection to a relay of its version that refuses its settings', async () => {
    await open(own);
    refuse();
    await window.session.attach();
    await until(() => relay.clients === 0);
    await assert.rejects(window.session.start(), /Unrecognized key/);
    await until(() => relay.clients === 0);
    // Who starts it says why it did not; when the window is loaded nobody else would.
    assert.deepEqual(
      user.messages.map(({ text, buttons }) => [text, buttons]),
      [['Can’t use the running relay: relay/configure: Unrecognized key: "later"', ['Try Again', 'Show Log']]],
    );
  });

  it('opens the public URL at a start only if it was open at the end, and says so with how to close it', async () => {
    await open(own);
    await setSetting('tunnel.kind', 'cloudflared');
    const given = (): string => relay.status.settings.tunnel.kind;
    const restart = async (): Promise<void> => {
      await window.session.stop();
      await relay.close();
      relay = await new StandInRelay(window.session.dataDir, own).open();
      await window.session.start();
    };
    const agreed = async (): Promise<void> => {
      await openTunnel(window.session);
      assert.equal(given(), 'command');
    };
    try {
      await window.session.start();
      const opened = openTunnel(window.session);
      (await until(() => user.message('Open a public URL?')))?.choose('Open Public URL');
      await opened;
      await restart();
      assert.equal(given(), 'command');
      relay.setTunnel(opening);
      relay.say();
      await until(() => window.session.status?.tunnel.state === 'opening');
      void sayReopening(window.session);
      (await until(() => user.message('which was open when the relay stopped')))?.choose('Close');
      await until(() => relay.asked.includes('tunnel/close'));
      await restart();
      assert.equal(given(), 'none');
      // Other settings close it, too.
      await agreed();
      await setSetting('tunnel.kind', 'none');
      await until(() => given() === 'none');
      await setSetting('tunnel.kind', 'cloudflared');
      await restart();
      assert.equal(given(), 'none');
      // Another folder's relay is not this one.
      await agreed();
      const other = openWindow(own, window.storage);
      const otherRelay = await new StandInRelay(other.session.dataDir, own).open();
      await other.session.start();
      assert.equal(otherRelay.status.settings.tunnel.kind, 'none');
      other.leave();
      await otherRelay.close();
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
      const running = await until(() => user.message('The relay keeps its previous value'));
      assert.ok(running?.text.includes('here] (command:'), running?.text);
      await window.session.stop();
      await commands().start();
      const starting = await until(() => user.message('The relay didn’t start'));
      assert.ok(starting?.text.includes('here] (command:'), starting?.text);
    } finally {
      await setSetting('destinations', undefined);
    }
  });

  describe('configures the relay', () => {
    /** Configurations that have begun, each with what ends it. */
    let begun: { readonly params: ParsedParams<'relay/configure'>; readonly end: () => void }[];
    const partSizes = () => begun.map(({ params }) => params.settings?.partSize);
    const changed = ['partSize', 'tunnel.updateVendors', 'openConnectors.timeoutSeconds'];

    beforeEach(async () => {
      await open(own);
      await window.session.start();
      begun = [];
      relay.before = (method, params) => {
        if (method !== 'relay/configure') return;
        return new Promise((end) => begun.push({ params: params as ParsedParams<'relay/configure'>, end }));
      };
    });
    afterEach(async () => {
      relay.before = () => undefined;
      for (const { end } of begun) end();
      for (const name of changed) await setSetting(name, undefined);
      await vscode.workspace.getConfiguration('http').update('noProxy', undefined, vscode.ConfigurationTarget.Global);
    });

    it('once at a time: what changes meanwhile is in the next one, which is the last', async () => {
      await setSetting('partSize', 2);
      await until(() => begun.length === 1);
      for (const size of [3, 4, 5]) await setSetting('partSize', size);
      await window.secrets.set('verifyKeys', 'theirs', 'v');
      assert.deepEqual(partSizes(), [2]);
      begun[0]?.end();
      await until(() => begun.length === 2);
      assert.deepEqual(partSizes(), [2, 5]);
      assert.deepEqual(begun[1]?.params.secrets?.verifyKeys, { theirs: 'v' });
      begun[1].end();
      await until(() => window.session.status?.settings.partSize === 5);
      await setSetting('partSize', 6);
      await until(() => begun.length === 3);
      assert.deepEqual(partSizes(), [2, 5, 6]);
    });

    it('for what concerns it alone', async () => {
      const { secrets, context } = window;
      await context.secrets.store('campaignMonitorRelay.instanceToken.1', 'token');
      await context.secrets.store('campaignMonitorRelay.openConnectors.secrets', 'user');
      await secrets.set('credentials', 'unnamed', '{"Authorization":"a"}');
      await secrets.set('signatureKeys', 'unnamed', 'k');
      await setSetting('tunnel.updateVendors', 'never');
      await setSetting('openConnectors.timeoutSeconds', 61);
      await setSetting('partSize', 7);
      await until(() => begun.length === 1);
      begun[0]?.end();
      await until(() => window.session.status?.settings.partSize === 7);
      // Those before it would have come before it.
      assert.equal(begun.length, 1);
      await vscode.workspace
        .getConfiguration('http')
        .update('noProxy', ['one.example'], vscode.ConfigurationTarget.Global);
      await until(() => begun.length === 2);
    });

    it('with what changed while it was being started, too', async () => {
      await window.session.stop();
      relay = await new StandInRelay(window.session.dataDir, own).open();
      relay.before = (method, params) => {
        if (method !== 'relay/configure') return;
        return new Promise((end) => begun.push({ params: params as ParsedParams<'relay/configure'>, end }));
      };
      const started = window.session.start();
      await until(() => begun.length === 1);
      await setSetting('partSize', 9);
      begun[0]?.end();
      await started;
      await until(() => begun.length === 2);
      assert.equal(begun[1]?.params.settings?.partSize, 9);
    });
  });

  it('says once that the relay refused changed settings, and why, with a way on', async () => {
    await open(own);
    await window.session.start();
    let refusing = true;
    relay.before = (method) => {
      if (method === 'relay/configure' && refusing)
        throw new ResponseError(1003, 'the settings were not changed: no space', {
          advice: 'make-room',
          next: adviceInTerminal('make-room'),
        });
    };
    try {
      const refused = (): string[] =>
        user.messages.flatMap(({ text }) => (text.includes('couldn’t apply the changed ones') ? [text] : []));
      for (const size of [2, 3]) {
        const asked = relay.asked.length;
        await setSetting('partSize', size);
        await until(() => relay.asked.length > asked);
      }
      await until(() => refused().length > 0);
      assert.deepEqual(refused(), [
        'The relay kept the previous settings because it couldn’t apply the changed ones: the settings were not changed: no space. Free up disk space. The relay then accepts deliveries again automatically.',
      ]);
      refusing = false;
      user.message('couldn’t apply the changed ones')?.choose('Try Again');
      await until(() => window.session.status?.settings.partSize === 3);
    } finally {
      await setSetting('partSize', undefined);
    }
  });

  it('copies all that a bug report needs, and nothing that it must not hold', async () => {
    await open(own);
    await setSetting('partSize', 7);
    await setSetting('identity', { instanceName: 'Planted Ltd' });
    try {
      await window.session.start();
      relay.setTunnel({ ...closed, state: 'failed', said: [words('{0} is gone', 'https://planted.example')] });
      relay.say();
      await until(() => window.session.status?.tunnel.state === 'failed');
      await commands().copyDiagnostics();
      const text = await vscode.env.clipboard.readText();
      assert.match(text, /^## Campaign Monitor Relay \d[^]*### Problems found\n\n- the localtunnel tunnel is failed: /);
      assert.match(text, new RegExp(`- VS Code: ${vscode.version.replaceAll('.', '\\.')}`));
      assert.match(text, /- state: running\n[^]*- partSize: 7\n[^]*- listens at: http:\/\/127\.0\.0\.1:1\//);
      assert.match(text, /- identity: set\n/);
      assert.doesNotMatch(text, /planted|[0-9a-f]{32}/i);
    } finally {
      await setSetting('partSize', undefined);
      await setSetting('identity', undefined);
    }
  });

  it('says how the tunnel is in the language of the window', async () => {
    await open(own);
    const url = 'https://a.example';
    const said = [tryingAgain(words('{0} isn’t answering ({1})', url, '502'), '2 s')];
    relay.setTunnel({ state: 'degraded', kind, url, reason, said });
    await window.session.start();
    assert.equal(window.session.status?.tunnel.reason, 'https://a.example isn’t answering (502); trying again in 2 s.');
    relay.setTunnel({ ...closed, said: [words('This is of a later version')] });
    relay.say();
    await until(() => window.session.status?.tunnel.reason === 'This is of a later version.');
  });

  it('takes a tunnel host that is no URL for what it is: the setting is named, and nothing is opened', async () => {
    await open(own);
    await setSetting('tunnel.kind', 'localtunnel');
    await setSetting('tunnel.host', 'loca.lt');
    try {
      await assert.rejects(window.session.start(), /tunnel\.host/);
      await setSetting('tunnel.host', undefined);
      await window.session.start();
      await setSetting('tunnel.host', 'loca.lt');
      await until(() => user.message('campaignMonitorRelay.tunnel.host can’t be used'));
      const count = user.messages.length;
      const opened = openTunnel(window.session);
      const wrong = await until(() => user.messages[count]);
      assert.match(wrong?.text ?? '', /The setting campaignMonitorRelay\.tunnel\.host can’t be used/);
      wrong?.choose(undefined);
      await opened;
      assert.ok(!relay.asked.includes('tunnel/open'));
    } finally {
      await setSetting('tunnel.host', undefined);
      await setSetting('tunnel.kind', 'none');
    }
  });

  it('keeps what the sample receiver was told to answer, whatever else is configured', async () => {
    await open(own);
    await window.session.start();
    const sample = (): string | undefined => relay.status.settings.destinations[0]?.sample;
    assert.equal(sample(), 'ok');
    const destinations = relay.status.settings.destinations.map((each) => ({ ...each, sample: 'error' as const }));
    await window.session.client?.request('relay/configure', { settings: { destinations } });
    await setSetting('partSize', 6);
    try {
      await until(() => relay.status.settings.partSize === 6);
      assert.equal(sample(), 'error');
    } finally {
      await setSetting('partSize', undefined);
    }
  });

  describe('that is given up while it starts', () => {
    beforeEach(() => open(own));

    it('leaves a relay that does not answer at once, and starts again when it is asked to', async () => {
      let answer = (): void => undefined;
      const held = new Promise<void>((resolve) => (answer = resolve));
      relay.before = (method) => (method === 'relay/configure' ? held : undefined);
      const abort = new AbortController();
      const starting = window.session.start(abort.signal);
      await until(() => relay.asked.includes('relay/configure') || relay.asked.includes('relay/status'));
      abort.abort();
      await assert.rejects(starting, { name: 'AbortError' });
      assert.equal(window.session.state.kind, 'stopped');
      await until(() => relay.clients === 0);
      answer();
      relay.before = () => undefined;
      await window.session.start();
      assert.equal(window.session.state.kind, 'running');
    });
  });

  it('shows that it ends in its view, where that is open, and never a Cancel that does nothing', async () => {
    await open(own);
    for (isViewOpen of [true, false]) {
      if (!isViewOpen) relay = await new StandInRelay(window.session.dataDir, own).open();
      await window.session.start();
      let stop = (): void => undefined;
      const held = new Promise<void>((resolve) => (stop = resolve));
      relay.before = (method) => (method === 'relay/stop' ? held : undefined);
      user.shown.length = 0;
      const stopped = commands().stop();
      const shown = await until(() => user.shown[0]);
      stop();
      await stopped;
      assert.deepEqual(
        [shown?.location, shown?.cancellable === true],
        [isViewOpen ? { viewId: 'campaignMonitorRelay.events' } : vscode.ProgressLocation.Notification, false],
      );
    }
    isViewOpen = true;
  });
});
