import assert from 'node:assert/strict';
import { get } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import { authorizationTimeoutMs, authorize, AuthorizationUrlError } from '../../src/oauth/authorize.ts';
import type {
  Authorization,
  AuthorizationParts,
  AuthorizationRequest,
  StrayAnswer,
  WaitingOptions,
} from '../../src/oauth/authorize.ts';
import { CallbackPortError, listenOnLoopback, type PageKind } from '../../src/oauth/loopback.ts';
import type { Way } from '../../src/oauth/ways.ts';
import { HeldTimers } from '../extension/ui/held-timers.ts';

const redirect = 'http://localhost:8788/oauth/callback';

/** A window in which nobody sits: what it is shown is written down, and a test answers for the person. */
class Window implements AuthorizationParts {
  readonly timers = new HeldTimers();
  ways: readonly Way[] = ['loopback', 'paste'];
  /** Every URL that the browser was sent to. */
  readonly sent: URL[] = [];
  readonly strays: StrayAnswer[] = [];
  readonly events: string[] = [];
  /** Errors that listening begins with. */
  readonly portErrors: CallbackPortError[] = [];
  portChoice: 'again' | 'paste' | 'cancel' = 'again';
  browserOpens = true;
  waiting: WaitingOptions | undefined;
  again: () => void = () => undefined;
  /** What the browser brings to whoever listens. */
  answer: ((query: URLSearchParams) => PageKind) | undefined;
  #opened: () => void = () => undefined;

  readonly plan = (registered: string): ReturnType<AuthorizationParts['plan']> =>
    Promise.resolve({ ways: this.ways, redirectUri: registered });

  listen: AuthorizationParts['listen'] = (way, redirectUri, answered) => {
    const error = this.portErrors.shift();
    if (error !== undefined) return Promise.reject(error);
    this.events.push(`listen ${way} ${redirectUri}`);
    this.answer = answered;
    return Promise.resolve({
      close: () => {
        this.events.push('closed');
        if (this.answer === answered) this.answer = undefined;
        return Promise.resolve();
      },
    });
  };

  readonly openBrowser = (url: string): Promise<boolean> => {
    this.sent.push(new URL(url));
    return Promise.resolve(this.browserOpens);
  };

  readonly showWaiting: AuthorizationParts['showWaiting'] = (options) => {
    this.waiting = options;
    return {
      opened: (_url, sent) => {
        this.events.push(sent ? 'opened' : 'not opened');
        this.#opened();
      },
      stray: (why, again) => {
        this.strays.push(why);
        this.again = again;
      },
      close: () => (this.waiting = undefined),
    };
  };

  readonly askAboutPort = (): Promise<'again' | 'paste' | 'cancel'> => {
    this.events.push(`port: ${this.portChoice}`);
    return Promise.resolve(this.portChoice);
  };

  readonly after = (ms: number, callback: () => void): (() => void) => this.timers.after(ms, callback);

