import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { AccountError, AccountStore, type StoreContext } from '../../src/extension/accounts/account-store.ts';
import type { Session } from '../../src/extension/session/session.ts';
import { WebhookJournal } from '../../src/extension/webhooks/webhook-journal.ts';
import type { ListNode } from '../../src/extension/webhooks/webhook-source.ts';
import { WebhookRegistrar } from '../../src/extension/webhooks/webhook-registrar.ts';
import { WebhookUrls } from '../../src/extension/webhooks/webhook-urls.ts';
import { webhooksAtStop } from '../../src/extension/webhooks/webhooks-at-stop.ts';
import { createUrlKeeper } from '../../src/extension/public-url/url-question.ts';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.ts';
import { run, until } from './relay-stage.ts';

/** What a window has of storage; two windows share one. */
function storage(): { context: StoreContext; open: Map<string, unknown>; secret: Map<string, string> } {
  const open = new Map<string, unknown>();
  const secret = new Map<string, string>();
  const changed = new vscode.EventEmitter<vscode.SecretStorageChangeEvent>();
  const context = {
    subscriptions: [],
    globalState: {
      keys: () => [...open.keys()],
      get: (key: string, fallback?: unknown) => open.get(key) ?? fallback,
      update: (key: string, value: unknown) => Promise.resolve(void open.set(key, value)),
      setKeysForSync: () => undefined,
    },
    secrets: {
      get: (key: string) => Promise.resolve(secret.get(key)),
      store: (key: string, value: string) => {
        secret.set(key, value);
        changed.fire({ key });
        return Promise.resolve();
      },
      delete: (key: string) => {
        secret.delete(key);
        changed.fire({ key });
        return Promise.resolve();
      },
      onDidChange: changed.event,
    },
  };
  return { context: context, open, secret };
}

/** What a window does about webhooks, its keeper of URLs included. */
interface Window {
  readonly urls: WebhookUrls;
  readonly register: WebhookRegistrar['register'];
  readonly lookAfter: () => Promise<void>;
  readonly beforeStop: () => Promise<boolean>;
}

function windowWith(
  accounts: AccountStore,
  journal: WebhookJournal,
  session: unknown,
  attention: () => Promise<void>,
): Window {
  const log = { warn: () => undefined, info: () => undefined, error: () => undefined };
  const parts = { session: session as Session, log: log as unknown as vscode.LogOutputChannel };
  const relays = { namesOf: (relay: string) => [relay] };
  const registrar = new WebhookRegistrar({ ...parts, accounts, journal, relays, changed: () => undefined });
  const urls = new WebhookUrls({ accounts, registrar });
  const keeper = createUrlKeeper({ ...parts, attention, holders: [urls] });
  return {
    urls,
    register: (...args) => registrar.register(...args),
    lookAfter: () => keeper.lookAfter(),
    beforeStop: () => webhooksAtStop(registrar),
  };
}

const noSandbox = { find: () => Promise.resolve(undefined), start: () => Promise.reject(new Error('not asked for')) };

describe('accounts of Campaign Monitor', function () {
  this.timeout(60_000);
  let sandbox: Sandbox;
  let host: string;
  const control = async (path: string, body: object = {}): Promise<unknown> =>
    (await fetch(`${sandbox.control}${path}`, { method: 'POST', body: JSON.stringify(body) })).json();

  before(async () => {
    sandbox = await startSandbox();
    host = new URL(sandbox.campaignMonitorApi).origin;
  });
  after(() => sandbox.close());

  it('keep an API key in secret storage alone, once, and forget it on sign-out', async () => {
    const { context, open, secret } = storage();
    const accounts = new AccountStore(context, noSandbox);
    const { apiKey } = sandbox.credentials.campaignMonitor;
    const add = () => accounts.add({ label: 'Mine', kind: 'api-key', host }, { kind: 'api-key', apiKey });
    const account = await add();
    assert.equal((await add()).id, account.id);
    assert.equal(accounts.all().length, 1);
    assert.equal((await (await accounts.api(account)).clients()).length, 2);
    assert.ok(!JSON.stringify([...open]).includes(apiKey));
    assert.ok(JSON.stringify([...secret]).includes(apiKey));
    await accounts.remove(account.id);
    assert.deepEqual([...secret], []);
    assert.deepEqual(accounts.all(), []);
    await assert.rejects(accounts.api(account), AccountError);
  });

  it('keep the tokens that a refresh gave, for the next window too', async () => {
    const { context, secret } = storage();
    const accounts = new AccountStore(context, noSandbox);
    const tokens = (await control('/tokens')) as { access_token: string; refresh_token: string };
    const account = await accounts.add(
      { label: 'Mine', kind: 'oauth', host },
      { kind: 'oauth', accessToken: tokens.access_token, refreshToken: tokens.refresh_token },
    );
    await control('/tokens/expire');
    await (await accounts.api(account)).clients();
    assert.ok(!JSON.stringify([...secret]).includes(tokens.refresh_token));
    // Another window: it knows only what was kept.
    await (await new AccountStore(context, noSandbox).api(account)).clients();
  });

  it('start no sandbox for whoever only looks', async () => {
    const accounts = new AccountStore(storage().context, noSandbox);
    const account = await accounts.add({ label: 'Sandbox', kind: 'sandbox', host: '' }, null);
    assert.equal(await accounts.isReachable(account.id), false);
    await assert.rejects(accounts.api(account), { kind: 'sandbox-stopped' });
    await assert.rejects(accounts.api(account, { startSandbox: true }), /not asked for/);
  });

  it('stand in VS Code: the sandbox’s account by one command', async () => {
    await run('signIn', 'sandbox');
    await until(async () => (await vscode.authentication.getAccounts('campaignMonitorRelay')).length === 1);
    const [account] = await vscode.authentication.getAccounts('campaignMonitorRelay');
    assert.equal(account?.label, 'Sandbox');
    await run('signIn', 'sandbox');
    assert.equal((await vscode.authentication.getAccounts('campaignMonitorRelay')).length, 1);
    await run('toggleSandbox');
  });
});

