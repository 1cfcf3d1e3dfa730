import assert from 'node:assert/strict';
import { createInstance, readToken } from '../../src/open-connectors/instance-creation.ts';
import type { CreationDeps, CreationResult } from '../../src/open-connectors/instance-creation.ts';
import type { Authorization, AuthorizationRequest } from '../../src/oauth/authorize.ts';
import { OpenConnectorsApi } from '../../src/open-connectors/api.ts';
import type { InstanceFacts } from '../../src/open-connectors/instance-facts.ts';
import { emptyInstanceInput, type InstanceInput } from '../../src/open-connectors/instance-body.ts';
import { call, startHarness, type Harness } from '../sandbox/harness.ts';

describe('creating an instance, against the sandbox', () => {
  let harness: Harness;
  let steps: string[];
  let codes: string[];
  /** The instances for which another of their name was asked about, and whether it is wanted. */
  let duplicates: InstanceFacts[][];
  let another: boolean;
  before(async () => (harness = await startHarness()));
  after(() => harness.close());
  beforeEach(async () => {
    [steps, codes, duplicates, another] = [[], [], [], false];
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

  function parts(more: Partial<CreationDeps> = {}): CreationDeps {
    return {
      api: api(),
      title: 'Access',
      authorize: consent,
      confirmDuplicate: (existing) => {
        duplicates.push([...existing]);
        return Promise.resolve(another);
      },
      during: (step, task) => {
        steps.push(step);
        return task(new AbortController().signal);
      },
      ...more,
    };
  }

  /** Parts whose `POST /instances` gives up soon: for platforms that never answer. */
  function impatient(more: Partial<CreationDeps> = {}): CreationDeps {
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
    return createInstance(given, filled, signal);
  }

  async function names(): Promise<(string | undefined)[]> {
    return (await api().listInstances()).map(({ name }) => name);
  }

  async function callsOf(name: string): Promise<number> {
    return ((await control('GET', 'calls')).body as Record<string, number>)[name] ?? 0;
  }

  it('asks for consent, makes the instance, and returns its token', async () => {
    const result = await create();
    assert.ok(result.kind === 'created');
    assert.equal(result.name, 'Mine');
    assert.notEqual(result.token, undefined);
    assert.equal((await api().getInstance(result.id)).token, result.token);
    assert.deepEqual(steps, ['creating']);
    assert.deepEqual(duplicates, []);
  });

  it('makes another of a name that exists only if it is wanted, and asks before the consent', async () => {
    const first = await create();
    assert.ok(first.kind === 'created');
    assert.deepEqual(await create(), { kind: 'canceled' });
    assert.deepEqual(
      duplicates.map((existing) => existing.map(({ id }) => id)),
      [[first.id]],
    );
    assert.equal(codes.length, 1);
    assert.deepEqual(await names(), ['Mine']);
    another = true;
    assert.equal((await create()).kind, 'created');
    assert.deepEqual(await names(), ['Mine', 'Mine']);
  });

  it('creates another beside one that appears during the consent if it is wanted', async () => {
    const { apiKey } = harness.sandbox.credentials.campaignMonitor;
    another = true;
    const authorize: CreationDeps['authorize'] = async (request) => {
      await create(parts(), input({ authentication: 'basic', username: apiKey }));
      return consent(request);
    };
    assert.equal((await create(parts({ authorize }))).kind, 'created');
    assert.deepEqual(
      duplicates.map((existing) => existing.length),
      [1],
    );
    assert.deepEqual(await names(), ['Mine', 'Mine']);
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

  const failures = [
    { call: 'POST /instances', silent: true, carriedOut: true },
    { call: 'POST /instances', status: 500, carriedOut: true },
  ];
  for (const failure of failures) {
    it(`finds the instance of a call without a response, and its token: ${failure.status ?? 'silent'}`, async () => {
      await control('POST', 'failures', failure);
      const result = await create(impatient());
      assert.ok(result.kind === 'unanswered');
      assert.deepEqual(steps, ['creating', 'looking']);
      assert.deepEqual(
        result.found?.map(({ name }) => name),
        ['Mine'],
      );
      const [chosen] = result.found;
      assert.ok(chosen !== undefined);
      const [made] = await api().listInstances();
      assert.equal(chosen.id, made?.id);
      assert.equal(await readToken(api(), chosen.id), made?.token);
      assert.deepEqual(await names(), ['Mine']);
      assert.equal(await callsOf('POST /instances'), 1);
    });
  }

  it('finds nothing where nothing was created, and creates one when it is called again', async () => {
    await create(parts(), input({ name: 'Mine too' }));
    await control('POST', 'failures', { call: 'POST /instances', silent: true });
    const result = await create(impatient());
    assert.ok(result.kind === 'unanswered');
    assert.deepEqual(result.found, []);
    assert.equal((await create()).kind, 'created');
    assert.equal(codes.length, 3);
  });

  it('finds what is new of its name, not what had it before', async () => {
    const first = await create();
    assert.ok(first.kind === 'created');
    another = true;
    await control('POST', 'failures', { call: 'POST /instances', silent: true, carriedOut: true });
    const result = await create(impatient());
    assert.ok(result.kind === 'unanswered');
    assert.equal(result.found?.length, 1);
    assert.notEqual(result.found[0]?.id, first.id);
  });

  it('does not know what is new where they cannot be listed after the call, and asks the next time', async () => {
    await control('POST', 'failures', { call: 'POST /instances', silent: true, carriedOut: true });
    const during: CreationDeps['during'] = async (step, task) => {
      if (step === 'looking') await control('POST', 'failures', { call: 'GET /instances', status: 503 });
      return task(new AbortController().signal);
    };
    const result = await create(impatient({ during }));
    assert.ok(result.kind === 'unanswered' && result.found === null);
    assert.deepEqual(await create(), { kind: 'canceled' });
    assert.deepEqual(await names(), ['Mine']);
  });

  it('lists the instances where the call is canceled: one may have been created', async () => {
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
    const result = await create(given, input(), abort.signal);
    assert.ok(result.kind === 'unanswered' && result.error.kind === 'canceled');
    assert.deepEqual(steps, ['creating', 'looking']);
  });
});
