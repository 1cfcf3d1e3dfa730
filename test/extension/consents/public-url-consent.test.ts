import assert from 'node:assert/strict';
import type { Memento } from 'vscode';
import { TunnelConsents } from '../../../src/extension/consents/public-url-consent.ts';
import { tunnelConfigSchema } from '../../../src/protocol/settings.ts';

/** The global state of VS Code, in memory. */
class State implements Memento {
  readonly #kept = new Map<string, unknown>();
  keys = (): readonly string[] => [...this.#kept.keys()];
  get = <T>(key: string, otherwise?: T): T => (this.#kept.get(key) ?? otherwise) as T;
  update = (key: string, value: unknown): Promise<void> => Promise.resolve(void this.#kept.set(key, value));
}

describe('What the user has allowed of a tunnel', () => {
  const state = new State();
  const consents = new TunnelConsents(state, '/relay');
  /** What the relay is given of an open one. */
  const taken = async (said: object): Promise<unknown> => {
    const tunnel = tunnelConfigSchema.parse(said);
    await consents.open(tunnel);
    return consents.take(tunnel);
  };

  it('is each host that a localtunnel server names', async () => {
    const tunnel = { kind: 'localtunnel', host: 'https://tunnel.example' };
    for (const host of ['a.example', 'b.example']) await consents.recordHost(tunnelConfigSchema.parse(tunnel), host);
    assert.deepEqual(await taken(tunnel), { ...tunnel, otherHosts: ['a.example', 'b.example'] });
  });

  it('is the tunnel that was opened, until it is closed or the settings name another, for this relay alone', async () => {
    const tunnel = tunnelConfigSchema.parse({ kind: 'ngrok' });
    const none = { kind: 'none' };
    assert.deepEqual(await consents.take(tunnel), none);
    assert.equal(consents.isAgreed(tunnel), false);
    assert.deepEqual(await taken({ kind: 'ngrok' }), tunnel);
    assert.deepEqual(await new TunnelConsents(state, '/other').take(tunnel), none);
    await consents.close();
    assert.deepEqual(await consents.take(tunnel), none);
    assert.equal(consents.isAgreed(tunnel), true);
    await taken({ kind: 'ngrok' });
    assert.deepEqual(await consents.take({ kind: 'none' }), none);
    assert.deepEqual(await consents.take(tunnel), none);
  });
});