describe('the keeper of webhooks', function () {
  this.timeout(60_000);
  const listId = '96c0bbdaa54760c8d9e62a2b7ffa2e13';
  const wanted = { events: ['Subscribe', 'Update'], format: 'json' } as const;
  let sandbox: Sandbox;
  let accounts: AccountStore;
  let journal: WebhookJournal;
  let keeper: Window;
  /** The keeper of a window to which the user comes some time. */
  let windowOf: (attention: () => Promise<void>) => Window;
  let list: ListNode;
  let base: string;
  const street = (at: string): string => `${at}/hooks/0123456789abcdef0123456789abcdef/campaign-monitor`;
  const hooks = async () => (await accounts.api(list.account)).webhooks(listId);
  /** Registers a webhook as somebody else would. */
  const plant = async (url: string): Promise<unknown> =>
    (await accounts.api(list.account)).createWebhook(listId, { events: ['Update'], url, format: 'json' });
  const set = (name: string, value: unknown): Thenable<void> =>
    vscode.workspace.getConfiguration('campaignMonitorRelay').update(name, value, vscode.ConfigurationTarget.Global);

  beforeEach(async () => {
    sandbox = await startSandbox();
    base = 'https://one.example';
    const { context } = storage();
    accounts = new AccountStore(context, noSandbox);
    journal = new WebhookJournal(context.globalState);
    const { apiKey } = sandbox.credentials.campaignMonitor;
    const host = new URL(sandbox.campaignMonitorApi).origin;
    const account = await accounts.add({ label: 'Mine', kind: 'api-key', host }, { kind: 'api-key', apiKey });
    const client = { kind: 'client', account, clientId: 'c', name: 'Client' } as const;
    list = { kind: 'list', account, client, listId, name: 'Newsletter' };
    const session = {
      get state() {
        const tunnel = { state: 'open' };
        const urls = { campaignMonitorUrl: street('http://127.0.0.1:1'), publicCampaignMonitorUrl: street(base) };
        const status = { ...urls, pid: 1, publicUrl: base, tunnel };
        return { kind: 'running', status };
      },
    };
    windowOf = (attention) => windowWith(accounts, journal, session, attention);
    keeper = windowOf(() => Promise.resolve());
    await set('tunnel.updateVendors', 'always');
  });
  afterEach(async () => {
    await set('tunnel.updateVendors', undefined);
    await set('webhooks.onStop', undefined);
    await sandbox.close();
  });

  it('registers once and knows what it created, whatever is looked after meanwhile', async () => {
    await Promise.all([
      keeper.register([list], wanted, street(base)),
      keeper.lookAfter(),
      keeper.register([list], wanted, street(base)),
      keeper.lookAfter(),
    ]);
    const [hook, ...others] = await hooks();
    assert.deepEqual(others, []);
    assert.deepEqual(journal.all()[0]?.ids, [hook?.webhookId]);
  });

  it('offers to finish what broke off, whatever the setting says', async () => {
    await keeper.register([list], wanted, street(base));
    base = 'https://two.example';
    await journal.put({ ...journal.all()[0]!, base, state: 'moving' });
    const [left] = await keeper.urls.look('unfinished');
    assert.equal(await left?.actions.update?.(new AbortController().signal), true);
    assert.deepEqual(
      (await hooks()).map(({ url }) => url),
      [street(base)],
    );
    assert.equal(journal.all()[0]?.state, 'active');
  });

  for (const [choice, left] of [
    ['leave', ['active']],
    ['deactivate', ['inactive']],
    ['delete', []],
  ] as const) {
    it(`does at the stop what the setting says: ${choice}`, async () => {
      await plant('https://neighbor.example/hook');
      await keeper.register([list], wanted, street(base));
      await set('webhooks.onStop', choice);
      assert.equal(await keeper.beforeStop(), true);
      const all = await hooks();
      assert.deepEqual(
        all.filter(({ url }) => url === street(base)).map(({ active }) => (active ? 'active' : 'inactive')),
        left,
      );
      assert.deepEqual(
        all.filter(({ url }) => url !== street(base)).map(({ url, active }) => [url, active]),
        [['https://neighbor.example/hook', true]],
      );
    });
  }
});

