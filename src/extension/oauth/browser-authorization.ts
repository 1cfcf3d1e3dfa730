import * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import { commandId, type CommandHandlers } from '../commands.ts';
import { setting } from '../configuration.ts';
import { prefix } from '../prefix.ts';
import { offer } from '../ui/offer.ts';
import { unlinked } from '../ui/printable.ts';
import type {
  Authorization,
  AuthorizationParts,
  AuthorizationRequest,
  WaitingOptions,
  WaitingView,
  StrayAnswer,
} from '../../oauth/authorize.ts';
import type { CallbackPortError, PageTexts } from '../../oauth/loopback.ts';
import type { UriCallbacks } from './uri-handler.ts';
import type { EditorEnvironment } from '../../oauth/ways.ts';

export class BrowserAuthorization {
  readonly #context: vscode.ExtensionContext;
  readonly #log: vscode.LogOutputChannel;
  readonly #uris: UriCallbacks;
  /** One at a time, because two would need the same port. */
  #current: { readonly stop: AbortController; readonly ended: Promise<unknown> } | undefined;
  #showBox: (() => void) | undefined;

  constructor(context: vscode.ExtensionContext, log: vscode.LogOutputChannel, uris: UriCallbacks) {
    this.#context = context;
    this.#log = log;
    this.#uris = uris;
    context.subscriptions.push({ dispose: () => this.#current?.stop.abort() });
  }

  async loopbackCallback(): Promise<string> {
    const { loopbackCallback } = await import('../deferred.ts');
    return loopbackCallback(setting('oauth.port'));
  }

  /** Cancels a pending one. Doesn't report the result. @throws what `buildUrl` throws, AuthorizationUrlError */
  async authorize(request: AuthorizationRequest): Promise<Authorization> {
    const before = this.#current;
    before?.stop.abort();
    const stop = new AbortController();
    const run = async (): Promise<Authorization> => {
      await before?.ended;
      const { authorize } = await import('../deferred.ts');
      const signal = AbortSignal.any([stop.signal, ...(request.signal === undefined ? [] : [request.signal])]);
      const result = await authorize(await this.#parts(), { ...request, signal });
      this.#log.info(`authorization: ${result.kind}${result.kind === 'denied' ? ` (${result.error})` : ''}`);
      return result;
    };
    const running = run();
    const current = { stop, ended: running.catch(() => undefined) };
    this.#current = current;
    try {
      return await running;
    } finally {
      if (this.#current === current) this.#current = undefined;
    }
  }

  explain(result: Exclude<Authorization, { kind: 'code' }>): { readonly message: string; readonly next: string } {
    switch (result.kind) {
      case 'timed-out':
        return {
          message: say('The browser didn’t respond within five minutes.'),
          next: say(
            'Try again, and grant access in the browser. If the browser shows an error page, paste the page’s URL.',
          ),
        };
      case 'canceled':
        return { message: say('Request for access canceled.'), next: say('Nothing was changed.') };
      case 'denied': {
        if (result.error === 'access_denied')
          return {
            message: say('You didn’t grant access in the browser.'),
            next: say('Try again, and grant access.'),
          };
        return {
          message:
            result.description === null
              ? say('Campaign Monitor refused the request: {0}.', result.error)
              : say('Campaign Monitor refused the request: {0} ({1}).', result.error, result.description),
          next: deniedNext(result.error),
        };
      }
    }
  }

  say(result: Exclude<Authorization, { kind: 'code' }>, again: () => unknown): void {
    const { message, next } = this.explain(result);
    const text = `${message} ${next}`;
    void offer(result.kind === 'canceled' ? 'Information' : 'Error', text, { [say('Try Again')]: again });
  }

  paste(): void {
    if (this.#showBox !== undefined) this.#showBox();
    else void offer('Information', say('No authorization is in progress.'), {});
  }

  async #environment(): Promise<EditorEnvironment> {
    const { uriScheme, remoteName, uiKind } = vscode.env;
    const web = uiKind === vscode.UIKind.Web;
    const extensionId = this.#context.extension.id;
    const own = vscode.Uri.parse(`${uriScheme}://${extensionId}/oauth/callback`);
    return {
      uriScheme,
      extensionId,
      remote: remoteName !== undefined,
      web,
      externalUri: web ? (await vscode.env.asExternalUri(own)).toString(true) : null,
    };
  }

  async #parts(): Promise<AuthorizationParts> {
    const { listenOnLoopback, planWays } = await import('../deferred.ts');
    const environment = await this.#environment();
    return {
      plan: (registered) => Promise.resolve(planWays(registered, environment)),
      listen: (way, redirectUri, answered) =>
        way === 'loopback'
          ? listenOnLoopback({ url: new URL(redirectUri), answered, texts: pageTexts() })
          : Promise.resolve(this.#uris.listen(uriPath(redirectUri), answered)),
      // A string is passed unchanged; a Uri would decode what is escaped in the query.
      openBrowser: (url) => vscode.env.openExternal(url as unknown as vscode.Uri),
      showWaiting: (options) => this.#showWaiting(options),
      askAboutPort,
    };
  }

  #showWaiting(options: WaitingOptions): WaitingView {
    const { window } = vscode;
    let report: (message: string) => void = () => undefined;
    let close = (): void => undefined;
    const closed = new Promise<void>((resolve) => (close = resolve));
    void window.withProgress(
      { location: vscode.ProgressLocation.Notification, title: unlinked(options.title), cancellable: true },
      (progress, token) => {
        token.onCancellationRequested(options.cancel);
        report = (message) => progress.report({ message });
        report(say('Getting the authorization URL…'));
        return closed;
      },
    );
    let told = false;
    let box: { dispose(): void } | undefined;
    const showBox = (): void => {
      box?.dispose();
      box = showPasteBox(options);
    };
    this.#showBox = showBox;
    void vscode.commands.executeCommand('setContext', `${prefix}.authorizing`, true);
    return {
      opened: (url, sent) => {
        report(
          say(
            'Grant access in the browser. Browser didn’t return? [Paste its URL](command:{0})',
            commandId('pasteAuthorization'),
          ),
        );
        if (options.ways[0] === 'paste') showBox();
        if (!sent) void offerLink(url);
      },
      stray: (why, again) => {
        // Report it once: any page may send the browser here any number of times.
        if (told) return;
        told = true;
        void offer('Warning', say('The browser returned an unexpected answer. {0}.', strayText(why)), {
          [say('Try Again')]: again,
        }).finally(() => (told = false));
      },
      close: () => {
        box?.dispose();
        close();
        if (this.#showBox !== showBox) return;
        this.#showBox = undefined;
        void vscode.commands.executeCommand('setContext', `${prefix}.authorizing`, false);
      },
    };
  }
}

function uriPath(redirectUri: string): string {
  const url = new URL(redirectUri);
  return url.searchParams.get('vscode-path') ?? url.pathname;
}

function offerLink(url: string): Promise<void> {
  const text = say('The browser didn’t open. Copy the link and open it in a browser.');
  return offer('Warning', text, { [say('Copy Link')]: () => vscode.env.clipboard.writeText(url) });
}

async function askAboutPort(error: CallbackPortError): Promise<'again' | 'paste' | 'cancel'> {
  const again = say('Try Again');
  const paste = say('Paste the URL Instead');
  const choice = await vscode.window.showWarningMessage(
    say('Port {0} of this machine is in use, so the browser can’t return to this window.', error.port),
    {
      modal: true,
      detail: say(
        'Your own application or another window may be using the port. Close that application or window, and then try again. Or choose “Paste the URL Instead”, and paste the URL of the page that the browser shows after you grant access. If your application uses the code first, you need a new code.',
      ),
    },
    again,
    paste,
  );
  return choice === again ? 'again' : choice === paste ? 'paste' : 'cancel';
}

function deniedNext(error: string): string {
  switch (error) {
    case 'invalid_redirect_uri':
      return say(
        'The callback URL must start with the URL registered for the app in Campaign Monitor. Compare the two URLs.',
      );
    case 'unknown_client':
      return say('Check the client ID against the app’s registration in Campaign Monitor, and then try again.');
    case 'server_error':
      return say('Try again later.');
    default:
      return say('Check the app’s registration in Campaign Monitor, and then try again.');
  }
}

function pageTexts(): PageTexts {
  return {
    language: vscode.env.language,
    received: {
      title: say('Access granted'),
      text: say('Close this page and continue in VS Code.'),
    },
    refused: {
      title: say('Access not granted'),
      text: say('Close this page. VS Code shows the reason, and you can try again there.'),
    },
    stray: {
      title: say('Unexpected answer'),
      text: say(
        'Close this page and return to VS Code. Select “Try Again” in the message, or cancel if you refused access.',
      ),
    },
  };
}

export function createAuthorizationCommands(browser: BrowserAuthorization): CommandHandlers<'authorization'> {
  return { pasteAuthorization: () => browser.paste() };
}

interface PasteBoxOptions {
  readonly title: string;
  readonly redirectUri: string;
  readonly paste: (text: string) => StrayAnswer | null;
}

function showPasteBox({ title, redirectUri, paste }: PasteBoxOptions): { dispose(): void } {
  const box = vscode.window.createInputBox();
  box.title = title;
  box.prompt = say(
    'After the browser returns to {0}, copy the whole URL from the address bar and paste it here, even if the page doesn’t load',
    redirectUri.replace(/\?.*/, ''),
  );
  box.placeholder = say('URL, or only the code');
  // The browser takes the focus, and the box must stay open.
  box.ignoreFocusOut = true;
  box.onDidChangeValue(() => (box.validationMessage = undefined));
  box.onDidAccept(() => {
    const why = paste(box.value);
    if (why === null) box.hide();
    else box.validationMessage = strayText(why);
  });
  box.onDidHide(() => box.dispose());
  box.show();
  return box;
}

function strayText(why: StrayAnswer): string {
  return {
    'wrong-state': say('The URL belongs to another request, most likely an older one'),
    'refusal-without-state': say('The refusal doesn’t say which request it belongs to'),
    'no-answer': say('No code or refusal was found'),
  }[why];
}
