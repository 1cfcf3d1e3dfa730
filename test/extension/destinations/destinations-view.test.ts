import assert from 'node:assert/strict';
import type { DestinationsView } from '../../../src/extension/destinations/destinations-view.ts';
import { useVscodeStandIn } from '../vscode-stand-in.ts';

describe('The view of destinations', () => {
  const vscode = useVscodeStandIn();

  /** The view where the settings say something, and the relay of the session tells its status. */
  async function viewOf(said: unknown, status?: object): Promise<DestinationsView> {
    const { DestinationsView } = await import('../../../src/extension/destinations/destinations-view.ts');
    const onDidChange = () => ({ dispose: () => undefined });
    vscode.window['createTreeView'] = () => ({ dispose: () => undefined });
    Object.assign(vscode.workspace, {
      isTrusted: true,
      getConfiguration: () => ({ inspect: () => ({ globalValue: said }) }),
      onDidGrantWorkspaceTrust: onDidChange,
      onDidChangeConfiguration: onDidChange,
    });
    const names = { onDidChange, nameOfList: () => undefined };
    return new DestinationsView({ session: { onDidChange, status }, names } as never);
  }

  it('says that the sample receiver’s row can be selected only where that does something', async () => {
    const view = await viewOf([]);
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

  it('knows the destination of the relay by its URL, whatever blanks are around it in the settings', async () => {
    const url = 'http://127.0.0.1:3000/callback';
    const status = { destinations: [{ url, configured: true }] };
    const { nodes } = await viewOf([{ url: ` ${url} ` }], status);
    assert.deepEqual(nodes[0]?.status, status.destinations[0]);
  });
});