describe('the keeper of the sandbox’s webhooks', function () {
  this.timeout(60_000);
  const listId = '96c0bbdaa54760c8d9e62a2b7ffa2e13';
  const wanted = { events: ['Subscribe'], format: 'json' } as const;
  const street = (at: string): string => `${at}/hooks/0123456789abcdef0123456789abcdef/campaign-monitor`;
  let sandbox: Sandbox;
  let accounts: AccountStore;
  let journal: WebhookJournal;
  let keeper: Window;
  let list: ListNode;
  let publicUrl: string | null;
  let localUrl: string;
  const hooks = async () => (await accounts.api(list.account)).webhooks(listId);
  const urls = async (): Promise<readonly string[]> => (await hooks()).map(({ url }) => url);
  const set = (name: string, value: unknown): Thenable<void> =>
    vscode.workspace.getConfiguration('campaignMonitorRelay').update(name, value, vscode.ConfigurationTarget.Global);

  beforeEach(async () => {
    sandbox = await startSandbox();
    publicUrl = null;
    localUrl = street('http://127.0.0.1:8787');
    const { context } = storage();
    accounts = new AccountStore(context, {
      find: () => Promise.resolve(sandbox),
      start: () => Promise.resolve(sandbox),
    });
    journal = new WebhookJournal(context.globalState);
    const account = await accounts.add({ label: 'Sandbox', kind: 'sandbox', host: '' }, null);
    const client = { kind: 'client', account, clientId: 'c', name: 'Client' } as const;
    list = { kind: 'list', account, client, listId, name: 'Newsletter' };
    const session = {
      get state() {
        const tunnel = { state: publicUrl === null ? 'closed' : 'open' };
        const status = { campaignMonitorUrl: localUrl, publicCampaignMonitorUrl: publicUrl, pid: 1, publicUrl, tunnel };
        return { kind: 'running', status };
      },
    };
    keeper = windowWith(accounts, journal, session, () => Promise.resolve());
  });
  afterEach(async () => {
    await set('tunnel.updateVendors', undefined);
    await sandbox.close();
  });

  it('registers the local URL where there is no public one, and leaves it there when one is opened', async () => {
    const { done, failures } = await keeper.register([list], wanted, localUrl);
    assert.deepEqual([done.length, failures.length], [1, 0]);
    assert.deepEqual(await urls(), [localUrl]);
    publicUrl = street('https://one.example');
    await keeper.lookAfter();
    assert.deepEqual(await urls(), [localUrl]);
    publicUrl = null;
    await keeper.lookAfter();
    assert.deepEqual(await urls(), [localUrl]);
  });

  it('follows another port, and comes back from a public URL that was closed, without a question', async () => {
    await keeper.register([list], wanted, localUrl);
    localUrl = street('http://127.0.0.1:8788');
    await keeper.lookAfter();
    assert.deepEqual(await urls(), [localUrl]);
    publicUrl = street('https://one.example');
    await keeper.register([list], wanted, publicUrl);
    assert.deepEqual(await urls(), [publicUrl]);
    publicUrl = null;
    await keeper.lookAfter();
    assert.deepEqual(await urls(), [localUrl]);
    assert.deepEqual(
      journal.all().map(({ base, state }) => [base, state]),
      [['http://127.0.0.1:8788', 'active']],
    );
  });

  it('registers no local URL with another account', async () => {
    const { apiKey } = sandbox.credentials.campaignMonitor;
    const host = new URL(sandbox.campaignMonitorApi).origin;
    const account = await accounts.add({ label: 'Mine', kind: 'api-key', host }, { kind: 'api-key', apiKey });
    const { failures } = await keeper.register([{ ...list, account }], wanted, localUrl);
    assert.equal(failures.length, 1);
    assert.deepEqual(await urls(), []);
  });
});
