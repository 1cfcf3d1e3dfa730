import assert from 'node:assert/strict';
import { CreationAttempts } from '../../src/open-connectors/creation-attempts.ts';
import type { CreationParts, CreationResult, OpenAttempt } from '../../src/open-connectors/creation-attempts.ts';
import type { StoredInstance } from '../../src/extension/instances/instance-store.ts';
import type { Authorization, AuthorizationRequest } from '../../src/oauth/authorize.ts';
import { OpenConnectorsApi } from '../../src/open-connectors/api.ts';
import type { InstanceFacts } from '../../src/open-connectors/instance-facts.ts';
import { emptyInstanceInput } from '../../src/open-connectors/instance-body.ts';
import type { InstanceInput } from '../../src/open-connectors/instance-body.ts';
import { call, startHarness } from '../sandbox/harness.ts';
import type { Harness } from '../sandbox/harness.ts';

describe('creating an instance, against the sandbox', () => {
  let harness: Harness;
  let creator: CreationAttempts;
  let stored: { readonly instance: StoredInstance; readonly token: string | undefined }[];
  /** What was offered, and whether the person takes it. */
  let offers: InstanceFacts[][];
  let takes: boolean;
  let steps: string[];
  let codes: string[];
  /** What outlives the window. */
  let remembered: readonly OpenAttempt[];
  const memory = {
    read: () => remembered,
    write: async (attempts: readonly OpenAttempt[]) => {
      await Promise.resolve();
      remembered = structuredClone(attempts);
    },
  };

  before(async () => (harness = await startHarness()));
  after(() => harness.close());
  beforeEach(async () => {
    [stored, offers, takes, steps, codes, remembered] = [[], [], true, [], [], []];
    creator = new CreationAttempts(memory);
    for (const path of ['instances', 'calls', 'failures']) await control('DELETE', path);
  });

  function control(method: string, path: string, body?: unknown): ReturnType<typeof call> {
    return harness.control(method, `/open-connectors/${path}`, body);
  }

  function api(timeoutMs?: number): OpenConnectorsApi {
    const { openConnectorsApi: baseUrl, credentials } = harness.sandbox;
    return new OpenConnectorsApi({
      baseUrl,
      ...credentials.openConnectors,
      ...(timeoutMs !== undefined && { timeoutMs }),
    });
  }

  /** What the user and their browser do: a button of the consent page is pressed. */
  async function consent(request: AuthorizationRequest, decision = 'allow'): Promise<Authorization> {
    const url = await request.buildUrl('state', request.redirect, new AbortController().signal);
    const page = await call('GET', url);
    const id = /name="request" value="([^"]+)"/.exec(page.text)?.[1] ?? '';
    const back = await call(
      'POST',
      new URL('oauth/decision', url).href,
      new URLSearchParams({ request: id, decision }).toString(),
      { 'content-type': 'application/x-www-form-urlencoded', origin: new URL(url).origin },
    );
    const { searchParams } = new URL(back.headers.get('location') ?? page.headers.get('location') ?? '');
    const code = searchParams.get('code');
    if (code === null) return { kind: 'denied', error: searchParams.get('error') ?? '', description: null };
    codes.push(code);
    return { kind: 'code', code, redirectUri: request.redirect };
  }

  function parts(more: Partial<CreationParts> = {}): CreationParts {
    return {
      api: api(),
      host: 'sandbox',
      store: {
        add: (instance, token) => {
          stored.push({ instance, token });
          return Promise.resolve();
        },
      },
      title: 'Access',
      authorize: consent,
      during: (step, task) => {
        steps.push(step);
        return task(new AbortController().signal);
      },
      offer: (found) => {
        offers.push([...found]);
        return Promise.resolve(takes ? (found[0] ?? null) : null);
      },
      wait: () => Promise.resolve(),
      now: () => Date.UTC(2026, 0, 1),
      ...more,
    };
  }

  /** Parts whose `POST /instances` gives up soon: for platforms that never answer. */
  function impatient(more: Partial<CreationParts> = {}): CreationParts {
    const [tolerant, quick] = [api(), api(1000)];
    return parts({
      api: {
        oauthUrl: (...given) => tolerant.oauthUrl(...given),
        createInstance: (...given) => quick.createInstance(...given),
        listInstances: (...given) => tolerant.listInstances(...given),
        getInstance: (...given) => tolerant.getInstance(...given),
      },
      ...more,
    });
  }

  function input(more: Partial<InstanceInput> = {}): InstanceInput {
    const { oauthClientId, oauthClientSecret } = harness.sandbox.credentials.campaignMonitor;
    return {
      ...emptyInstanceInput,
      name: 'Mine',
      eventsEnabled: false,
      oauthCallbackUrl: 'http://localhost:8788/oauth/callback',
      apiKey: oauthClientId,
      apiSecret: oauthClientSecret,
      ...more,
    };
  }

  function create(given = parts(), filled = input(), signal = new AbortController().signal): Promise<CreationResult> {
    return creator.create(given, filled, signal);
  }

  async function names(): Promise<(string | undefined)[]> {
    return (await api().listInstances()).map(({ name }) => name);
  }

  async function callsOf(name: string): Promise<number> {
    return ((await control('GET', 'calls')).body as Record<string, number>)[name] ?? 0;
  }

  it('asks for consent, makes the instance, and keeps its token', async () => {
    const result = await create();
    assert.ok(result.kind === 'created' && !result.found);
    const [kept] = stored;
    assert.deepEqual(kept?.instance, {
      id: result.id,
      name: 'Mine',
      host: 'sandbox',
      createdAt: '2026-01-01T00:00:00.000Z',
    });
    assert.equal((await api().getInstance(result.id)).token, kept.token);
    assert.deepEqual(steps, ['creating']);
  });

  it('makes one with an API key without asking for consent', async () => {
    const { apiKey } = harness.sandbox.credentials.campaignMonitor;
    const given = parts({ authorize: () => Promise.reject(new Error('not to be asked for')) });
    const result = await create(given, {
      ...input(),
      authentication: 'basic',
      username: apiKey,
    });
    assert.equal(result.kind, 'created');
  });

  it('makes one however often it is asked for meanwhile', async () => {
    const results = await Promise.all([create(), create(), create()]);
    assert.equal(new Set(results).size, 1);
    assert.deepEqual(await names(), ['Mine']);
    assert.equal(codes.length, 1);
  });

  it('makes another after one that is being canceled, with the input that is asked for then', async () => {
    const abort = new AbortController();
    const during: CreationParts['during'] = (_step, task) => {
      const done = task(new AbortController().signal);
      abort.abort();
      return done;
    };
    await control('POST', 'failures', { call: 'POST /instances', silent: true });
    const first = create(parts({ during }), input(), abort.signal);
    await new Promise<void>((resolve) => abort.signal.addEventListener('abort', () => resolve()));
    await control('DELETE', 'failures');
    const second = create(parts(), input({ name: 'Other' }));
    assert.equal(create(), second, 'which is the one to join');
    assert.equal((await first).kind, 'lost');
    assert.equal((await second).kind, 'created');
    assert.deepEqual(await names(), ['Other']);
  });

  it('makes another after one whose progress is being canceled', async () => {
    const abort = new AbortController();
    let second: Promise<CreationResult> | undefined;
    const during: CreationParts['during'] = async (step, task) => {
      if (step === 'looking') {
        await control('DELETE', 'failures');
        second = create(parts(), input({ name: 'Other' }));
      }
      const done = task(abort.signal);
      if (step === 'creating') abort.abort();
      return done;
    };
    await control('POST', 'failures', { call: 'POST /instances', silent: true });
    await create(parts({ during }));
    assert.equal((await second)?.kind, 'created');
    assert.deepEqual(await names(), ['Other']);
  });

  it('makes nothing where the consent gives no code', async () => {
    const denied = { kind: 'denied', error: 'access_denied', description: null } as const;
    assert.deepEqual(await create(parts({ authorize: (request) => consent(request, 'deny') })), {
      kind: 'not-authorized',
      authorization: denied,
    });
    for (const kind of ['timed-out', 'cancelled'] as const) {
      const result = await create(parts({ authorize: () => Promise.resolve({ kind }) }));
      assert.equal(result.kind, kind === 'cancelled' ? 'cancelled' : 'not-authorized');
    }
    assert.equal(await callsOf('POST /instances'), 0);
  });

  it('says why the platform gave no address for the consent', async () => {
    const refused = new OpenConnectorsApi({
      baseUrl: harness.sandbox.openConnectorsApi,
      userSecret: 'wrong',
      organizationSecret: 'wrong',
    });
    const result = await create(parts({ api: refused }));
    assert.ok(result.kind === 'refused' && result.step === 'consent');
    assert.equal(result.error.status, 401);
  });

  it('says that a code was refused, and asks for consent again the next time', async () => {
    await create();
    const [used = ''] = codes;
    const reused = parts({
      authorize: (request) => Promise.resolve({ kind: 'code', code: used, redirectUri: request.redirect }),
    });
    const result = await create(reused, input({ name: 'Second' }));
    assert.ok(result.kind === 'refused' && result.step === 'creation');
    assert.doesNotMatch(JSON.stringify(result), new RegExp(used));
    assert.equal((await create(parts(), input({ name: 'Second' }))).kind, 'created');
    assert.deepEqual((await names()).sort(), ['Mine', 'Second']);
  });

  it("passes on the platform's own message, with the request's id", async () => {
    await control('POST', 'failures', { call: 'POST /instances', status: 400, message: 'The name is taken' });
    const result = await create();
    assert.ok(result.kind === 'refused');
    assert.match(result.error.message, /The name is taken/);
    assert.notEqual(result.error.requestId, null);
    assert.deepEqual(offers, []);
    assert.deepEqual(stored, []);
  });

  it('finds the instance of a call that got no answer, and keeps its token', async () => {
    await control('POST', 'failures', { call: 'POST /instances', silent: true, carriedOut: true });
    const result = await create(impatient());
    assert.ok(result.kind === 'created' && result.found);
    assert.deepEqual(steps, ['creating', 'looking']);
    assert.deepEqual(await names(), ['Mine']);
    assert.equal((await api().getInstance(result.id)).token, stored[0]?.token);
  });

  it('finds the instance of a call that ended in a fault of the platform', async () => {
    await control('POST', 'failures', { call: 'POST /instances', status: 500, carriedOut: true });
    const result = await create();
    assert.ok(result.kind === 'created' && result.found);
  });

  it('takes no instance of the same name for it that was there before', async () => {
    await create();
    await control('POST', 'failures', { call: 'POST /instances', silent: true });
    assert.equal((await create(impatient())).kind, 'lost');
    assert.deepEqual(offers, []);
  });

  it('begins again after a lost call, with a new consent', async () => {
    await control('POST', 'failures', { call: 'POST /instances', silent: true });
    assert.equal((await create(impatient())).kind, 'lost');
    assert.equal((await create(impatient())).kind, 'created');
    assert.equal(codes.length, 2);
    assert.deepEqual(await names(), ['Mine']);
  });

  it('looks first the next time: what was made late is not made twice', async () => {
    await control('POST', 'failures', { call: 'POST /instances', silent: true });
    assert.equal((await create(impatient())).kind, 'lost');
    // The platform is done with it only now.
    const authorization = await consent({
      title: '',
      redirect: input().oauthCallbackUrl,
      buildUrl: (state, callbackUrl) =>
        api().oauthUrl({ apiKey: input().apiKey, apiSecret: input().apiSecret, callbackUrl, state }),
    });
    assert.ok(authorization.kind === 'code');
    const late = new CreationAttempts({ read: () => [], write: () => Promise.resolve() });
    await late.create(
      parts({ authorize: () => Promise.resolve(authorization), store: { add: () => Promise.resolve() } }),
      input(),
      new AbortController().signal,
    );
    const result = await create(parts({ authorize: () => Promise.reject(new Error('not to be asked for')) }));
    assert.ok(result.kind === 'created' && result.found);
    assert.deepEqual(await names(), ['Mine']);
  });

  it('does not know where nothing answers, and finds it the next time', async () => {
    await control('POST', 'failures', { call: 'POST /instances', silent: true, carriedOut: true });
    let asked = 0;
    const fine = impatient();
    const listInstances: CreationParts['api']['listInstances'] = async (...given) => {
      // The first time is before the call.
      if (asked++ > 0) await control('POST', 'failures', { call: 'GET /instances', status: 503 });
      return fine.api.listInstances(...given);
    };
    const result = await create({ ...fine, api: { ...fine.api, listInstances } });
    assert.equal(result.kind, 'unknown');
    assert.deepEqual(stored, []);
    const next = await create(parts({ authorize: () => Promise.reject(new Error('not to be asked for')) }));
    assert.ok(next.kind === 'created' && next.found);
    assert.deepEqual(await names(), ['Mine']);
  });

  it('leaves what the person does not want, and makes another the next time', async () => {
    takes = false;
    await control('POST', 'failures', { call: 'POST /instances', silent: true, carriedOut: true });
    assert.deepEqual(await create(impatient()), { kind: 'declined' });
    assert.deepEqual(stored, []);
    const result = await create();
    assert.ok(result.kind === 'created' && !result.found);
    assert.equal(offers.length, 1);
    assert.deepEqual(await names(), ['Mine', 'Mine']);
  });

  it('looks for it by its time where the names before could not be read', async () => {
    await create(parts(), input({ name: 'Older' }));
    await control('POST', 'failures', { call: 'GET /instances', status: 503 });
    await control('POST', 'failures', { call: 'POST /instances', silent: true, carriedOut: true });
    const result = await create(impatient({ now: Date.now }));
    assert.ok(result.kind === 'created' && result.found);
  });

  it('ends where it is cancelled, having looked once', async () => {
    const abort = new AbortController();
    await control('POST', 'failures', { call: 'POST /instances', silent: true });
    const given = parts({
      during: (step, task) => {
        steps.push(step);
        const done = task(new AbortController().signal);
        if (step === 'creating') abort.abort();
        return done;
      },
    });
    // It may be made late: that nothing was is more than anybody knows.
    assert.equal((await create(given, input(), abort.signal)).kind, 'lost');
    assert.deepEqual(steps, ['creating', 'looking']);
    await control('DELETE', 'failures');
    assert.equal((await create()).kind, 'created');
    assert.deepEqual(await names(), ['Mine']);
  });

  it('says so where it is cancelled and the platform cannot be asked', async () => {
    const abort = new AbortController();
    await control('POST', 'failures', { call: 'POST /instances', silent: true });
    const given = parts({
      during: async (step, task) => {
        if (step === 'looking') await control('POST', 'failures', { call: 'GET /instances', status: 503 });
        const done = task(new AbortController().signal);
        if (step === 'creating') abort.abort();
        return done;
      },
    });
    assert.equal((await create(given, input(), abort.signal)).kind, 'unknown');
  });

  /** An attempt that got no answer although the instance was made, and that could not look for it either. */
  async function makeUnknown(given = impatient(), filled = input()): Promise<void> {
    await control('POST', 'failures', { call: 'POST /instances', silent: true, carriedOut: true });
    const during: CreationParts['during'] = async (step, task) => {
      if (step === 'looking') await control('POST', 'failures', { call: 'GET /instances', status: 503 });
      return task(new AbortController().signal);
    };
    assert.equal((await create({ ...given, during }, filled)).kind, 'unknown');
  }

  it('makes no other where what an earlier attempt made is not wanted, before that has been said', async () => {
    await makeUnknown();
    takes = false;
    const notAsked = { authorize: () => Promise.reject(new Error('not to be asked for')) };
    assert.deepEqual(await create(parts(notAsked)), { kind: 'declined' });
    assert.equal(await callsOf('POST /instances'), 1);
    assert.equal((await create()).kind, 'created');
    assert.deepEqual(await names(), ['Mine', 'Mine']);
  });

  it('looks first after the window was loaded anew, half way or after an attempt without an answer', async () => {
    const halfWay = parts({
      during: async (_step, task) => {
        await task(new AbortController().signal);
        // The window goes: nobody is told of the end.
        return new Promise<never>(() => undefined);
      },
    });
    void create(halfWay);
    while ((await names()).length === 0) await new Promise(setImmediate);
    creator = new CreationAttempts(memory);
    const result = await create(parts({ authorize: () => Promise.reject(new Error('not to be asked for')) }));
    assert.ok(result.kind === 'created' && result.found);
    assert.deepEqual(await names(), ['Mine']);
    assert.deepEqual(remembered, []);
  });

  it('remembers nothing of an attempt that was refused or succeeded, and no secret of another', async () => {
    await control('POST', 'failures', { call: 'POST /instances', status: 400, message: 'No' });
    assert.equal((await create()).kind, 'refused');
    assert.deepEqual(remembered, []);
    assert.equal((await create(parts(), input({ name: 'Second' }))).kind, 'created');
    assert.deepEqual(remembered, []);
    await makeUnknown(impatient(), input({ signatureKey: 'planted-signature-key' }));
    assert.deepEqual(remembered, [{ host: 'sandbox', name: 'Mine', before: { ids: [] }, signed: true }]);
  });

  it('finds an instance whose token could not be kept, and makes no other', async () => {
    const locked = parts({ store: { add: () => Promise.reject(new Error('the keyring is locked')) } });
    const result = await create(locked);
    assert.ok(result.kind === 'not-kept');
    assert.match(result.error.message, /keyring/);
    const next = await create(parts({ authorize: () => Promise.reject(new Error('not to be asked for')) }));
    assert.ok(next.kind === 'created' && next.found);
    assert.deepEqual(await names(), ['Mine']);
    assert.equal((await api().getInstance(next.id)).token, stored[0]?.token);
    assert.deepEqual(remembered, []);
  });

  it('still looks for what an earlier attempt may make where the next one ends before its call', async () => {
    await control('POST', 'failures', { call: 'POST /instances', silent: true });
    assert.equal((await create(impatient())).kind, 'lost');
    assert.equal((await create(parts({ authorize: () => Promise.resolve({ kind: 'cancelled' }) }))).kind, 'cancelled');
    assert.equal(remembered.length, 1);
  });

  it('tells the signature key that the instance was made with, as far as it is known', async () => {
    const keyOf = (result: CreationResult): string | null | undefined =>
      result.kind === 'created' ? result.signatureKey : undefined;
    assert.equal(keyOf(await create(parts(), input({ name: 'First', signatureKey: 'first-key' }))), 'first-key');
    await makeUnknown(impatient(), input({ signatureKey: 'second-key' }));
    assert.equal(keyOf(await create(parts(), input({ signatureKey: 'another-key' }))), 'second-key');
    // The key itself outlives no window.
    await makeUnknown(impatient(), input({ name: 'Third', signatureKey: 'third-key' }));
    creator = new CreationAttempts(memory);
    assert.equal(keyOf(await create(parts(), input({ name: 'Third', signatureKey: 'another-key' }))), null);
    await makeUnknown(impatient(), input({ name: 'Fourth' }));
    creator = new CreationAttempts(memory);
    assert.equal(keyOf(await create(parts(), input({ name: 'Fourth', signatureKey: 'another-key' }))), '');
  });
});
