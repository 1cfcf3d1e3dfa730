import assert from 'node:assert/strict';
import type { Registration } from '../../../src/extension/webhooks/webhook-journal.ts';
import { useVscodeStandIn } from '../vscode-stand-in.ts';

describe('A registration that fails', () => {
  useVscodeStandIn();

  it('says what to do first, in one sentence after the other', async () => {
    const { sayFailure, WebhookRegistrar } = await import('../../../src/extension/webhooks/webhook-registrar.ts');
    const local = 'http://127.0.0.1:8787/hooks/0123456789abcdef0123456789abcdef/campaign-monitor';
    const status = { campaignMonitorUrl: local, publicCampaignMonitorUrl: null };
    const account = { id: 'a', kind: 'api-key' };
    const registration = { accountId: 'a', listId: 'l', listName: 'Newsletter', relay: 'r', ids: [] } as unknown;
    const failureWhile = async (state: unknown): Promise<string | undefined> => {
      const registrar = new WebhookRegistrar({
        session: { state } as never,
        accounts: { find: () => account, api: () => Promise.resolve({}) } as never,
        journal: { all: () => [] } as never,
        relays: { namesOf: (relay: string) => [relay] },
        log: { warn: () => undefined } as never,
        changed: () => undefined,
      });
      const { failures } = await registrar.carryOut('update', [registration as Registration], undefined, {
        events: [],
        format: 'json',
      });
      return failures[0] && sayFailure(failures[0]);
    };
    const of = 'Couldn’t change the webhooks of the list “Newsletter”';
    assert.equal(
      await failureWhile({ kind: 'running', status }),
      `${of}: No public URL is open. Open a public URL, and then try again.`,
    );
    assert.equal(
      await failureWhile({ kind: 'stopped' }),
      `${of}: The relay isn’t running. Start the relay, and then try again.`,
    );
  });
});
