import assert from 'node:assert/strict';
import { until } from '../../relay/until.ts';
import { useVscodeStandIn } from '../vscode-stand-in.ts';

describe('The choice of sample events', () => {
  const vscode = useVscodeStandIn();

  it('offers for a typed number what that many can be: one event is of one type', async () => {
    const { createSampleCommands } = await import('../../../src/extension/event-actions/samples.ts');
    const heard: Record<string, (typed?: string) => void> = {};
    const on = (name: string) => (listener: () => void) => {
      heard[name] = listener;
      return { dispose: () => undefined };
    };
    const pick = {
      ...{ items: [] as { label: string }[], activeItems: [], show: () => undefined, dispose: () => undefined },
      ...{ onDidChangeValue: on('type'), onDidAccept: on('accept') },
      ...{ onDidTriggerButton: on('button'), onDidHide: on('hide') },
    };
    vscode.window['createQuickPick'] = () => pick;
    const context = { workspaceState: { get: () => undefined } };
    const asked = createSampleCommands({ session: { client: {} }, context } as never).sendSample();
    await until(() => heard['hide'] !== undefined);
    const offered = (typed: string): readonly string[] => {
      heard['type']?.(typed);
      return pick.items.map(({ label }) => label.replace(/^\$\([\w-]+\) /, ''));
    };
    const single = ['1 × Subscribe', '1 × Update', '1 × Deactivate'];
    assert.deepEqual(offered('1'), single);
    assert.deepEqual(offered('2'), [
      ...['2 Mixed Events', '2 Events in One Delivery'],
      ...single.map((label) => label.replace('1', '2')),
    ]);
    heard['hide']?.();
    await asked;
  });
});
