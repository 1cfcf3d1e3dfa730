import type * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import type { TunnelConfig } from '../../protocol/settings.ts';
import { isOfWorkspace } from '../configuration.ts';
import { isConfirmed } from '../confirm.ts';
import { offer, byCommand } from '../ui/offer.ts';
import { inMessage } from '../ui/printable.ts';
import { sayUnusable } from '../session/session-messages.ts';
import type { Session } from '../session/session.ts';
import { readSettings, SettingsError } from '../session/settings.ts';
import type { Status } from '../../protocol/status.ts';
import { sentences } from '../../common/words.ts';
import { namesOtherHost, opening, tryingAgain } from '../../protocol/tunnel-words.ts';

/** Asks for consent unless the user has allowed this tunnel. May resolve before the URL is open: see urls.ts. */
export async function openTunnel(session: Session): Promise<void> {
  let tunnel = await readTunnel();
  if (tunnel?.kind === 'none') {
    const { chooseTunnel } = await import('./choose-tunnel.ts');
    tunnel = (await chooseTunnel()) ? await readTunnel() : undefined;
  }
  if (tunnel === undefined) return;
  if (!session.tunnels.isAgreed(tunnel)) {
    if (!(await isConfirmed(say('Open a public URL?'), tunnelQuestion(tunnel), say('Open Public URL')))) return;
  }
  await session.openTunnel(tunnel);
}

async function readTunnel(): Promise<TunnelConfig | undefined> {
  try {
    return (await readSettings()).tunnel;
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    const [problem] = error.problems;
    if (problem !== undefined) await sayUnusable(problem);
    return undefined;
  }
}

export async function askAboutHost(
  session: Session,
  tunnel: TunnelConfig,
  server: string,
  host: string,
): Promise<void> {
  const text = say(
    'The tunnel server {0} uses another host, {1}. If you allow this host, it learns the relay’s secret path and can send events to the relay and read every delivery sent through the tunnel.',
    inMessage(server),
    inMessage(host),
  );
  await offer('Warning', text, {
    [say('Allow')]: () => session.allowHost(tunnel, host),
    [say('Don’t Allow')]: () => session.closeTunnel(),
  });
}

function tunnelQuestion(tunnel: TunnelConfig): string {
  if (tunnel.kind === 'fixed') {
    const where = inMessage(new URL(tunnel.url).origin);
    return isOfWorkspace('tunnel.url')
      ? say(
          'The settings of this workspace use {0} as the public URL of this relay. To verify the URL, the relay calls it with the relay’s secret path. The server at that URL can then send events to the relay and read every delivery sent to the URL.',
          where,
        )
      : say(
          'Your settings use {0} as the public URL of this relay. To verify the URL, the relay calls it with the relay’s secret path. The server at that URL can then send events to the relay and read every delivery sent to the URL.',
          where,
        );
  }
  return say(
    'Campaign Monitor can reach this relay only through a public URL. The tunnel provider ({0}) can read deliveries, including names and addresses of subscribers.',
    inMessage(providerOf(tunnel)),
  );
}

function providerOf(tunnel: TunnelConfig): string {
  if (tunnel.kind === 'localtunnel') return new URL(tunnel.host).host;
  if (tunnel.kind !== 'command') return tunnel.kind;
  const { preset, server, program } = tunnel;
  return (preset === 'ssh' ? server : preset) ?? program?.program ?? tunnel.kind;
}

const otherHost = namesOtherHost('', '').text;
const freshly = opening('').text;
const retrying = tryingAgain(opening(''), '').text;

export async function sayReopening(session: Session): Promise<void> {
  if ((session.status?.tunnel.state ?? 'closed') === 'closed') return;
  await offer('Information', say('Reopening the public URL, which was open when the relay stopped.'), {
    [say('Close')]: () => session.closeTunnel(),
  });
}

/** Reports the first failed attempt and the final failure, each once. */
export function followTunnel(session: Session): vscode.Disposable {
  let told: string | undefined;
  const look = (): void => {
    const { status } = session;
    const { state = 'closed', reason, said = [] } = status?.tunnel ?? {};
    const text = said[0]?.text;
    // A URL that was open is reopened first; the view and the status bar show this.
    const isRetrying = text === retrying && state !== 'verifying' && !(state === 'degraded' && told === 'open');
    const before = told;
    if (state === 'failed') told = reason;
    else if (isRetrying) told = retrying;
    else if (state === 'open') told = state;
    else if (state === 'closed' || text === freshly) told = undefined;
    if (told !== before && status !== undefined && (state === 'failed' || isRetrying))
      void tellOfFailure(session, status);
  };
  look();
  return session.onDidChange(look);
}

async function tellOfFailure(session: Session, { tunnel, settings }: Status): Promise<void> {
  const isFinal = tunnel.state === 'failed';
  const refused = tunnel.said.find(({ text }) => text === otherHost);
  const [server, host] = refused?.values ?? [];
  if (isFinal && typeof server === 'string' && typeof host === 'string')
    return askAboutHost(session, settings.tunnel, server, host);
  // Otherwise the next start would open it again.
  if (isFinal) await session.tunnels.close();
  // Omit the time until the next attempt: it would have passed before the message is read.
  const said = tunnel.said.map((words) => {
    const [why] = words.values;
    return words.text === retrying && typeof why === 'object' ? why : words;
  });
  await offer('Warning', say('No public URL: {0}', sentences(said)), {
    [say('Choose Tunnel…')]: byCommand('chooseTunnel'),
    [isFinal ? say('Try Again') : say('Keep Trying')]: () => openTunnel(session),
  });
}
