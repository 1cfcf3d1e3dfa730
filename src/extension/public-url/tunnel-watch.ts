import type * as vscode from 'vscode';
import type { Session } from '../session/session.ts';

/** Follows the tunnel from its first opening on: see tunnel-notices.ts. */
export function watchTunnel({ subscriptions }: Pick<vscode.ExtensionContext, 'subscriptions'>, session: Session): void {
  const watch = session.onDidChange(() => {
    if ((session.status?.tunnel.state ?? 'closed') === 'closed') return;
    watch.dispose();
    void import('./tunnel-notices.ts').then(({ followTunnel }) => subscriptions.push(followTunnel(session)));
  });
  subscriptions.push(watch);
}