  /** Resolves when the browser was sent somewhere the next time. */
  opened(): Promise<void> {
    return new Promise((resolve) => (this.#opened = resolve));
  }

  get state(): string {
    return this.sent.at(-1)?.searchParams.get('state') ?? '';
  }

  come(fields: Readonly<Record<string, string | undefined>>): PageKind | undefined {
    const given = Object.entries(fields).filter((field): field is [string, string] => field[1] !== undefined);
    return this.answer?.(new URLSearchParams(given));
  }
}

describe('asking for access', () => {
  let window: Window;
  beforeEach(() => (window = new Window()));

  const request: AuthorizationRequest = {
    title: 'Access',
    redirect,
    buildUrl: (state, redirectUri) => {
      const url = new URL('https://consent.example/oauth');
      url.search = new URLSearchParams({ state, redirect_uri: redirectUri }).toString();
      return Promise.resolve(url.href);
    },
  };

  /** Begins, and goes on when the browser is awaited. */
  async function begin(more: Partial<AuthorizationRequest> = {}): Promise<Promise<Authorization>[]> {
    const opened = window.opened();
    const result = authorize(window, { ...request, ...more });
    result.catch(() => undefined);
    await opened;
    return [result];
  }

  it('takes the code that comes back with the state', async () => {
    const [result] = await begin();
    assert.equal(window.sent[0]?.searchParams.get('redirect_uri'), redirect);
    assert.equal(window.come({ code: 'c1', state: window.state }), 'received');
    assert.deepEqual(await result, { kind: 'code', code: 'c1', redirectUri: redirect });
    assert.equal(window.waiting, undefined);
    assert.deepEqual(window.events, [`listen loopback ${redirect}`, 'opened', 'closed']);
  });

  it('goes on waiting for a wrong state, a refusal without one, and what is no answer', async () => {
    const [result] = await begin();
    for (const fields of [
      { code: 'forged', state: 'wrong' },
      { code: 'forged' },
      { error: 'access_denied' },
      { error: 'access_denied', state: 'wrong' },
      { state: window.state },
    ])
      assert.equal(window.come(fields), 'stray');
    assert.deepEqual(window.strays, [
      'wrong-state',
      'wrong-state',
      'refusal-without-state',
      'wrong-state',
      'no-answer',
    ]);
    window.come({ code: 'right', state: window.state });
    assert.deepEqual(await result, { kind: 'code', code: 'right', redirectUri: redirect });
  });

  it('begins anew with another state where the person asks for it after a stray answer', async () => {
    const [result] = await begin();
    const first = window.state;
    window.come({ code: 'forged', state: 'wrong' });
    const opened = window.opened();
    window.again();
    await opened;
    assert.notEqual(window.state, first);
    assert.equal(window.come({ code: 'late', state: first }), 'stray');
    window.come({ code: 'c2', state: window.state });
    assert.deepEqual(await result, { kind: 'code', code: 'c2', redirectUri: redirect });
  });

  it('takes what is pasted: with its state compared, or without one', async () => {
    let [result] = await begin();
    const { paste } = window.waiting!;
    assert.equal(paste('no answer at all'), 'no-answer');
    assert.equal(paste(`${redirect}?code=c&state=older`), 'wrong-state');
    assert.equal(paste(`${redirect}?code=c%2B1&state=${window.state}`), null);
    assert.deepEqual(await result, { kind: 'code', code: 'c+1', redirectUri: redirect });
    [result] = await begin();
    assert.equal(window.waiting!.paste('just-the-code'), null);
    assert.deepEqual(await result, { kind: 'code', code: 'just-the-code', redirectUri: redirect });
    [result] = await begin();
    assert.equal(window.waiting!.paste(`${redirect}?error=access_denied`), null);
    assert.deepEqual(await result, { kind: 'denied', error: 'access_denied', description: null });
  });

  it('ends after five minutes, not before', async () => {
    const [result] = await begin();
    window.timers.pass(authorizationTimeoutMs - 1);
    await setImmediate();
    assert.notEqual(window.waiting, undefined);
    window.timers.pass(1);
    assert.deepEqual(await result, { kind: 'timed-out' });
    assert.equal(window.events.at(-1), 'closed');
  });

  it('ends where the person cancels, or who asked does', async () => {
    let [result] = await begin();
    window.waiting?.cancel();
    assert.deepEqual(await result, { kind: 'canceled' });
    const abort = new AbortController();
    [result] = await begin({ signal: abort.signal });
    abort.abort();
    assert.deepEqual(await result, { kind: 'canceled' });
    assert.deepEqual(await authorize(window, { ...request, signal: AbortSignal.abort() }), { kind: 'canceled' });
    assert.equal(window.sent.length, 2);
  });

  it('sends the browser to web pages alone', async () => {
    for (const url of [
      'file:///etc/passwd',
      'vscode://x/y',
      'http://consent.example/',
      'javascript:alert(1)',
      'nothing',
    ])
      await assert.rejects(
        authorize(window, { ...request, buildUrl: () => Promise.resolve(url) }),
        AuthorizationUrlError,
      );
    assert.deepEqual(window.sent, []);
  });

  it('sends the browser to any name of this machine, as a sandbox may have', async () => {
    for (const host of ['localhost', '127.0.0.1', '127.0.0.2', '[::1]', 'cm.localhost', 'localhost.']) {
      const url = `http://${host}:4000/oauth`;
      const result = authorize(window, { ...request, buildUrl: () => Promise.resolve(url) });
      const sent = (async () => {
        while (window.sent.at(-1)?.href !== new URL(url).href) await setImmediate();
      })();
      await Promise.race([sent, result]);
      window.waiting?.cancel();
      assert.deepEqual(await result, { kind: 'canceled' }, url);
    }
  });

  describe('with a port that is taken', () => {
    beforeEach(() => window.portErrors.push(new CallbackPortError(8788, new Error('EADDRINUSE'))));

    it('tries again', async () => {
      const [result] = await begin();
      assert.deepEqual(window.events, ['port: again', `listen loopback ${redirect}`, 'opened']);
      window.waiting?.cancel();
      await result;
    });
  });

  it('shows the page of the loopback, through real sockets', async () => {
    const texts = {
      language: 'en',
      received: { title: 'Granted', text: 'Go back.' },
      refused: { title: 'Refused', text: 'Go back.' },
      stray: { title: 'Stray', text: 'Go back.' },
    };
    const port = 41_000 + (process.pid % 20_000);
    const url = `http://localhost:${port}/oauth/callback`;
    window.listen = (_way, redirectUri, answered) => listenOnLoopback({ url: new URL(redirectUri), answered, texts });
    const opened = window.opened();
    const result = authorize(window, { ...request, redirect: url });
    await opened;
    const visit = (query: string): Promise<string> =>
      new Promise((resolve, reject) => {
        get(`${url}?${query}`, (response) => {
          let text = '';
          response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
          response.on('end', () => resolve(text));
        }).once('error', reject);
      });
    assert.match(await visit('code=x&state=wrong'), /<h1>Stray/);
    assert.match(await visit(`code=c&state=${window.state}`), /<h1>Granted/);
    assert.deepEqual(await result, { kind: 'code', code: 'c', redirectUri: url });
    await assert.rejects(visit('code=c'), /ECONNREFUSED/);
  });
});
