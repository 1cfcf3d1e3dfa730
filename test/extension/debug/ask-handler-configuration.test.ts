import assert from 'node:assert/strict';
import { useVscodeStandIn } from '../vscode-stand-in.ts';

describe('The question how a handler is debugged', () => {
  const vscode = useVscodeStandIn();

  it('is asked again for the same destination where Node cannot run the program', async () => {
    const { askHandlerConfiguration } = await import('../../../src/extension/debug/ask-handler-configuration.ts');
    const uri = { scheme: 'file', path: '/app/server.py', toString: () => 'file:///app' };
    Object.assign(vscode.workspace, {
      workspaceFolders: [{ uri, name: 'app' }],
      getConfiguration: () => ({ inspect: () => undefined }),
      findFiles: () => Promise.resolve([]),
    });
    const choices = [/Create Launch Configuration/, /Another File/];
    Object.assign(vscode.window, {
      showQuickPick: (items: readonly { label: string }[]) => {
        const wanted = choices.shift();
        return Promise.resolve(items.find(({ label }) => wanted?.test(label)));
      },
      showOpenDialog: () => Promise.resolve([uri]),
    });
    const node = { kind: 'destination', index: 1 } as never;
    await assert.rejects(askHandlerConfiguration({ name: 'mine', node, port: '3000', before: undefined }), {
      message: 'Node can’t run /app/server.py',
      nextAction: { title: 'Choose Another', command: 'chooseHandlerConfiguration', args: [node] },
    });
  });
});
