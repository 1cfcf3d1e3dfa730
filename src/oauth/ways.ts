/** By which ways the code can come back, as the callback that is registered with the app allows. */
import { isLoopbackCallback } from './loopback.ts';

/** How the code comes from the browser to whoever waits for it. */
export type Way =
  /** The browser is sent to a page that this machine serves. */
  | 'loopback'
  /** The system hands the URL to VS Code. */
  | 'uri-handler'
  /** A person copies it. */
  | 'paste';

/** Where VS Code runs. */
export interface EditorEnvironment {
  /** The scheme of URLs that the system hands to this VS Code, such as `vscode`. */
  readonly uriScheme: string;
  readonly extensionId: string;
  /** The browser may run on another machine than this code: what is loopback there is not here. */
  readonly remote: boolean;
  /** VS Code itself is in a browser: the system hands it no URLs. */
  readonly web: boolean;
  /** Where VS Code in a browser takes a URL for an extension, where it tells. */
  readonly externalUri: string | null;
}

export interface Plan {
  /** Never empty, the likeliest first. All of them are open at once. */
  readonly ways: readonly Way[];
  /** Where the browser is sent back to: the registered callback, or one that begins with it. */
  readonly redirectUri: string;
}

/** The path of the callbacks that this extension proposes. */
const callbackPath = '/oauth/callback';

/** The port of the page on this machine, where nobody says another. */
export const defaultCallbackPort = 8788;

/** The callback for VS Code's own URLs, to be registered with the app. */
export function editorCallback({ uriScheme, extensionId }: EditorEnvironment): string {
  return `${uriScheme}://${extensionId}${callbackPath}`;
}

/** The callback for the loopback page, to be registered with the app. */
export function loopbackCallback(port: number): string {
  return `http://localhost:${port}${callbackPath}`;
}

/**
 * Which ways there are for a registered callback. In a remote window a person is asked to paste first, since the page
 * of this machine's loopback may not be the browser's.
 * @param environment null outside of VS Code, where the system hands over no URLs
 */
export function planWays(registered: string, environment: EditorEnvironment | null): Plan {
  const url = new URL(registered);
  if (environment === null)
    return { ways: isLoopbackCallback(url) ? ['loopback', 'paste'] : ['paste'], redirectUri: registered };
  const { remote, web, externalUri } = environment;
  if (isLoopbackCallback(url))
    return { ways: remote ? ['paste', 'loopback'] : ['loopback', 'paste'], redirectUri: registered };
  const editor = new URL(editorCallback(environment));
  if (url.protocol === editor.protocol && url.host === editor.host)
    return { ways: web ? ['paste', 'uri-handler'] : ['uri-handler', 'paste'], redirectUri: registered };
  // The vendor asks only that the redirect begins with what is registered [2nd].
  if (externalUri !== null && externalUri.startsWith(registered))
    return { ways: ['uri-handler', 'paste'], redirectUri: externalUri };
  return { ways: ['paste'], redirectUri: registered };
}
