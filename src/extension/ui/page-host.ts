/** The host's end of our pages in webviews: their frame, and what both say to each other. */
import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';

export interface PageParts<Heard> {
  /** As in `src/pages/`: each has a script in dist/ and a style sheet in media/, of its name. */
  readonly name: 'form' | 'editor' | 'table' | 'check';
  /** What a screen reader calls the page. */
  readonly title: string;
  readonly extensionUri: vscode.Uri;
  readonly log: vscode.LogOutputChannel;
  /** Reads what the page says; undefined where it is nothing that the page can say. */
  read(raw: unknown): Promise<Heard | undefined> | Heard | undefined;
  /**
   * Answers a message. They are answered one after another: what asks something of the user is not waited for, and what
   * the answer rejects with is logged.
   */
  answer(message: Heard): unknown;
  /** The page has gone: it was hidden or closed. One that is seen again is made anew, and says that it is ready. */
  gone?(): void;
}

/** Draws a page where VS Code shows it, until that is closed. The page only draws: what it shows is the host's. */
export class PageHost<Heard extends { readonly type: string }, Said> {
  readonly #place: vscode.WebviewPanel | vscode.WebviewView;
  readonly #parts: PageParts<Heard>;
  #isReady = false;
  #isClosed = false;
  #last: Promise<unknown> = Promise.resolve();

  constructor(place: vscode.WebviewPanel | vscode.WebviewView, parts: PageParts<Heard>) {
    this.#place = place;
    this.#parts = parts;
    const { webview } = place;
    const seen = (): void => {
      if (!place.visible) this.#gone();
    };
    webview.onDidReceiveMessage((raw) => this.inTurn(() => (this.#isClosed ? undefined : this.#receive(raw))));
    if ('onDidChangeVisibility' in place) place.onDidChangeVisibility(seen);
    else place.onDidChangeViewState(seen);
    place.onDidDispose(() => {
      this.#isClosed = true;
      this.#gone();
    });
    webview.options = {
      enableScripts: true,
      localResourceRoots: ['dist', 'media'].map((folder) => vscode.Uri.joinPath(parts.extensionUri, folder)),
    };
    webview.html = pageHtml(webview, parts);
  }

  /** The page is there and listens. */
  get isReady(): boolean {
    return this.#isReady;
  }

  get isVisible(): boolean {
    return !this.#isClosed && this.#place.visible;
  }

  /** Tells the page, where it is there. */
  post(message: Said): void {
    if (this.#isReady) void this.#place.webview.postMessage(message);
  }

  /** Does something when what the page has said before is answered. */
  inTurn(step: () => unknown): void {
    this.#last = this.#last.then(step).catch((error: unknown) => {
      this.#parts.log.error(`the page of the ${this.#parts.name}: ${(error as Error).message}`);
    });
  }

  async #receive(raw: unknown): Promise<void> {
    const { name, log } = this.#parts;
    const message = await this.#parts.read(raw);
    // Of one that was closed meanwhile nothing is left.
    if (this.#isClosed) return;
    if (message === undefined) {
      log.warn(`the page of the ${name} said something that is not understood; it was passed over`);
      return;
    }
    if (message.type === 'ready') this.#isReady = true;
    await this.#parts.answer(message);
  }

  #gone(): void {
    this.#isReady = false;
    this.#parts.gone?.();
  }
}

/** The frame of a page; everything else is drawn by its script, which alone may run. */
function pageHtml(
  webview: vscode.Webview,
  { name, title, extensionUri }: Pick<PageParts<unknown>, 'name' | 'title' | 'extensionUri'>,
): string {
  const nonce = randomBytes(16).toString('hex');
  const uri = (...path: string[]): string =>
    webview.asWebviewUri(vscode.Uri.joinPath(extensionUri, ...path)).toString();
  const policy = `default-src 'none'; style-src ${webview.cspSource}; script-src 'nonce-${nonce}'`;
  return `<!DOCTYPE html>
<html lang="${vscode.env.language}">
  <head>
    <meta charset="utf-8">
    <meta http-equiv="Content-Security-Policy" content="${policy}">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${title}</title>
    <link rel="stylesheet" href="${uri('media', 'base.css')}">
    <link rel="stylesheet" href="${uri('media', `${name}.css`)}">
  </head>
  <body>
    <main></main>
    <script nonce="${nonce}" src="${uri('dist', `${name}.js`)}"></script>
  </body>
</html>`;
}
