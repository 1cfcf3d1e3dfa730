import assert from 'node:assert/strict';
import { ReplayOutcomes } from '../../../src/cli/commands/resend.ts';
import type { RelayClient } from '../../../src/protocol/relay-client.ts';

/** A client of a relay in which the one forwarding of each notification has these states, one a look. */
function clientWith(states: Readonly<Record<string, readonly string[]>>): RelayClient {
  const looks = new Map<string, number>();
  const heard: (() => void)[] = [];
  const client = {
    on: (_name: string, tell: () => void) => {
      heard.push(tell);
      return { dispose: () => undefined };
    },
    off: () => undefined,
    closed: new Promise(() => undefined),
    request: (_method: string, { id }: { readonly id: string }) => {
      const look = looks.get(id) ?? 0;
      looks.set(id, look + 1);
      const all = states[id] ?? [];
      const state = all[Math.min(look, all.length - 1)];
      const forwardings = [{ destination: 'http://localhost:3000/', destinationId: 't1', state }];
      return Promise.resolve({ notifications: [{ id, forwardings }] });
    },
  };
  return client as unknown as RelayClient;
}

describe('What becomes of notifications that are resent', () => {
  it('counts what waited first and was discarded without an attempt', async () => {
    const outcomes = new ReplayOutcomes(clientWith({ n1: ['waiting', 'discarded'] }), undefined);
    assert.deepEqual(await outcomes.of(['n1'], 5000), {
      outcomes: { sent: 0, failed: 0, discarded: 1, waiting: 0 },
      unsent: 'n1',
    });
  });

  it('names the first that was not sent', async () => {
    const outcomes = new ReplayOutcomes(clientWith({ n1: ['waiting', 'sent'], n2: ['held'] }), undefined);
    assert.deepEqual(await outcomes.of(['n1', 'n2'], 1), {
      outcomes: { sent: 1, failed: 0, discarded: 0, waiting: 1 },
      unsent: 'n2',
    });
  });
});
