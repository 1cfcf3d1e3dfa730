import assert from 'node:assert/strict';
import { startReceiver } from '../../relay/receiver.ts';
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
    const client = { request: () => ({ counts: { events: 1, tests: 0, rejected: 0 } }) };
    const asked = createSampleCommands({ session: { client }, context } as never).sendSample();
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

  it('is no question before anything was received, nor for a button that says what it sends', async () => {
    const { createSampleCommands } = await import('../../../src/extension/event-actions/samples.ts');
    const receiver = await startReceiver();
    let shownTables = 0;
    vscode.window['setStatusBarMessage'] = () => undefined;
    vscode.commands['executeCommand'] = (command: string) => {
      if (command === 'campaignMonitorRelay.table.focus') shownTables += 1;
    };
    for (const [events, choice] of [
      [0, undefined],
      [3, 'one-of-each'],
    ] as const) {
      const before = receiver.requests.length;
      const status = { counts: { events, tests: 0, rejected: 0 }, campaignMonitorUrl: receiver.url };
      const client = { request: () => status };
      await createSampleCommands({ session: { client } } as never).sendSample(choice as never);
      const sent = receiver.requests.slice(before).map(({ text }) => /"Type":"(\w+)"/.exec(text)?.[1]);
      assert.deepEqual(sent, ['Subscribe', 'Update', 'Deactivate']);
    }
    assert.equal(shownTables, 2);
  });
});
