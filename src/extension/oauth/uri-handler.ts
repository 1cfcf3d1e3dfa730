/** URLs that the system hands to this extension: `vscode://cm-relay.campaign-monitor-relay/oauth/callback?…`. */
import * as vscode from 'vscode';
import type { Listening } from './authorize.ts';
import type { PageKind } from './loopback.ts';

/** Takes the query of a URL that came. */
type Taker = (query: URLSearchParams) => PageKind;

/** VS Code takes one handler for the whole extension; whoever waits for a path is told of it here. */
export class UriCallbacks implements vscode.UriHandler {
  readonly #waiting = new Map<string, Taker>();

  /** Listens to a path until it is closed. */
  listen(path: string, answered: Taker): Listening {
    this.#waiting.set(path, answered);
    return {
      close: () => {
        if (this.#waiting.get(path) === answered) this.#waiting.delete(path);
        return Promise.resolve();
      },
    };
  }

  handleUri(uri: vscode.Uri): void {
    const answered = this.#waiting.get(uri.path);
    if (answered !== undefined) {
      // VS Code has decoded the query already: what is left of `+` and `%` stands for itself.
      answered(new URLSearchParams(uri.query.replaceAll('%', '%25').replaceAll('+', '%2B')));
      return;
    }
    void offerUrl(uri);
  }
}

/** Of the URL itself nothing is shown or logged: a code may be in it. */
async function offerUrl(uri: vscode.Uri): Promise<void> {
  const copy = vscode.l10n.t('Copy URL');
  const choice = await vscode.window.showWarningMessage(
    vscode.l10n.t(
      'A URL came back from the browser, and nothing in this window waits for it. Where another window waits, paste it there.',
    ),
    copy,
  );
  if (choice === copy) await vscode.env.clipboard.writeText(uri.toString());
}
