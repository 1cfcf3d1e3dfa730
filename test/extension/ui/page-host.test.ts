import assert from 'node:assert/strict';
import { registerHooks } from 'node:module';
import type { PageHost as PageHostType, PageParts } from '../../../src/extension/ui/page-host.ts';
import { until } from '../../relay/until.ts';

/** What `vscode` has of what a page's host needs. */
const vscodeParts = `
export const env = { language: 'de' };
export const Uri = { joinPath: (base, ...path) => ({ toString: () => [base, ...path].join('/') }) };
`;

type Heard = { readonly type: 'ready' | 'ask' | 'fail' };

/** A view of VS Code's with a page in it. */
class View {
  visible = true;
  readonly posted: unknown[] = [];
  readonly #receivers: ((message: unknown) => void)[] = [];
  readonly #visibility: (() => void)[] = [];
  readonly #disposal: (() => void)[] = [];
  readonly webview = {
    cspSource: 'vscode-csp',
    options: {},
    html: '',
    asWebviewUri: (uri: unknown) => `webview:${String(uri)}`,
    onDidReceiveMessage: (listener: (message: unknown) => void) => this.#receivers.push(listener),
    postMessage: (message: unknown) => Promise.resolve(this.posted.push(message) > 0),
  };

  onDidChangeVisibility(listener: () => void): void {
    this.#visibility.push(listener);
  }

  onDidDispose(listener: () => void): void {
    this.#disposal.push(listener);
  }

  say(message: unknown): void {
    for (const each of this.#receivers) each(message);
  }

  show(visible: boolean): void {
    this.visible = visible;
    for (const each of this.#visibility) each();
  }

  close(): void {
    for (const each of this.#disposal) each();
  }
}

describe('The host’s end of a page', () => {
  let PageHost: typeof PageHostType;
  before(async () => {
    const hooks = registerHooks({
      resolve: (name, context, next) =>
        name === 'vscode'
          ? { url: `data:text/javascript,${encodeURIComponent(vscodeParts)}`, shortCircuit: true }
          : next(name, context),
    });
    ({ PageHost } = await import('../../../src/extension/ui/page-host.ts'));
    hooks.deregister();
  });

  function stage(answer: (message: Heard) => unknown = () => undefined) {
    const view = new View();
    const heard: string[] = [];
    const logged: string[] = [];
    const gone = { count: 0 };
    const parts = {
      ...{ name: 'table', title: 'Webhook Events', extensionUri: 'ext' },
      log: { warn: (text: string) => logged.push(text), error: (text: string) => logged.push(text) },
      read: (raw: unknown) => (['ready', 'ask', 'fail'].includes((raw as Heard).type) ? (raw as Heard) : undefined),
      answer: (message: Heard) => {
        heard.push(message.type);
        return answer(message);
      },
      gone: () => (gone.count += 1),
    } as unknown as PageParts<Heard>;
    const host = new PageHost<Heard, { readonly type: string }>(view as never, parts);
    return { view, host, heard, logged, gone };
  }

  it('is a frame in which its own script alone may run', () => {
    const { html } = stage().view.webview;
    const [, nonce] = /script-src 'nonce-(\w{32})'/.exec(html) ?? [];
    assert.ok(nonce !== undefined && html.includes(`<script nonce="${nonce}" src="webview:ext/dist/table.js">`), html);
    assert.match(html, /default-src 'none'; style-src vscode-csp/);
    assert.match(html, /<html lang="de">[^]*<title>Webhook Events<\/title>/);
    assert.notEqual(stage().view.webview.html, html);
  });

  it('tells a page that has said that it is there, and none that has gone', async () => {
    const { view, host, heard, gone } = stage();
    host.post({ type: 'early' });
    view.say({ type: 'ready' });
    await until(() => host.isReady);
    host.post({ type: 'news' });
    view.show(false);
    assert.deepEqual([host.isReady, host.isVisible, gone.count], [false, false, 1]);
    host.post({ type: 'late' });
    assert.deepEqual(view.posted, [{ type: 'news' }]);
    view.close();
    view.say({ type: 'ready' });
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual([heard.length, gone.count], [1, 2]);
  });

  it('answers one after another, passes over what is not understood, and goes on after a failure', async () => {
    let letGo: (() => void) | undefined;
    const { view, heard, logged } = stage(({ type }) => {
      if (type === 'ready') return new Promise<void>((resolve) => (letGo = resolve));
      if (type === 'fail') throw new Error('it broke');
      return undefined;
    });
    for (const type of ['ready', 'other', 'fail', 'ask']) view.say({ type });
    await until(() => letGo !== undefined);
    assert.deepEqual(heard, ['ready']);
    letGo?.();
    await until(() => heard.length === 3);
    assert.deepEqual(heard, ['ready', 'fail', 'ask']);
    assert.match(logged[0] ?? '', /not understood/);
    assert.match(logged[1] ?? '', /the page of the table: it broke/);
  });
});
