import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { DestinationsView } from '../../../src/extension/destinations/destinations-view.ts';
import { destinationSchema, settingsSchema } from '../../../src/protocol/settings.ts';
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

  it('knows the destination of the relay by its URL, whatever blanks are around it in the settings', async () => {
    const url = 'http://127.0.0.1:3000/callback';
    const status = { destinations: [{ url, configured: true }] };
    const view = await viewOf([{ url: ` ${url} ` }], status);
    const nodes = await view.nodes();
    assert.deepEqual(nodes[0]?.status, status.destinations[0]);
  });

  it('shows an entry that it does not understand as wrong, at its place among the others', async () => {
    const url = 'http://127.0.0.1:3000/callback';
    const values = [{ types: 'Subscribe' }, { types: null }, { types: [5] }, { lists: 'a1' }, { lists: [null] }];
    const names = [{ id: 5 }, { signatureKeyName: {} }, { credentialsName: 5 }];
    const wrong = [5, null, 'text', [], {}, { url: 5 }, ...[...values, ...names].map((each) => ({ url, ...each }))];
    const view = await viewOf([{ url }, ...wrong, { url, mode: 'raw' }]);
    const nodes = await view.getChildren();
    const kinds = nodes.map(({ kind }) => kind);
    assert.deepEqual(kinds, ['destination', ...wrong.map(() => 'wrong'), 'destination']);
    assert.deepEqual(
      (await view.nodes()).map(({ index }) => index),
      [0, wrong.length + 1],
    );
    const { label, command } = view.getTreeItem(nodes[1]!);
    assert.deepEqual([label, command?.title], ['Destination 2', 'Open Setting']);
  });

  it('shows an entry as wrong exactly if the relay refuses it, with the field’s name', async () => {
    const url = 'http://127.0.0.1:3000/callback';
    const fields = [...Object.keys(destinationSchema.shape), 'unknown'];
    const likely = [
      ...[{ authorization: 'x' }, { 'a b': 'x' }, { a: 5 }, { a: 'x' }, ['a']],
      ...[
        'json',
        'raw',
        '',
        ' ',
        't1',
        0,
        1,
        -1,
        1.5,
        600_001,
        null,
        false,
        'ftp://a',
        'http://u:p@a',
        'x'.repeat(301),
      ],
    ];
    const value = fc.oneof(fc.constantFrom(...likely), fc.jsonValue());
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...fields), value, async (field, wrong) => {
        const entry = { url, [field]: wrong };
        const view = await viewOf([{ url }, entry]);
        const [, node] = await view.getChildren();
        const isRefused = !settingsSchema.safeParse({ destinations: [entry] }).success;
        assert.equal(node?.kind, isRefused ? 'wrong' : 'destination');
        assert.equal((await view.nodes()).length, isRefused ? 1 : 2);
        if (isRefused) assert.ok(String(view.getTreeItem(node).description).startsWith(`isn’t valid: ${field}`));
      }),
      { numRuns: 500 },
    );
  });

  it('names the place within a wrong field, every wrong field, and what is missing', async () => {
    const url = 'http://127.0.0.1:3000/callback';
    const wrong = {
      url,
      headers: { 'x-a': 'b', authorization: 'c' },
      mode: 'json',
      lists: ['a', 5],
      times: 1,
      'a\n': 2,
    };
    const view = await viewOf([wrong, {}, 5]);
    const items = (await view.getChildren()).map((node) => view.getTreeItem(node));
    assert.deepEqual(
      items.map(({ description }) => description),
      ['isn’t valid: lists.1, mode, headers.authorization, times, a\\x0a', 'isn’t valid: url', 'isn’t valid'],
    );
    const text = 'This destination isn’t valid. Select this row to open the setting.';
    assert.deepEqual([items[1]?.tooltip, items[2]?.tooltip], [`${text}\nurl`, text]);
  });
});
