/** The frame of our pages in webviews: each has a script in dist/ and a style sheet in media/, of its name. */
import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';

export interface Page {
  /** As in `src/pages/`. */
  readonly name: 'form' | 'editor' | 'table' | 'check';
  /** What a screen reader calls the page. */
  readonly title: string;
}

/** The options of a webview that shows one of our pages. */
export function pageOptions(extensionUri: vscode.Uri): vscode.WebviewOptions {
  return {
    enableScripts: true,
    localResourceRoots: [vscode.Uri.joinPath(extensionUri, 'dist'), vscode.Uri.joinPath(extensionUri, 'media')],
  };
}

/** The frame of a page; everything else is drawn by its script, which alone may run. */
export function pageHtml(webview: vscode.Webview, extensionUri: vscode.Uri, { name, title }: Page): string {
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
    <link rel="stylesheet" href="${uri('media', `${name}.css`)}">
  </head>
  <body>
    <main></main>
    <script nonce="${nonce}" src="${uri('dist', `${name}.js`)}"></script>
  </body>
</html>`;
}
