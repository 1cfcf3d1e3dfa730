/** The URLs under which the vendors reach this window's relay. What is missing for one is started or opened. */
import * as vscode from 'vscode';
import { GivenUpError, working } from './cancellable-progress.ts';
import { CommandError } from './command-error.ts';
import { commandId } from './commands.ts';
import type { RelayUrls } from './instances/placed-instance.ts';
import type { Session } from './session.ts';

/** Where the vendors reach a relay that is public, each by its own path. */
export interface PublicUrls {
  readonly campaignMonitor: string;
  readonly openConnectors: string;
}

/** Where Open Connectors may post to now. */
export function callbackUrls({ status }: Pick<Session, 'status'>): RelayUrls {
  return { local: status?.openConnectorsUrl ?? null, public: status?.publicOpenConnectorsUrl ?? null };
}

/**
 * The relay's public URLs; starts the relay and opens them where that is needed. The user agrees to the tunnel as always.
 * @returns undefined where the user did not agree, or gave up waiting, or the settings name no tunnel, which was said
 * @throws CommandError where no public URL can be had
 */
export async function openPublicUrls(session: Session): Promise<PublicUrls | undefined> {
  const now = publicUrls(session);
  if (now !== undefined) return now;
  await vscode.commands.executeCommand(commandId('openTunnel'));
  if (session.status === undefined || session.needsAgreement() || session.status.settings.tunnel.kind === 'none') {
    return undefined;
  }
  return orGivenUp(working(vscode.l10n.t('Opening the public URL'), (signal) => opened(session, signal)));
}

/**
 * The URL to which Open Connectors posts notifications for this relay; starts the relay and opens its public URL where
 * that is needed. The sandbox reaches the relay on this machine without one.
 * @returns undefined where there is none, which was said
 * @throws CommandError where no public URL can be had
 */
export async function openCallbackUrl(
  session: Session,
  { isSandbox }: { readonly isSandbox: boolean },
): Promise<string | undefined> {
  if (!isSandbox) return (await openPublicUrls(session))?.openConnectors;
  if (session.client === undefined) await start(session);
  const { local, public: publicUrl } = callbackUrls(session);
  return publicUrl ?? local ?? undefined;
}

/** Starts the relay without speaking of its public URL. */
async function start(session: Session): Promise<void> {
  try {
    await working(vscode.l10n.t('Starting the relay'), (signal) => session.start(signal));
  } catch (error) {
    // The command says what is wrong, with a way on.
    if (!(error instanceof GivenUpError)) await vscode.commands.executeCommand(commandId('start'));
  }
}

function publicUrls({ status }: Session): PublicUrls | undefined {
  const { publicCampaignMonitorUrl: campaignMonitor, publicOpenConnectorsUrl: openConnectors } = status ?? {};
  return typeof campaignMonitor === 'string' && typeof openConnectors === 'string'
    ? { campaignMonitor, openConnectors }
    : undefined;
}

/** Resolves once the URLs are there; to undefined where the relay ends or the tunnel is closed before, or at the signal. */
function opened(session: Session, signal: AbortSignal): Promise<PublicUrls | undefined> {
  return new Promise((resolve, reject) => {
    // What the window knows of the tunnel may be older than the order to open it.
    let begun = false;
    const settle = (urls: PublicUrls | undefined): void => {
      subscription.dispose();
      resolve(urls);
    };
    const look = (): void => {
      const urls = publicUrls(session);
      const tunnel = session.status?.tunnel;
      if (urls !== undefined || tunnel === undefined) settle(urls);
      else if (tunnel.state === 'closed' && begun) settle(undefined);
      else if (tunnel.state === 'failed') {
        subscription.dispose();
        reject(
          new CommandError(
            vscode.l10n.t('There is no public URL: {0}', tunnel.reason),
            vscode.l10n.t('Check the tunnel’s settings and try again.'),
            { title: vscode.l10n.t('Open Settings'), command: 'openSettings' },
          ),
        );
      } else begun ||= tunnel.state !== 'closed';
    };
    const subscription = session.onDidChange(look);
    signal.addEventListener('abort', () => settle(undefined), { once: true });
    look();
  });
}

async function orGivenUp<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof GivenUpError) return undefined;
    throw error;
  }
}
