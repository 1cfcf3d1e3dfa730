/** The URLs under which the vendors reach this window's relay. What is missing for one is started or opened. */
import * as vscode from 'vscode';
import { byCommand } from '../ui/offer.ts';
import { unlessGivenUp, working } from '../ui/progress.ts';
import { commandId } from '../commands.ts';
import type { Session } from '../session/session.ts';

/** Where the vendors reach a relay, each by its own path. */
export interface VendorUrls {
  readonly campaignMonitor: string;
  readonly openConnectors: string;
}

/**
 * The relay's public URLs; starts the relay and opens them where that is needed. The user agrees to the tunnel as always.
 * @returns undefined where the user did not agree, or gave up waiting, or no public URL can be had, which was said
 */
export async function openPublicUrls(session: Session): Promise<VendorUrls | undefined> {
  const now = publicUrls(session);
  if (now !== undefined) return now;
  await vscode.commands.executeCommand(commandId('openTunnel'));
  // What the window knew of the tunnel may be older than the order to open it.
  await session.refresh();
  if ((session.status?.tunnel.state ?? 'closed') === 'closed') return undefined;
  return unlessGivenUp(working(vscode.l10n.t('Opening public URL'), (signal, say) => opened(session, signal, say)));
}

/**
 * The URLs under which a vendor reaches this relay; starts the relay and opens its public URL where that is needed. The
 * sandbox reaches the relay on this machine without one.
 * @returns undefined where there are none, which was said
 */
export async function openVendorUrls(
  session: Session,
  { isSandbox }: { readonly isSandbox: boolean },
): Promise<VendorUrls | undefined> {
  if (!isSandbox) return openPublicUrls(session);
  if (session.client === undefined) await byCommand('start')();
  const { status } = session;
  if (status === undefined) return undefined;
  const { campaignMonitorUrl: campaignMonitor, openConnectorsUrl: openConnectors } = status;
  return publicUrls(session) ?? { campaignMonitor, openConnectors };
}

function publicUrls({ status }: Session): VendorUrls | undefined {
  const { publicCampaignMonitorUrl: campaignMonitor, publicOpenConnectorsUrl: openConnectors } = status ?? {};
  return typeof campaignMonitor === 'string' && typeof openConnectors === 'string'
    ? { campaignMonitor, openConnectors }
    : undefined;
}

/**
 * Resolves once the URLs are there; to undefined where the relay ends or the tunnel is closed or fails, or at the signal.
 * @param say is told what the tunnel waits for: a server that is not reached is tried again without end
 */
function opened(
  session: Session,
  signal: AbortSignal,
  say: (message: string) => void,
): Promise<VendorUrls | undefined> {
  return new Promise((resolve) => {
    const settle = (urls: VendorUrls | undefined): void => {
      subscription.dispose();
      resolve(urls);
    };
    const look = (): void => {
      const urls = publicUrls(session);
      const tunnel = session.status?.tunnel;
      if (urls !== undefined || tunnel === undefined || ['closed', 'failed'].includes(tunnel.state)) settle(urls);
      else say(tunnel.reason);
    };
    const subscription = session.onDidChange(look);
    signal.addEventListener('abort', () => settle(undefined), { once: true });
    look();
  });
}
