import assert from 'node:assert/strict';
import type { DestinationNode } from '../../../src/extension/destinations/destination-settings.ts';
import type { DestinationSetting } from '../../../src/extension/settings.ts';
import { useVscodeStandIn } from '../vscode-stand-in.ts';

const url = 'http://127.0.0.1:3000/callback';

/** A picker in which the user takes the first item with such a label. */
function pickOf(label: RegExp): object {
  let accept = (): void => undefined;
  const pick = {
    items: [] as readonly { label: string }[],
    activeItems: [] as unknown[],
    onDidAccept: (listener: () => undefined) => {
      accept = listener;
      return { dispose: () => undefined };
    },
    onDidChangeValue: () => ({ dispose: () => undefined }),
    onDidHide: () => ({ dispose: () => undefined }),
    onDidTriggerButton: () => ({ dispose: () => undefined }),
    dispose: () => undefined,
    show: () => {
      pick.activeItems = pick.items.filter((each) => label.test(each.label));
      accept();
    },
  };
  return pick;
}

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

  for (const before of [undefined, 'refused'] as const) {
    it(`keep no consent where the settings could not be written, as it was before: ${before}`, async () => {
      const { createDestinationCommands } = await import('../../../src/extension/destinations/edit-destination.ts');
      const { CredentialConsents } = await import('../../../src/extension/consents/credential-consent.ts');
      const state = new Map<string, unknown>();
      const globalState = {
        get: (key: string, other: unknown) => state.get(key) ?? other,
        update: (key: string, value: unknown) => Promise.resolve(state.set(key, value)),
      };
      const secrets = { names: () => ['prod'], onDidChange: () => undefined };
      const consents = new CredentialConsents({ globalState, subscriptions: [] } as never, secrets as never);
      const [use] = consents.stored({ url, credentialsName: 'prod', insecureTls: false });
      assert.ok(use !== undefined);
      if (before !== undefined) await consents.record([use], before);
      vscode.window = { createQuickPick: () => pickOf(/prod/) };
      vscode.workspace = {
        isTrusted: true,
        getConfiguration: () => ({
          inspect: () => ({ globalValue: [{ url }] }),
          update: () => {
            assert.equal(consents.of(use), 'allowed', 'the relay is not to ask about it again');
            return Promise.reject(new Error('unwritable'));
          },
        }),
      };
      const commands = createDestinationCommands({ view: { focused: () => [] }, consents, secrets } as never);
      const of: DestinationNode = { kind: 'destination', index: 0, setting: { url }, status: undefined };
      const field = { kind: 'field', of, field: 'credentialsName', label: '', value: '' } as const;
      await assert.rejects(Promise.resolve(commands.editDestination(field as never)), /unwritable/);
      assert.equal(consents.of(use), before);
      assert.equal(consents.all().length, before === undefined ? 0 : 1);
    });
  }

  it('say that one has changed meanwhile, and remove nothing', async () => {
    await assert.rejects(remove({ url }, [{ url, mode: 'raw' }]), /changed or removed/);
  });
});
