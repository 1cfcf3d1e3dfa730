/**
 * Where VS Code in a browser sends an address of its own machine (`asExternalUri`, `openExternal`): code-server takes a
 * proxy for it, `VSCODE_PROXY_URI`. The browser is on the same machine here, so that it is sent on to the port itself.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface PortRedirect {
  /** For `VSCODE_PROXY_URI`: a URL in which `{{port}}` stands for the port. */
  readonly template: string;
  close(): Promise<void>;
}

/** The address behind a path such as `/8788/oauth?state=1`; undefined where the path names no port. */
export function addressBehind(path: string): string | undefined {
  const [, port = '', rest = ''] = /^\/([1-9]\d{0,4})(?=[/?]|$)(.*)$/s.exec(path) ?? [];
  if (port === '' || Number(port) > 65_535) return undefined;
  return `http://127.0.0.1:${port}${rest.startsWith('/') ? rest : `/${rest}`}`;
}

/** Starts the server that sends browsers on, on any free port of loopback. */
export async function startPortRedirect(): Promise<PortRedirect> {
  const server = createServer((request, response) => {
    const address = addressBehind(request.url ?? '');
    // Codes and states may be in it: it is kept nowhere and told nobody.
    const headers = { 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' };
    if (address === undefined) response.writeHead(404, headers).end();
    else response.writeHead(307, { ...headers, location: address }).end();
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    template: `http://127.0.0.1:${(server.address() as AddressInfo).port}/{{port}}/`,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}
