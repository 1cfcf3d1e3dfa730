import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { readPasted } from '../../src/oauth/answer.ts';
import { asPasted, UriCallbacks } from '../../src/extension/oauth/uri-handler.ts';

const begin = 'vscode://cm-relay.campaign-monitor-relay';

describe("VS Code's own URLs", () => {
  let callbacks: UriCallbacks;
  let came: URLSearchParams[];

  beforeEach(() => {
    [callbacks, came] = [new UriCallbacks(), []];
  });

  function listen(path: string): ReturnType<UriCallbacks['listen']> {
    return callbacks.listen(path, (query) => {
      came.push(query);
      return 'received';
    });
  }

  function come(url: string): URLSearchParams | undefined {
    callbacks.handleUri(vscode.Uri.parse(url));
    return came.at(-1);
  }

  it('bring code and state as they were sent, whatever is escaped in them', () => {
    listen('/oauth/callback');
    for (const code of ['xoz8AFqScK2ngM04kSSM', 'a+b/c==', '100%', 'a%2Bb'])
      assert.equal(
        come(`${begin}/oauth/callback?code=${encodeURIComponent(code)}&state=s-t_u`)?.toString(),
        new URLSearchParams({ code, state: 's-t_u' }).toString(),
      );
  });

  it('reach whoever waits for their path, while it waits', async () => {
    const waiting = listen('/oauth/callback');
    assert.equal(come(`${begin}/oauth/callback/more?code=c`), undefined);
    assert.equal(come(`${begin}/another?code=c`), undefined);
    assert.notEqual(come(`${begin}/oauth/callback?code=c`), undefined);
    await waiting.close();
    come(`${begin}/oauth/callback?code=late`);
    assert.equal(came.length, 1);
  });

  it('say the same where they are copied and pasted into the window that waits', () => {
    for (const code of ['xoz8AFqScK2ngM04kSSM', 'a+b/c==', '100%', 'a%2Bb']) {
      const uri = vscode.Uri.parse(`${begin}/oauth/callback?code=${encodeURIComponent(code)}&state=s-t_u`);
      assert.deepEqual(readPasted(asPasted(uri)), { kind: 'code', code, state: 's-t_u' });
    }
  });
});
