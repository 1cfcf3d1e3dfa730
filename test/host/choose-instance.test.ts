import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { platformOf, type InstanceCommandParts } from '../../src/extension/instances/choose-instance.ts';
import { createInstanceCommands } from '../../src/extension/instances/instance-commands.ts';
import type { InstanceNode } from '../../src/extension/instances/instance-node.ts';
import type { Platform } from '../../src/extension/open-connectors/platform.ts';
import { OpenConnectorsApi } from '../../src/open-connectors/api.ts';
import { buildInstanceBody, emptyInstanceInput } from '../../src/open-connectors/instance-body.ts';
import { byKey } from '../../src/extension/ui/focused-rows.ts';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.ts';

describe('the platform that an instance lives at', function () {
  this.timeout(60_000);
  let here: Sandbox;
  let there: Sandbox;

  before(async () => ([here, there] = await Promise.all([startSandbox(), startSandbox()])));
  after(() => Promise.all([here.close(), there.close()]));

  it('is asked while the settings name it, and no other with the same id in its place', async () => {
    let settings = here;
    const apiOf = ({ openConnectorsApi: baseUrl, credentials }: Sandbox): OpenConnectorsApi =>
      new OpenConnectorsApi({ baseUrl, ...credentials.openConnectors });
    const platform = {
      get host() {
        return settings.openConnectorsApi;
      },
      api: () => Promise.resolve(apiOf(settings)),
    } as unknown as Platform;
    const make = async (sandbox: Sandbox): Promise<number> => {
      const username = sandbox.credentials.campaignMonitor.apiKey;
      const input = { ...emptyInstanceInput, name: 'tau', eventsEnabled: false, username };
      return (await apiOf(sandbox).createInstance(buildInstanceBody({ ...input, authentication: 'basic' }))).id;
    };
    const [id, sameId] = [await make(here), await make(there)];
    assert.equal(id, sameId, 'two sandboxes count alike');
    const node = { kind: 'instance', host: here.openConnectorsApi, facts: { id, name: 'tau' } } as InstanceNode;
    assert.equal((await (await platformOf({ platform }, node)).getInstance(id)).id, id);
    // The settings are changed while the user is asked.
    settings = there;
    await assert.rejects(platformOf({ platform }, node), {
      name: 'CommandError',
      message: `The instance tau belongs to ${here.openConnectorsApi}, but the settings now name ${there.openConnectorsApi}`,
    });
    assert.equal((await apiOf(there).getInstance(sameId)).name, 'tau');
  });
});

describe('a command on an instance where none is chosen', () => {
  it('says what it will do in the choice that it asks for', async () => {
    const create = vscode.window.createQuickPick;
    const titles: (string | undefined)[] = [];
    const parts = {
      platform: { api: () => Promise.resolve({}) },
      view: { focused: () => Promise.resolve([]), refresh: () => Promise.resolve('read'), nodes: [], gone: [] },
    } as unknown as InstanceCommandParts;
    const commands = createInstanceCommands(parts);
    vscode.window.createQuickPick = <T extends vscode.QuickPickItem>(): vscode.QuickPick<T> => {
      const pick = create<T>();
      const show = pick.show.bind(pick);
      pick.show = () => {
        titles.push(pick.title);
        show();
        pick.hide();
      };
      return pick;
    };
    try {
      const { deleteInstance, toggleInstance, editInstance } = commands;
      for (const run of [deleteInstance, toggleInstance])
        await (run as (clicked: typeof byKey) => Promise<void>)(byKey);
      await (editInstance as () => Promise<void>)();
    } finally {
      vscode.window.createQuickPick = create;
    }
    assert.deepEqual(titles, ['Delete Instance', 'Enable or Disable Instance', 'Edit Instance']);
  });
});
