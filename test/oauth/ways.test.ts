import assert from 'node:assert/strict';
import { loopbackCallback, planWays, type EditorEnvironment } from '../../src/oauth/ways.ts';

const desktop: EditorEnvironment = {
  uriScheme: 'vscode',
  extensionId: 'cm-relay.campaign-monitor-relay',
  remote: false,
  web: false,
  externalUri: null,
};

describe('the ways by which a code comes back', () => {
  it('are the loopback page first, where that is registered', () => {
    for (const registered of [loopbackCallback(8788), 'http://127.0.0.1:3000/cb', 'http://[::1]:3000/'])
      assert.deepEqual(planWays(registered, desktop), { ways: ['loopback', 'paste'], redirectUri: registered });
  });

  it("are pasting alone for somebody else's callback, and another editor's", () => {
    for (const registered of [
      'https://example.org/oauth/',
      'https://localhost:8788/oauth/callback',
      'http://192.168.1.5/cb',
      'vscode-insiders://cm-relay.campaign-monitor-relay/oauth/callback',
      'vscode://another.extension/oauth/callback',
    ])
      assert.deepEqual(planWays(registered, desktop), { ways: ['paste'], redirectUri: registered });
  });

  it('ask to paste first in a remote window, and listen all the same', () =>
    assert.deepEqual(planWays(loopbackCallback(1), { ...desktop, remote: true }).ways, ['paste', 'loopback']));

  it('use the address of VS Code in a browser where it begins with the registered one', () => {
    const externalUri = 'https://editor.example/callback?vscode-reqid=1&vscode-path=%2Foauth%2Fcallback';
    assert.deepEqual(planWays('https://editor.example/callback', { ...desktop, web: true, externalUri }), {
      ways: ['uri-handler', 'paste'],
      redirectUri: externalUri,
    });
  });
});
