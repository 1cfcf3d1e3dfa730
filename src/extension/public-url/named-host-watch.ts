import type * as vscode from 'vscode';
import type { TunnelCode } from '../../protocol/tunnel-words.ts';
import type { Session } from '../session/session.ts';

/**
 * Asks about the host that a tunnel's server names and that is not known to be its own, each time that the tunnel is
 * not opened for that.
 */
export function watchNamedHosts(
  { subscriptions }: Pick<vscode.ExtensionContext, 'subscriptions'>,
  session: Session,
): void {
  let asked: string | undefined;
  const look = (): void => {
    const { status } = session;
    const refused = status?.tunnel.said.find(({ code }) => code === ('names-other-host' satisfies TunnelCode));
    const [server, host] = refused?.values ?? [];
    const isRefused = status?.tunnel.state === 'failed' && typeof server === 'string' && typeof host === 'string';
    const about = isRefused ? `${server} ${host}` : undefined;
    if (about === asked) return;
    asked = about;
    if (!isRefused) return;
    const { tunnel } = status.settings;
    void import('./tunnel-questions.ts').then(({ askAboutHost }) => askAboutHost(session, tunnel, server, host));
  };
  subscriptions.push(session.onDidChange(look));
  look();
}
