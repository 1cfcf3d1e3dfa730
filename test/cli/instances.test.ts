import assert from 'node:assert/strict';
import { once } from 'node:events';
import { isAlive } from '../../src/cli/background.ts';
import { sandboxLists } from '../../src/sandbox/campaign-monitor/accounts.ts';
import { freePort } from '../free-port.ts';
import { until } from '../relay/until.ts';
import { call, startHarness, type Harness } from '../sandbox/harness.ts';
import { Callback, hasTerminal, run, terminal, Workplace } from './harness.ts';
import type { Ended, Line, Ready, Running } from './harness.ts';

const [list, secondList] = sandboxLists as [(typeof sandboxLists)[number], (typeof sandboxLists)[number]];
const key = 'a-signature-key-of-32-characters';

interface Shown {
  readonly id: number;
  readonly name: string;
  readonly token: string;
  readonly tags: string[];
  readonly configuration: Record<string, string>;
}

interface Asked extends Line {
  url: string;
  redirectUri: string;
}

function lines({ out }: Ended): Line[] {
  return out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
}

describe('cm-relay instances', function () {
  this.timeout(180_000);
  let sandbox: Harness;
  let place: Workplace;
  let port: number;

  beforeEach(async () => {
    sandbox = await startHarness();
    place = new Workplace();
    port = await freePort();
  });
  afterEach(async () => {
    await place.close();
    await sandbox.close();
  });

  const environment = (): NodeJS.ProcessEnv => {
    const { campaignMonitor, openConnectors } = sandbox.sandbox.credentials;
    return {
      OPEN_CONNECTORS_HOST: `http://127.0.0.1:${sandbox.sandbox.port}`,
      OPEN_CONNECTORS_USER_SECRET: openConnectors.userSecret,
      OPEN_CONNECTORS_ORGANIZATION_SECRET: openConnectors.organizationSecret,
      OAUTH_API_KEY: campaignMonitor.oauthClientId,
      OAUTH_API_SECRET: campaignMonitor.oauthClientSecret,
      CAMPAIGN_MONITOR_API_KEY: campaignMonitor.apiKey,
      EVENT_KEY: key,
    };
  };
  const words = (command: string, args: readonly string[]): string[] => [
    ...['instances', command, '--data-dir', place.dataDir],
    ...args,
  ];
  const instances = (command: string, ...args: string[]): Promise<Ended> => run(words(command, args), environment());
  const redirect = (): string => `http://localhost:${port}/oauth/callback`;
  /** Starts a creation that asks for consent. */
  const creating = (args: readonly string[], stdin?: 'pipe'): Running =>
    place.start(
      words('create', ['--name', 'Mine', '--json', '--oauth-callback-url', redirect(), ...args]),
      environment(),
      stdin,
    );
  const onPlatform = async (): Promise<Shown[]> =>
    ((await sandbox.control('GET', '/open-connectors')).body as { instances: Shown[] }).instances;
  const order = (body: object): Promise<unknown> => sandbox.control('POST', '/open-connectors/failures', body);

  /** What a person does on the consent page. @returns where the browser is sent then */
  async function consent(url: string, decision: 'allow' | 'deny' = 'allow'): Promise<string> {
    const page = await call('GET', url);
    const id = /name="request" value="([^"]+)"/.exec(page.text)?.[1] ?? '';
    const answer = await call(
      'POST',
      new URL('oauth/decision', url).href,
      new URLSearchParams({ request: id, decision }).toString(),
      { 'content-type': 'application/x-www-form-urlencoded', origin: new URL(url).origin },
    );
    return answer.headers.get('location') ?? '';
  }

  it('creates one by a consent that comes back to a page of this machine, and its notifications arrive signed', async () => {
    const listening = place.listen(['--verify-key-env', 'EVENT_KEY'], { EVENT_KEY: key });
    const { openConnectorsUrl } = await listening.ready();
    const creation = creating(['--list', list.listId, '--tag', 'ci', '--signature-key-env', 'EVENT_KEY']);
    const { url, redirectUri } = await creation.json<Asked>('authorize');
    assert.equal(redirectUri, redirect());
    const stray = await call('GET', `${redirect()}?code=forged&state=wrong`);
    assert.equal(stray.status, 400);
    assert.match(stray.text, /go back to the terminal/);
    const back = await call('GET', await consent(url));
    assert.match(back.text, /Access granted[^]*go back to the terminal/);
    assert.equal(await creation.ended, 0, creation.errors.join('\n'));
    const [created] = creation.lines.slice(-1).map((line) => JSON.parse(line) as Line);
    const [made] = await onPlatform();
    assert.deepEqual(created, { type: 'created', id: made?.id, name: 'Mine' });
    assert.equal(made?.configuration['event.notification.callback.url'], openConnectorsUrl);
    assert.equal(made.configuration['events.list.ids'], list.listId);
    assert.deepEqual(made.tags, ['ci']);
    assert.match(creation.errors.join('\n'), /--verify-key-env EVENT_KEY/);
    const said = [...creation.lines, ...creation.errors].join('\n');
    const { campaignMonitor, openConnectors } = sandbox.sandbox.credentials;
    const secrets = [made.token, key, campaignMonitor.oauthClientSecret, ...Object.values(openConnectors)];
    for (const secret of secrets) assert.ok(!said.includes(secret), said);

    await sandbox.api('POST', `/subscribers/${list.listId}.json`, { EmailAddress: 'jane@example.org', Name: 'Jane' });
    const waited = await place.run('wait', '--filter', 'source:open-connectors', '--timeout', '30', '--json');
    assert.equal(waited.code, 0, waited.err);
    const logged = await until(async () => {
      const [row] = lines(await instances('log', String(made.id), '--json'));
      return row !== undefined && (row['received'] as unknown[]).length > 0 && row;
    });
    const [received] = logged['received'] as { deliveryId: string; signature: string }[];
    assert.deepEqual([received?.deliveryId, received?.signature, logged['status']], ['d1', 'valid', 'NOTIFIED']);
    assert.match((await instances('log', 'Mine')).out, /NOTIFIED +d1, signature valid\n$/);
    await listening.end();
    // The history is read without a relay, too.
    assert.match((await instances('log', 'Mine')).out, /d1, signature valid/);
  });

  it('creates one by a code that is pasted, and says what is wrong with what is not it', async () => {
    const creation = creating(['--no-events', '--with-secrets'], 'pipe');
    const { url } = await creation.json<Asked>('authorize');
    await creation.line((line) => line.includes('the address your browser'), 'errors');
    creation.child.stdin.write('not a code at all\n');
    await creation.line((line) => line.includes('neither a code nor a refusal'), 'errors');
    creation.child.stdin.write(`${redirect()}?code=x&state=older\n`);
    await creation.line((line) => line.includes('belongs to another request'), 'errors');
    creation.child.stdin.write(`${await consent(url)}\n`);
    assert.equal(await creation.ended, 0, creation.errors.join('\n'));
    const [made] = await onPlatform();
    const created = JSON.parse(creation.lines.at(-1) ?? '') as Line;
    assert.deepEqual([created['id'], created['token']], [made?.id, made?.token]);
    assert.equal(made?.configuration['event.notification.enabled'], 'false');
  });

  it('says what to do where access is refused, and makes nothing', async () => {
    const creation = creating(['--no-events']);
    const { url } = await creation.json<Asked>('authorize');
    await call('GET', await consent(url, 'deny'));
    assert.equal(await creation.ended, 1);
    assert.match(creation.errors.join('\n'), /access was denied in the browser[^]*grant access/);
    assert.deepEqual(await onPlatform(), []);
  });

  describe('where no answer comes', () => {
    const basic = (...more: string[]): string[] => ['--name', 'Mine', '--basic', '--no-events', '--json', ...more];

    it('names what the call has made, and makes no other unless it is told to', async () => {
      await order({ call: 'POST /instances', silent: true, carriedOut: true });
      const unanswered = await instances('create', ...basic('--timeout', '1'));
      assert.equal(unanswered.code, 1);
      const [made, ...others] = await onPlatform();
      assert.deepEqual(others, []);
      assert.match(unanswered.err, new RegExp(`now has an instance with this name: Mine \\(${made?.id}\\)`));
      assert.match(unanswered.err, new RegExp(`run cm-relay instances show .* ${made?.id}\\.`));
      const again = await instances('create', ...basic());
      assert.equal(again.code, 2);
      assert.match(again.err, new RegExp(`already has an instance with this name: Mine \\(${made?.id}\\)\n.*--yes`));
      assert.equal((await onPlatform()).length, 1);
      const another = await instances('create', ...basic('--yes'));
      assert.equal(another.code, 0, another.err);
      assert.equal((await onPlatform()).length, 2);
    });
  });

  it('lists, shows, changes and deletes', async () => {
    const { openConnectorsUrl } = await place.listen().ready();
    const created = await instances('create', '--name', 'Mine', '--basic', '--list', list.listId, '--json');
    assert.equal(created.code, 0, created.err);
    const id = String(lines(created)[0]?.['id']);
    const [listed] = lines(await instances('list', '--json'));
    assert.deepEqual(
      [listed?.['name'], listed?.['match'], listed?.['eventsEnabled'], listed?.['listIds']],
      ['Mine', 'current', true, [list.listId]],
    );
    const secret = /\/hooks\/(\w+)\//.exec(openConnectorsUrl)?.[1] ?? '';
    for (const ended of [
      await instances('list'),
      await instances('list', '--json'),
      await instances('show', id),
      await instances('show', 'Mine', '--json'),
      await instances('show', 'Mine', '--curl'),
    ]) {
      assert.equal(ended.code, 0, ended.err);
      assert.match(ended.out, /Mine/);
      for (const hidden of [
        secret,
        (await onPlatform())[0]?.token ?? '',
        sandbox.sandbox.credentials.campaignMonitor.apiKey,
      ])
        assert.ok(!ended.out.includes(hidden), ended.out);
    }
    assert.match((await instances('list', '--tag', 'none-has-it')).err, /No instances/);

    const watched = lines(await instances('lists', id, '--json'));
    assert.deepEqual(
      watched.filter((each) => each['watched'] === true).map((each) => each['id']),
      [list.listId],
    );
    assert.equal(watched.length, sandboxLists.length);
    assert.equal((await instances('lists', id, '--list', secondList.listId)).code, 0);
    assert.equal((await onPlatform())[0]?.configuration['events.list.ids'], secondList.listId);
    assert.match((await instances('lists', id, '--list', 'abc')).err, /--list abc is not a list ID/);

    const away = await instances('callback', id, '--url', 'http://example.org/callback');
    assert.match(away.err, /warning: --url is not encrypted/);
    assert.match((await instances('list')).out, /example\.org +Mine \(1 list\)/);
    assert.match((await instances('callback', id, '--url', 'nowhere')).err, /--url is not a URL/);
    assert.equal((await instances('callback', 'Mine')).code, 0);
    assert.equal((await onPlatform())[0]?.configuration['event.notification.callback.url'], openConnectorsUrl);
    assert.match((await instances('events', 'off', id)).out, /events off/);
    assert.match((await instances('events', 'on', id)).out, /events on/);

    const unsure = await instances('delete', id);
    assert.deepEqual([unsure.code, (await onPlatform()).length], [2, 1]);
    assert.match(unsure.err, /--yes/);
    assert.deepEqual(lines(await instances('delete', id, '--yes', '--json')), [
      { type: 'deleted', id: Number(id), name: 'Mine' },
    ]);
    assert.deepEqual(await onPlatform(), []);
    const gone = await instances('show', id);
    assert.equal(gone.code, 1);
    assert.match(gone.err, /No element instance found/);
    assert.match((await instances('show', 'Mine')).err, /no instance is named Mine/);
  });

  it('checks what is given as the form does, before anything is asked', async () => {
    const wrong: readonly (readonly [args: string, named: RegExp])[] = [
      ['--basic --no-events', /--name is missing/],
      ['--basic --name x --callback-url https://example.org/', /--list is missing/],
      ['--basic --name x --list 4fe1 --callback-url https://example.org/', /--list 4fe1[^]*32 hex digits/],
      ['--no-events --name x --oauth-callback-url javascript:alert(1)', /--oauth-callback-url/],
      ['--no-events --name x --list 4fe1', /--list requires events/],
      ['--basic --no-events --name x --open', /--open or --basic/],
      ['--basic --no-events --name x --callback-password-env UNSET_HERE', /UNSET_HERE is not set/],
      ['--basic --name x --signature-key-env a-key-itself', /--signature-key-env[^]*not the secret itself/],
      [
        `--basic --name x --list ${list.listId} --callback-url https://example.org/ --callback-headers-env EVENT_KEY`,
        /JSON object/,
      ],
      ['--basic --no-events --name x --host http://example.org', /--host[^]*https/],
    ];
    for (const [args, named] of wrong) {
      const { code, err } = await instances('create', ...args.split(' '));
      assert.equal(code, 2, `${args}: ${err}`);
      assert.match(err, named);
    }
    // Nothing is asked for, and no secret looked for, before it.
    const early = await run(words('create', ['--no-events']), {});
    assert.match(early.err, /--name is missing/);
    for (const missing of ['OPEN_CONNECTORS_USER_SECRET', 'OAUTH_API_SECRET']) {
      const args = words('create', ['--name', 'x', '--no-events']);
      const { code, err } = await run(args, { ...environment(), [missing]: '' });
      assert.equal(code, 2, err);
      assert.match(err, new RegExp(`the environment variable ${missing} is empty[^]*There is no flag for it`));
    }
    assert.deepEqual(await onPlatform(), []);
  });

  describe('in a terminal', () => {
    before(function () {
      if (!hasTerminal) this.skip();
    });

    it('asks for secrets that are not set, without showing them, and before it deletes', async () => {
      const { openConnectors } = sandbox.sandbox.credentials;
      const { OPEN_CONNECTORS_HOST, CAMPAIGN_MONITOR_API_KEY } = environment();
      const variables = { OPEN_CONNECTORS_HOST, CAMPAIGN_MONITOR_API_KEY };
      const shown = terminal(words('create', ['--name', 'Mine', '--basic', '--no-events']), variables);
      const ended = once(shown, 'exit');
      await until(() => shown.text.includes('Enter the user secret (not shown): '), 60_000, shown.text);
      shown.stdin?.write(`wrong\x15x${openConnectors.userSecret}y\x7f\r`.replace('x', 'x\x7f'));
      await until(() => shown.text.includes('Enter the organization secret (not shown): '), 60_000, shown.text);
      shown.stdin?.write(`${openConnectors.organizationSecret}\r`);
      assert.deepEqual((await ended)[0], 0, shown.text);
      assert.match(shown.text, /Created Mine \(\d+\)/);
      for (const secret of Object.values(openConnectors)) assert.ok(!shown.text.includes(secret), shown.text);

      for (const [answer, left] of [
        ['n', 1],
        ['y', 0],
      ] as const) {
        const deleting = terminal(words('delete', ['Mine']), environment());
        const over = once(deleting, 'exit');
        await until(() => deleting.text.includes('permanently? [y/N] '), 60_000, deleting.text);
        deleting.stdin?.write(`${answer}\r`);
        assert.equal((await over)[0], left);
        assert.equal((await onPlatform()).length, left);
      }
    });
  });
});

