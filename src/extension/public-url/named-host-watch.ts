import type * as vscode from 'vscode';
import type { TunnelCode } from '../../protocol/tunnel-words.ts';
import type { Session } from '../session/session.ts';

const asked = ['names-other-host', 'key-unknown', 'key-changed'] as const satisfies readonly TunnelCode[];

/**
 * Asks about the host that a tunnel's server names and that is not known to be its own, or the key of an SSH server that
 * the user has not confirmed, each time that the tunnel is not opened for that.
 */
export function watchNamedHosts(
  { subscriptions }: Pick<vscode.ExtensionContext, 'subscriptions'>,
  session: Session,
): void {
  let about: string | undefined;
  const look = (): void => {
    const { status } = session;
    const refused = status?.tunnel.said.find(({ code }) => asked.includes(code as (typeof asked)[number]));
    const [server, host] = refused?.values ?? [];
    const isRefused = status?.tunnel.state === 'failed' && typeof server === 'string' && typeof host === 'string';
    const now = isRefused ? `${server} ${host}` : undefined;
    if (now === about) return;
    about = now;
    if (!isRefused) return;
    const { tunnel } = status.settings;
    const { code } = refused ?? {};
    void import('./tunnel-questions.ts').then(({ askAboutHost }) =>
      askAboutHost(session, tunnel, { code, server, host }),
    );
  };
  subscriptions.push(session.onDidChange(look));
  look();
}
