import assert from 'node:assert/strict';
import { useVscodeStandIn } from '../vscode-stand-in.ts';

describe('The view of destinations', () => {
  const vscode = useVscodeStandIn();

  it('says that the sample receiver’s row can be selected only where that does something', async () => {
    const { DestinationsView } = await import('../../../src/extension/destinations/destinations-view.ts');
    const onDidChange = () => ({ dispose: () => undefined });
    vscode.window['createTreeView'] = () => ({ dispose: () => undefined });
    Object.assign(vscode.workspace, { onDidGrantWorkspaceTrust: onDidChange, onDidChangeConfiguration: onDidChange });
    const view = new DestinationsView({ session: { onDidChange }, names: { onDidChange } } as never);
    const stopped = view.getTreeItem({ kind: 'sample', status: undefined });
    assert.deepEqual([stopped.tooltip, stopped.command], ['Answers until you add a destination.', undefined]);
    const status = {
      url: 'http://127.0.0.1:1/',
      state: 'up',
      configured: true,
      waiting: 0,
      detail: null,
      underWay: [],
    } as never;
    const running = view.getTreeItem({ kind: 'sample', status });
    assert.equal(running.tooltip, 'Answers until you add a destination. Select this row to choose the answer.');
    assert.equal(running.command?.title, 'Sample Receiver');
  });
});
