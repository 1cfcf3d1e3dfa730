import assert from 'node:assert/strict';
import type { Place } from '../../../src/extension/public-url/url-place.ts';
import type { WebhookNode } from '../../../src/extension/webhooks/webhook-source.ts';
import { useVscodeStandIn } from '../vscode-stand-in.ts';

const account = { id: 'a', label: 'Mine', kind: 'api-key', host: '' } as const;

function hook(webhookId: string): WebhookNode {
  const list = { kind: 'list', account, listId: 'l', name: 'Newsletter' } as WebhookNode['list'];
  return { kind: 'webhook', list, hook: { webhookId, url: `https://${webhookId}.example/` } as WebhookNode['hook'] };
}

describe('A change of webhooks', () => {
  const vscode = useVscodeStandIn();
  let asked: { question: string; detail: string; buttons: readonly string[] }[];
  let said: string[];
  let deleted: string[];

  beforeEach(() => {
    [asked, said, deleted] = [[], [], []];
    vscode.window['showWarningMessage'] = (question: string, { detail }: { detail: string }, ...buttons: string[]) => {
      asked.push({ question, detail, buttons });
      return Promise.resolve(buttons[0]);
    };
    vscode.window['setStatusBarMessage'] = (text: string) => void said.push(text);
  });

  /** What the commands work with. @param created the ids of those that this tool created */
  function parts(place: Place, hooks: readonly WebhookNode[], created: readonly string[] = []) {
    const api = {
      webhooks: () => Promise.resolve(hooks.map((each) => each.hook)),
      deleteWebhook: (_listId: string, id: string) => Promise.resolve(void deleted.push(id)),
    };
    return {
      accounts: { all: () => [account], isReachable: () => Promise.resolve(true), api: () => Promise.resolve(api) },
      source: { lists: () => Promise.resolve([{ lists: [hooks[0]?.list] }]) },
      journal: { forgetHook: () => Promise.resolve() },
      view: {
        placeOf: () => place,
        isCreated: (node: WebhookNode) => created.includes(node.hook.webhookId),
        refreshWebhooks: () => undefined,
      },
      log: { info: () => undefined },
    } as never;
  }

  it('deletes those with old URLs after a question, and says so in the words of its command', async () => {
    const { deleteOldWebhooks } = await import('../../../src/extension/webhooks/change-webhooks.ts');
    await deleteOldWebhooks(parts('old', [hook('one'), hook('two')]));
    assert.equal(asked[0]?.question, 'Delete webhooks that use old URLs of this machine?');
    assert.deepEqual(asked[0].buttons, ['Delete']);
    assert.deepEqual(deleted, ['one', 'two']);
    assert.deepEqual(said, ['Deleted webhooks with old URLs: 2.']);
  });

  it('says how many of several were created elsewhere, and what their owner loses of one', async () => {
    const { changeWebhooks } = await import('../../../src/extension/webhooks/change-webhooks.ts');
    const hooks = [hook('one'), hook('two'), hook('three')];
    for (const created of [['one', 'two'], ['one'], [], ['one', 'two', 'three']])
      await changeWebhooks(parts('old', hooks, created), 'delete', hooks);
    await changeWebhooks(parts('foreign', [hook('one')]), 'delete', [hook('one')]);
    assert.deepEqual(
      asked.map(({ detail }) => detail.split('\n').at(-1)),
      [
        'One of these webhooks points to this machine but wasn’t created in VS Code.',
        '2 of these webhooks point to this machine but weren’t created in VS Code.',
        'The webhooks point to this machine but weren’t created in VS Code.',
        'Deleted webhooks no longer send events. You can register the relay again.',
        'The webhook’s owner will no longer get events for this list.',
      ],
    );
  });

  it('touches somebody else’s alone, and after a question alone', async () => {
    const { changeWebhooks } = await import('../../../src/extension/webhooks/change-webhooks.ts');
    const hooks = [hook('one'), hook('foreign')];
    for (const what of ['delete', 'deactivate'] as const)
      await assert.rejects(changeWebhooks(parts('foreign', hooks, ['one']), what, hooks), /weren’t created in VS Code/);
    vscode.window['showWarningMessage'] = () => Promise.resolve(undefined);
    await changeWebhooks(parts('foreign', hooks), 'delete', hooks.slice(1));
    assert.deepEqual(deleted, []);
  });
});
