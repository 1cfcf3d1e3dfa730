import assert from 'node:assert/strict';
import { useVscodeStandIn } from '../vscode-stand-in.ts';

describe('Check My Callback, run again from its page', () => {
  const vscode = useVscodeStandIn();
  let destinations: readonly unknown[];
  let checked: unknown[];

  beforeEach(() => {
    checked = [];
    const inspect = () => ({ globalValue: destinations });
    Object.assign(vscode.workspace, { isTrusted: true, getConfiguration: () => ({ inspect }) });
  });

  async function run(setting: object): Promise<void> {
    const { createCheckCommands } = await import('../../../src/extension/check/check-commands.ts');
    const panels = { isRunning: (each: unknown) => checked.push(each) > 0, reveal: () => undefined };
    const parts = { context: { workspaceState: {} }, panels };
    await createCheckCommands(parts as never).checkCallback({ kind: 'again', setting, only: null } as never);
  }

  it('takes the destination as the settings have it now', async () => {
    const before = { url: 'http://localhost:3000/', id: 'a' };
    const now = { ...before, signatureKeyName: 'k' };
    const other = { ...before, id: 'b' };
    destinations = [other, now];
    await run(before);
    assert.deepEqual(checked, [now]);
    destinations = [{ ...now, strictOrder: true }, now];
    await run(now);
    assert.deepEqual(checked, [now, now]);
  });

  it('sends nothing to one that was removed, or has a wrong field', async () => {
    const wrong = { url: 'http://localhost:3000/', id: 'a', headers: { authorization: 'x' } };
    destinations = [{ url: 'http://localhost:3000/', id: 'b' }, wrong];
    await assert.rejects(run({ url: 'http://localhost:3000/', id: 'a' }), {
      name: 'CommandError',
      message: 'This destination is no longer in the settings',
    });
    assert.deepEqual(checked, []);
  });

  it('says that the only destination is wrong, where that is so', async () => {
    const { createCheckCommands } = await import('../../../src/extension/check/check-commands.ts');
    destinations = [{ url: 'http://localhost:3000/', mode: 'json' }];
    const commands = createCheckCommands({ context: {}, destinations: { nodes: () => Promise.resolve([]) } } as never);
    await assert.rejects(Promise.resolve(commands.checkCallback()), { message: 'This destination isn’t valid' });
  });
});
