import assert from 'node:assert/strict';
import type { DestinationNode } from '../../../src/extension/destinations/destination-node.ts';
import type { DestinationSetting } from '../../../src/extension/settings.ts';
import { useVscodeStandIn } from '../vscode-stand-in.ts';

const url = 'http://127.0.0.1:3000/callback';

describe('The commands of destinations', () => {
  const vscode = useVscodeStandIn();

  /** Removes one where the settings say something, and agrees. @returns what was written */
  async function remove(setting: DestinationSetting, said: unknown): Promise<unknown[]> {
    const { createDestinationCommands } = await import('../../../src/extension/destinations/edit-destination.ts');
    const written: unknown[] = [];
    vscode.window = { showWarningMessage: () => Promise.resolve('Remove'), setStatusBarMessage: () => undefined };
    vscode.workspace = {
      isTrusted: true,
      getConfiguration: () => ({
        inspect: () => ({ globalValue: said }),
        update: (_name: string, value: unknown) => written.push(value),
      }),
    };
    const commands = createDestinationCommands({ view: { focused: () => [] } } as never);
    const node: DestinationNode = { kind: 'destination', index: 0, setting, status: undefined };
    await commands.removeDestination(node as never);
    return written;
  }

  it('remove one where it stands by now', async () => {
    assert.deepEqual(await remove({ url }, [{ url, mode: 'raw' }, { url }]), [[{ url, mode: 'raw' }]]);
  });

  it('keep the entries that they do not understand', async () => {
    const wrong = [5, { url, types: 'Subscribe' }];
    assert.deepEqual(await remove({ url }, [...wrong, { url }]), [wrong]);
  });

  it('say that one has changed meanwhile, and remove nothing', async () => {
    await assert.rejects(remove({ url }, [{ url, mode: 'raw' }]), /changed or removed/);
  });
});
