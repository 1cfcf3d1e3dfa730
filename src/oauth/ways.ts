import { isLoopbackCallback } from './loopback.ts';

export type Way =
  | 'loopback'
  /** The system hands the URL to VS Code. */
  | 'uri-handler'
  /** A person copies it. */
  | 'paste';

export interface EditorEnvironment {
  /** The scheme of URLs that the system hands to this VS Code, such as `vscode`. */
  readonly uriScheme: string;
  readonly extensionId: string;
  /** The browser may run on another machine than this code: what is loopback there is not here. */
  readonly remote: boolean;
  /** VS Code itself is in a browser: the system hands it no URLs. */
  readonly web: boolean;
  /** The URL at which VS Code in a browser takes URLs for an extension, if known. */
  readonly externalUri: string | null;
}

export interface Plan {
  /** Never empty, the likeliest first. All of them are open at once. */
  readonly ways: readonly Way[];
  readonly redirectUri: string;
}

const callbackPath = '/oauth/callback';

export const defaultCallbackPort = 8788;

export function editorCallback({ uriScheme, extensionId }: EditorEnvironment): string {
  return `${uriScheme}://${extensionId}${callbackPath}`;
}

export function loopbackCallback(port: number): string {
  return `http://localhost:${port}${callbackPath}`;
}

/**
 * In a remote window a person is asked to paste first, since this machine's loopback may not be the browser's.
 * @param environment null outside of VS Code
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