describe('what runs in the background', function () {
  this.timeout(180_000);
  let place: Workplace;
  let callback: Callback;

  beforeEach(async () => {
    place = new Workplace();
    callback = await Callback.open();
  });
  afterEach(async () => {
    await place.run('stop');
    await place.close();
    await callback.close();
  });

  const detached = (...args: string[]): Promise<Ended> =>
    place.run('listen', '--detach', '--json', '--port', '0', '--forward-to', callback.url, ...args);
  const listen = (...args: string[]): Promise<Ready> => place.listen(['--forward-to', callback.url, ...args]).ready();

  it('is ready when the command ends, has its URLs, and is ended by stop', async () => {
    const started = await detached();
    assert.equal(started.code, 0, started.err);
    const [ready] = lines(started);
    assert.equal(ready?.type, 'ready');
    const url = await place.run('url', '--local');
    assert.equal(url.out, `${String(ready['campaignMonitorUrl'])}\n`);
    assert.equal((await place.run('url', 'open-connectors', '--local')).out, `${String(ready['openConnectorsUrl'])}\n`);
    // Again: it is there already.
    const again = await detached();
    assert.deepEqual([again.code, lines(again)[0]?.['pid']], [0, ready['pid']]);
    const other = await place.run('listen', '--detach', '--forward-to', 'http://127.0.0.1:9/other');
    assert.equal(other.code, 2);
    assert.match(other.err, /--forward-to differs from/);

    assert.equal((await place.run('trigger', 'subscribe', '--email', 'jane@example.org')).code, 0);
    const waited = await place.run('wait', '--filter', 'address:jane@example.org state:sent', '--json');
    assert.deepEqual([waited.code, lines(waited).map(({ id }) => id)], [0, ['e1']]);
    await callback.received(1);
    const stopped = await place.run('stop');
    assert.equal(stopped.code, 0, stopped.err);
    assert.ok(!isAlive(Number(ready['pid'])));
  });

  it('sends again and waits for what becomes of it', async () => {
    await listen('--retry', 'none');
    await place.run('trigger', 'subscribe', '--count', '3');
    await callback.received(3);
    const sent = await place.run('resend', '--filter', 'type:subscribe', '--wait', '--json');
    assert.equal(sent.code, 0, sent.err);
    const { replayed, sent: ended } = lines(sent)[0] as Line & { replayed: number; sent: number };
    assert.deepEqual([replayed, ended], [3, 3]);
    assert.equal(callback.posts.length, 6);
    callback.status = 500;
    const failed = await place.run('resend', 'e1', 'e2', '--wait');
    assert.equal(failed.code, 1);
    assert.match(failed.out, /Resent 2 notifications: 0 sent, 2 failed/);
    const before = callback.posts.length;
    callback.status = (number) => (number === before + 1 ? 200 : 500);
    const half = await place.run('resend', 'e1', 'e2', '--wait', '--json');
    assert.match(half.err, /1 sent, 1 failed/);
    const { notificationIds } = lines(half)[0] as Line & { notificationIds: string[] };
    // The relay sends them in their order, so the second is the one that failed.
    assert.ok(half.err.includes(` ${notificationIds[1]} --attempts`), half.err);
    await place.run('debug', 'pause');
    const held = await place.run('resend', 'e1', '--wait', '--timeout', '1');
    assert.equal(held.code, 1);
    assert.match(held.err, /1 waiting or held/);
    const other = await Callback.open();
    await place.run('debug', 'continue');
    const elsewhere = await place.run('resend', 'e3', '--to', other.url, '--wait');
    assert.equal(elsewhere.code, 0, elsewhere.err);
    assert.equal(other.posts.length, 1);
    await other.close();
  });

  it('subscribes in a sandbox that runs there, too, and at no vendor', async () => {
    const started = await run(['sandbox', '--detach', '--json', '--random-credentials']);
    assert.equal(started.code, 0, started.err);
    const [ready] = lines(started) as [
      Line & { pid: number; campaignMonitorApi: string; lists: { listId: string; name: string }[] },
    ];
    try {
      assert.deepEqual(
        ready.lists.map(({ listId, name }) => [listId, name]),
        sandboxLists.map(({ listId, title }) => [listId, title]),
      );
      const variables = {
        CAMPAIGN_MONITOR_API_KEY: (ready['credentials'] as { campaignMonitor: { apiKey: string } }).campaignMonitor
          .apiKey,
      };
      await listen();
      const common = ['--data-dir', place.dataDir, '--host', ready.campaignMonitorApi, '--list', list.listId];
      const registered = await run(['webhooks', 'register', ...common], variables);
      assert.equal(registered.code, 0, registered.err);
      const subscribed = await run(['sandbox', 'subscribe', 'jane@example.org', ...common, '--json'], variables);
      assert.deepEqual(lines(subscribed), [{ type: 'subscribed', address: 'jane@example.org', listId: list.listId }]);
      assert.equal((await place.run('wait', '--filter', 'address:jane@example.org state:sent')).code, 0);
      const vendor = [
        'sandbox',
        'subscribe',
        'jane@example.org',
        '--list',
        list.listId,
        '--host',
        'https://api.createsend.com',
      ];
      const refused = await run(vendor, variables);
      assert.equal(refused.code, 2);
      assert.match(refused.err, /only in the sandbox/);
    } finally {
      process.kill(ready.pid);
    }
  });
});
