import assert from 'node:assert/strict';
import type { Creation } from '../../../src/extension/instance-form/interactive-creation.ts';
import type { StoredInstance } from '../../../src/extension/instances/instance-store.ts';
import { OpenConnectorsApi } from '../../../src/open-connectors/api.ts';
import { emptyInstanceInput } from '../../../src/open-connectors/instance-body.ts';
import { startHarness, type Harness } from '../../sandbox/harness.ts';
import { useVscodeStandIn } from '../vscode-stand-in.ts';

describe('Creating an instance in a window', () => {
  const vscode = useVscodeStandIn();
  let harness: Harness;
  let stored: { readonly instance: StoredInstance; readonly token: string | undefined }[];
  let questions: { readonly question: string; readonly detail: string; readonly buttons: readonly string[] }[];
  /** Whether the user presses a question's button. */
  let agrees: boolean;

  before(async () => (harness = await startHarness()));
  after(() => harness.close());
  beforeEach(async () => {
    [stored, questions, agrees] = [[], [], false];
    vscode.window['showWarningMessage'] = (question: string, { detail }: { detail: string }, ...buttons: string[]) => {
      questions.push({ question, detail, buttons });
      return Promise.resolve(agrees ? buttons[0] : undefined);
    };
    for (const path of ['instances', 'failures']) await harness.control('DELETE', `/open-connectors/${path}`);
  });

  function api(timeoutMs = 1000): OpenConnectorsApi {
    const { openConnectorsApi: baseUrl, credentials } = harness.sandbox;
    return new OpenConnectorsApi({ baseUrl, ...credentials.openConnectors, timeoutMs });
  }

  async function create(add?: () => Promise<void>): Promise<Creation> {
    const { createInstance } = await import('../../../src/extension/instance-form/interactive-creation.ts');
    const parts = {
      log: { info: () => undefined, error: () => undefined },
      platform: { api: () => Promise.resolve(api()) },
      instances: {
        add:
          add ??
          ((instance: StoredInstance, token: string | undefined) => {
            stored.push({ instance, token });
            return Promise.resolve();
          }),
      },
      browser: {},
    } as never;
    const input = {
      ...emptyInstanceInput,
      name: 'Mine',
      eventsEnabled: false,
      authentication: 'basic' as const,
      username: harness.sandbox.credentials.campaignMonitor.apiKey,
    };
    return createInstance(parts, { host: 'sandbox', input }, new AbortController().signal);
  }

  const orders = {
    lost: { call: 'POST /instances', silent: true },
    unanswered: { call: 'POST /instances', silent: true, carriedOut: true },
  };

  async function order(failure: keyof typeof orders): Promise<void> {
    await harness.control('POST', '/open-connectors/failures', orders[failure]);
  }

  async function ids(): Promise<number[]> {
    return (await api().listInstances()).map(({ id }) => id);
  }

  function messageOf(creation: Creation): string {
    assert.ok(creation.kind === 'failed', creation.kind);
    return creation.message;
  }

  it('stores the instance with its token', async () => {
    const creation = await create();
    const [instance] = await api().listInstances();
    assert.deepEqual(creation, { kind: 'created', id: instance?.id, name: 'Mine', host: 'sandbox' });
    assert.deepEqual(
      stored.map(({ instance: { id, name, host }, token }) => ({ id, name, host, token })),
      [{ id: instance?.id, name: 'Mine', host: 'sandbox', token: instance?.token }],
    );
    assert.deepEqual(questions, []);
  });

  it('uses the new instance of a call without a response after a question, with its token', async () => {
    await order('unanswered');
    agrees = true;
    const creation = await create();
    const [instance] = await api().listInstances();
    assert.deepEqual(creation, { kind: 'created', id: instance?.id, name: 'Mine', host: 'sandbox' });
    assert.deepEqual(questions[0]?.buttons, ['Use This Instance']);
    assert.match(questions[0].detail, new RegExp(`ID ${instance?.id}`));
    assert.equal(stored[0]?.token, instance?.token);
  });

  it('names the new instance that the user does not use, and asks before it creates another', async () => {
    await order('unanswered');
    const message = messageOf(await create());
    const [id] = await ids();
    assert.match(message, new RegExp(`New in Open Connectors with the name you entered: ID ${id}\\. Check the Inst`));
    assert.deepEqual(await create(), { kind: 'canceled' });
    assert.equal(questions[1]?.question, 'Open Connectors already has an instance “Mine”. Create another?');
    assert.match(questions[1].detail, new RegExp(`ID ${id}`));
    assert.deepEqual([await ids(), stored], [[id], []]);
    agrees = true;
    assert.equal((await create()).kind, 'created');
    assert.equal((await ids()).length, 2);
  });
});
