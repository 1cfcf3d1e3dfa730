import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';

/** The frame of the form's page; everything else is drawn by its script, which alone may run. */
export function pageHtml(webview: vscode.Webview, extensionUri: vscode.Uri): string {
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
    <title>${vscode.l10n.t('New Instance')}</title>
    <link rel="stylesheet" href="${uri('media', 'form.css')}">
  </head>
  <body>
    <main></main>
    <script nonce="${nonce}" src="${uri('dist', 'form.js')}"></script>
  </body>
</html>`;
}
