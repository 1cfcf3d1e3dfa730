import assert from 'node:assert/strict';
import type * as Handlers from '../../../src/extension/debug/debug-my-handler.ts';
import { useVscodeStandIn } from '../vscode-stand-in.ts';

describe('The handler to debug', () => {
  const vscode = useVscodeStandIn();
  const node = {
    kind: 'destination',
    index: 0,
    setting: { url: 'HTTP://localhost:80 ' },
    status: { destinationId: 't1' },
  };

  /** Both commands ask how the handler is started, and nothing is chosen. @returns whose choice was looked up */
  async function lookedUp(run: (module: typeof Handlers, parts: never) => Promise<unknown>): Promise<string[]> {
    const module = await import('../../../src/extension/debug/debug-my-handler.ts');
    const ids: string[] = [];
    Object.assign(vscode.workspace, { isTrusted: true, getConfiguration: () => ({ inspect: () => undefined }) });
    Object.assign(vscode.window, { showQuickPick: () => Promise.resolve(undefined) });
    const status = { settings: { destinations: [{ url: 'http://localhost/' }] } };
    const parts = {
      destinations: { nodes: () => Promise.resolve([node]) },
      remembered: { all: { get: (id: string) => void ids.push(id) } },
      session: { client: {}, refresh: () => Promise.resolve(), status },
    };
    await run(module, parts as never);
    return ids;
  }

  it('is that of the destination with the same URL, whatever its spelling', async () => {
    const { signal } = new AbortController();
    const url = new URL('http://localhost/');
    assert.deepEqual(await lookedUp(({ handlerDebugged }, parts) => handlerDebugged(parts, url, signal)), ['t1']);
  });

  it('is one that the relay uses, also where the settings spell its URL in another way', async () => {
    const ids = await lookedUp(({ createHandlerCommands }, parts) =>
      Promise.resolve(createHandlerCommands(parts).chooseHandlerConfiguration(node as never)),
    );
    assert.deepEqual(ids, ['t1']);
  });
});
