/** URLs that the system hands to this extension: `vscode://cm-relay.campaign-monitor-relay/oauth/callback?…`. */
import * as vscode from 'vscode';
import { offer } from '../ui/offer.ts';
import type { Listening } from '../../oauth/authorize.ts';
import type { PageKind } from '../../oauth/loopback.ts';

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
      answered(new URLSearchParams(queryOf(uri)));
      return;
    }
    void offerUrl(uri);
  }
}

/** VS Code has decoded the query already: what is left of `+` and `%` stands for itself. */
function queryOf({ query }: vscode.Uri): string {
  return query.replaceAll('%', '%25').replaceAll('+', '%2B');
}

/** A URL that came, as a text that the box for pasting reads as this window would have. */
export function asPasted(uri: vscode.Uri): string {
  return `${uri.scheme}://${uri.authority}${uri.path}?${queryOf(uri)}`;
}

/** Of the URL itself nothing is shown or logged: a code may be in it. */
function offerUrl(uri: vscode.Uri): Promise<void> {
  const text = vscode.l10n.t(
    'The browser returned a URL, but this window isn’t waiting for a URL. If another window is waiting, paste the URL there.',
  );
  return offer('Warning', text, {
    [vscode.l10n.t('Copy URL')]: () => vscode.env.clipboard.writeText(asPasted(uri)),
  });
}
