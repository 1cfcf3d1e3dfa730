import assert from 'node:assert/strict';
import type { Memento } from 'vscode';
import type { TunnelConsents as Consents } from '../../../src/extension/consents/public-url-consent.ts';
import { tunnelConfigSchema } from '../../../src/protocol/settings.ts';
import { useVscodeStandIn } from '../vscode-stand-in.ts';

/** The global state of VS Code, in memory. */
class State implements Memento {
  readonly #kept = new Map<string, unknown>();
  keys = (): readonly string[] => [...this.#kept.keys()];
  get = <T>(key: string, otherwise?: T): T => (this.#kept.get(key) ?? otherwise) as T;
  update = (key: string, value: unknown): Promise<void> => Promise.resolve(void this.#kept.set(key, value));
}

describe('What the user has allowed of a tunnel', () => {
  const vscode = useVscodeStandIn();
  let consents: Consents;
  before(async () => {
    const { TunnelConsents } = await import('../../../src/extension/consents/public-url-consent.ts');
    consents = new TunnelConsents(new State());
  });
  const withHosts = (tunnel: object): unknown => consents.withHosts(tunnelConfigSchema.parse(tunnel));

  it('is each host that a localtunnel server names', async () => {
    const tunnel = { kind: 'localtunnel', host: 'https://tunnel.example' };
    for (const host of ['a.example', 'b.example']) await consents.recordHost(tunnelConfigSchema.parse(tunnel), host);
    assert.deepEqual(withHosts(tunnel), { ...tunnel, otherHosts: ['a.example', 'b.example'] });
  });

  it('is the last key of an SSH server alone: whoever has the one before is not that server any more', async () => {
    const tunnel = { kind: 'ssh', server: 'me@example.test', name: 'hooks.example.test' };
    const keys = ['a', 'b'].map((each) => `SHA256:${each.repeat(43)}`);
    for (const key of keys) await consents.recordHost(tunnelConfigSchema.parse(tunnel), key);
    assert.deepEqual((withHosts(tunnel) as { hostKeys: unknown }).hostKeys, [keys[1]]);
    // Of another server nothing is confirmed.
    assert.ok(!('hostKeys' in (withHosts({ ...tunnel, server: 'me@other.test' }) as object)));
  });

  it('is asked about where a setting that has to be a text is none', () => {
    const toAgree = (said: Record<string, unknown>): string | null => {
      const found = { get: (name: string) => said[name], inspect: (name: string) => ({ globalValue: said[name] }) };
      vscode.workspace = { isTrusted: true, getConfiguration: () => found };
      return consents.toAgree();
    };
    assert.equal(toAgree({ 'tunnel.kind': 'fixed', 'tunnel.url': 5, 'tunnel.host': null }), 'fixed ');
    assert.equal(toAgree({ 'tunnel.kind': 'ssh', 'tunnel.programs': { sshServer: 5 } }), 'ssh  ');
    assert.equal(toAgree({ 'tunnel.kind': 'ssh', 'tunnel.programs': null }), 'ssh  ');
  });
});
