import { say } from '../../common/say.ts';
import { byCommand } from '../ui/offer.ts';
import { unlessGivenUp, working } from '../ui/progress.ts';
import type { Session } from '../session/session.ts';

export interface VendorUrls {
  readonly campaignMonitor: string;
  readonly openConnectors: string;
}

/** The sandbox needs only local URLs. Undefined if the user declined or the tunnel failed, which is reported. */
export async function openVendorUrls(
  session: Session,
  { isSandbox }: { readonly isSandbox: boolean },
): Promise<VendorUrls | undefined> {
  const now = publicUrls(session);
  if (now !== undefined) return now;
  if (isSandbox) {
    if (session.client === undefined) await byCommand('start')();
    const { status } = session;
    if (status === undefined) return undefined;
    const { campaignMonitorUrl: campaignMonitor, openConnectorsUrl: openConnectors } = status;
    return publicUrls(session) ?? { campaignMonitor, openConnectors };
  }
  await byCommand('openTunnel')();
  // The status in this window may be older than the request to open the tunnel.
  await session.refresh();
  if ((session.status?.tunnel.state ?? 'closed') === 'closed') return undefined;
  return unlessGivenUp(working(say('Opening public URL'), (signal, say) => opened(session, signal, say)));
}

function publicUrls({ status }: Session): VendorUrls | undefined {
  const { publicCampaignMonitorUrl: campaignMonitor, publicOpenConnectorsUrl: openConnectors } = status ?? {};
  return typeof campaignMonitor === 'string' && typeof openConnectors === 'string'
    ? { campaignMonitor, openConnectors }
    : undefined;
}

/**
 * Resolves to undefined if the relay ends, the tunnel closes or fails, or the signal is aborted.
 * @param tell reports what the tunnel waits for: it retries an unreachable server forever
 */
function opened(
  session: Session,
  signal: AbortSignal,
  tell: (message: string) => void,
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
      else tell(tunnel.reason);
    };
    const subscription = session.onDidChange(look);
    signal.addEventListener('abort', () => settle(undefined), { once: true });
    look();
  });
}
