import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';

export interface PageParts<Heard> {
  /** Also the name of the script in dist/ and the style sheet in media/. */
  readonly name: 'form' | 'editor' | 'table' | 'check';
  readonly title: string;
  readonly extensionUri: vscode.Uri;
  readonly log: vscode.LogOutputChannel;
  read(raw: unknown): Promise<Heard | undefined> | Heard | undefined;
  /** Messages are handled in order, so don't await a question to the user. Rejections are logged. */
  answer(message: Heard): unknown;
  /** The page was hidden or closed: when shown again, it is recreated and sends `ready`. */
  gone?(): void;
}

/** The page only draws; its state belongs to the host. */
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

  get isReady(): boolean {
    return this.#isReady;
  }

  get isVisible(): boolean {
    return !this.#isClosed && this.#place.visible;
  }

  post(message: Said): void {
    if (this.#isReady) void this.#place.webview.postMessage(message);
  }

  inTurn(step: () => unknown): void {
    this.#last = this.#last.then(step).catch((error: unknown) => {
      this.#parts.log.error(`the page of the ${this.#parts.name}: ${(error as Error).message}`);
    });
  }

  async #receive(raw: unknown): Promise<void> {
    const { name, log } = this.#parts;
    const message = await this.#parts.read(raw);
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

/** Only the page's own script may run. */
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
