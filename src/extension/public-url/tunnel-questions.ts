import * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import type { TunnelConfig } from '../../protocol/settings.ts';
import { isOfWorkspace } from '../configuration.ts';
import { offer } from '../ui/offer.ts';
import { inMessage } from '../ui/printable.ts';
import { sayUnusable } from '../session/session-messages.ts';
import type { Session } from '../session/session.ts';
import { readSettings, SettingsError } from '../session/settings.ts';

/**
 * Opens the public URL of a running relay: asks which tunnel if the settings have none, and asks for consent unless the
 * user has allowed that tunnel. May resolve before the URL is open: see urls.ts.
 */
export async function openTunnel(session: Session): Promise<void> {
  let tunnel = await readTunnel();
  if (tunnel?.kind === 'none') {
    const { chooseTunnel } = await import('./choose-tunnel.ts');
    tunnel = (await chooseTunnel()) ? await readTunnel() : undefined;
  }
  if (tunnel === undefined) return;
  if (!session.tunnels.isAgreed(tunnel)) {
    const open = say('Open Public URL');
    const options = { modal: true, detail: tunnelQuestion(tunnel) };
    if ((await vscode.window.showWarningMessage(say('Open a public URL?'), options, open)) !== open) return;
  }
  await session.openTunnel(tunnel);
}

/** The tunnel of the settings; undefined if they are invalid, which is reported. */
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

/** Who can read what passes through a tunnel. */
function providerOf(tunnel: TunnelConfig): string {
  if (tunnel.kind === 'localtunnel') return new URL(tunnel.host).host;
  if (tunnel.kind !== 'command') return tunnel.kind;
  const { preset, server, program } = tunnel;
  return (preset === 'ssh' ? server : preset) ?? program?.program ?? tunnel.kind;
}
