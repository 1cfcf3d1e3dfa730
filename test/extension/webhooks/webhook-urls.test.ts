import assert from 'node:assert/strict';
import type { StaleState, UrlAction } from '../../../src/extension/public-url/url-keeper.ts';
import { readRelayUrl } from '../../../src/extension/public-url/url-place.ts';
import type { Registration } from '../../../src/extension/webhooks/webhook-journal.ts';
import { useVscodeStandIn } from '../vscode-stand-in.ts';

const local = 'http://127.0.0.1:8787/hooks/0123456789abcdef0123456789abcdef/campaign-monitor';
const { relay } = readRelayUrl(local, 'campaign-monitor')!;

function registration(state: Registration['state'], base = 'https://old.example'): Registration {
  return {
    ...{ accountId: 'account', listId: 'list', listName: 'Newsletter', relay, events: ['Update'], format: 'json' },
    ...{ ids: ['hook'], base, state },
  };
}

describe('The webhooks that need the user', () => {
  useVscodeStandIn();
  let recorded: readonly Registration[];
  let publicUrl: string | null;
  let carriedOut: UrlAction[];

  beforeEach(() => {
    publicUrl = local.replace('http://127.0.0.1:8787', 'https://new.example');
    carriedOut = [];
  });

  async function createUrls() {
    const { WebhookUrls } = await import('../../../src/extension/webhooks/webhook-urls.ts');
    return new WebhookUrls({
      accounts: { find: () => ({ id: 'account', kind: 'api-key' }) } as never,
      registrar: {
        relay,
        get urls() {
          return { publicUrl, localUrl: local };
        },
        reachable: () => Promise.resolve(recorded),
        carryOut: (action: UrlAction, all: readonly Registration[]) => {
          carriedOut.push(action);
          return Promise.resolve({ done: all, failures: [] });
        },
      } as never,
    });
  }

  it('are in one state each, also after an interruption', async () => {
    const urls = await createUrls();
    const all = ['following', 'behind', 'idle', 'unfinished', 'dead'] as const;
    const statesOf = async (state: Registration['state'], base?: string): Promise<readonly StaleState[]> => {
      recorded = [registration(state, base)];
      const there = await Promise.all(all.map((each) => urls.mayHave(each)));
      return all.filter((_, index) => there[index]);
    };
    assert.deepEqual(await statesOf('active'), ['behind']);
    assert.deepEqual(await statesOf('active', ''), ['behind']);
    assert.deepEqual(await statesOf('moving'), ['unfinished']);
    assert.deepEqual(await statesOf('deleting'), ['unfinished']);
    assert.deepEqual(await statesOf('deactivating'), ['idle']);
    assert.deepEqual(await statesOf('inactive'), ['idle']);
    publicUrl = null;
    assert.deepEqual(await statesOf('active'), ['dead']);
    assert.deepEqual(await statesOf('moving'), ['dead']);
    assert.deepEqual(await statesOf('deleting'), ['unfinished']);
    assert.deepEqual(await statesOf('deactivating'), ['dead']);
    assert.deepEqual(await statesOf('inactive'), []);
  });

  it('are changed only if they still are as they were when the user was asked', async () => {
    const urls = await createUrls();
    const { signal } = new AbortController();
    const here = 'https://new.example';
    for (const [asked, state, action, since] of [
      ['deleting', 'unfinished', 'update', registration('active', here)],
      ['deleting', 'unfinished', 'update', registration('moving')],
      ['inactive', 'idle', 'delete', registration('active', here)],
      ['active', 'behind', 'delete', registration('active', here)],
    ] as const) {
      recorded = [registration(asked)];
      const [left] = await urls.look(state);
      recorded = [since];
      assert.equal(await left?.actions[action]?.(signal), false);
    }
    assert.deepEqual(carriedOut, []);
    recorded = [registration('deleting')];
    const [left] = await urls.look('unfinished');
    assert.equal(await left?.actions.update?.(signal), true);
    assert.deepEqual(carriedOut, ['delete']);
  });
});
