/** For `vscode://cm-relay.campaign-monitor-relay/oauth/callback?…`. */
import * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import { offer } from '../ui/offer.ts';
import type { Listening } from '../../oauth/authorize.ts';
import type { PageKind } from '../../oauth/loopback.ts';

type Taker = (query: URLSearchParams) => PageKind;

export class UriCallbacks implements vscode.UriHandler {
  readonly #waiting = new Map<string, Taker>();

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

/** VS Code has already decoded the query: remaining `+` and `%` are literal. */
function queryOf({ query }: vscode.Uri): string {
  return query.replaceAll('%', '%25').replaceAll('+', '%2B');
}

export function asPasted(uri: vscode.Uri): string {
  return `${uri.scheme}://${uri.authority}${uri.path}?${queryOf(uri)}`;
}

/** Don't show or log the URL, because it may contain a code. */
function offerUrl(uri: vscode.Uri): Promise<void> {
  const text = say(
    'The browser returned a URL, but this window isn’t waiting for a URL. If another window is waiting, paste the URL there.',
  );
  return offer('Warning', text, {
    [say('Copy URL')]: () => vscode.env.clipboard.writeText(asPasted(uri)),
  });
}
