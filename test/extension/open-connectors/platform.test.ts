import assert from 'node:assert/strict';
import { useVscodeStandIn } from '../vscode-stand-in.ts';

describe('The platform of a window', () => {
  const vscode = useVscodeStandIn();

  it('has no host where the setting is no text', async () => {
    const { Platform } = await import('../../../src/extension/open-connectors/platform.ts');
    const onDidChange = () => ({ dispose: () => undefined });
    let said: unknown = ' api.example ';
    vscode.workspace = {
      onDidChangeConfiguration: onDidChange,
      getConfiguration: () => ({ inspect: () => ({ globalValue: said }) }),
    };
    const context = { subscriptions: [], secrets: { onDidChange } };
    const platform = new Platform(context as never, { onDidChange } as never);
    assert.equal(platform.host, 'api.example');
    for (said of [5, null, ['api.example']]) assert.equal(platform.host, '');
  });
});
