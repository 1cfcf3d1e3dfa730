import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { useVscodeStandIn } from '../vscode-stand-in.ts';

describe('The diagnostics of a window', () => {
  const vscode = useVscodeStandIn();

  it('say what a setting of choices says only where it is one of them', async () => {
    const { copyDiagnostics } = await import('../../../src/extension/relay/diagnostics.ts');
    const { env } = await import('vscode');
    const said: Record<string, unknown> = { retryPolicy: 'fast', 'tunnel.kind': 'https://me:planted@example.com' };
    vscode.window = { setStatusBarMessage: () => undefined, showInformationMessage: () => Promise.resolve() };
    vscode.workspace = {
      isTrusted: true,
      getConfiguration: () => ({ inspect: (name: string) => ({ globalValue: said[name] }) }),
    };
    let copied = '';
    Object.assign(env, { clipboard: { writeText: (text: string) => Promise.resolve((copied = text)) } });
    const properties = {
      'campaignMonitorRelay.retryPolicy': { enum: ['fast', 'sap'] },
      'campaignMonitorRelay.tunnel.kind': { enum: ['none', 'fixed'] },
    };
    await copyDiagnostics({
      context: {
        logUri: { fsPath: tmpdir() },
        extension: { packageJSON: { contributes: { configuration: [{ properties }] } } },
      },
      session: { state: { kind: 'stopped' }, status: undefined, dataDir: tmpdir() },
      history: { reader: () => Promise.reject(new Error('none')) },
    } as never);
    assert.match(copied, /retryPolicy: "fast"/);
    assert.match(copied, /tunnel\.kind: set/);
    assert.doesNotMatch(copied, /planted/);
  });
});
