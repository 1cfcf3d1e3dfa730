/** What is asked about the public URL: whether it is opened, and which hosts the server of its tunnel may name. */
import * as vscode from 'vscode';
import type { TunnelConfig } from '../../protocol/settings.ts';
import { isOfWorkspace, setting } from '../configuration.ts';
import { prefix } from '../prefix.ts';
import { offer } from '../ui/offer.ts';
import { inMessage } from '../ui/printable.ts';
import { openSettings, sayUnusable } from '../session/session-messages.ts';
import type { Session } from '../session/session.ts';
import { readSettings, SettingsError } from '../session/settings.ts';
import { originOf } from '../consents/public-url-consent.ts';

/** Which tunnels were offered: by kind and host. */
const offeredKey = `${prefix}.offeredTunnels`;

/**
 * Offered once for each tunnel, after a start, without standing in the way: commands, the events view and the status
 * bar's menu open it later.
 */
export async function offerTunnel(session: Session, state: vscode.Memento): Promise<void> {
  const tunnel = session.tunnels.toAgree();
  const offered = state.get<readonly string[]>(offeredKey, []);
  if (tunnel === null || offered.includes(tunnel)) return;
  await state.update(offeredKey, [...offered, tunnel]);
  await offer('Information', vscode.l10n.t('Relay running, reachable from this machine only. {0}', tunnelQuestion()), {
    // First, so that VS Code shows it as the default: nobody publishes anything by one key or click.
    [vscode.l10n.t('This Machine Only')]: () => undefined,
    [vscode.l10n.t('Open Public URL')]: async () => {
      await session.agree(tunnel);
      // The offer may have stood for hours, and the settings name another tunnel by now.
      if (session.tunnels.toAgree() !== null) await openTunnel(session);
    },
  });
}

/**
 * Opens the public URL of a running relay, after a question where the user has not agreed to this tunnel yet; says so
 * where the settings name none, or one that cannot be. It may take a while to answer: see urls.ts.
 */
export async function openTunnel(session: Session): Promise<void> {
  try {
    await readSettings();
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    const wrong = error.problems.find(({ setting: id }) => id.startsWith(`${prefix}.tunnel.`));
    if (wrong !== undefined) {
      await sayUnusable(wrong);
      return;
    }
  }
  const tunnel = session.tunnels.toAgree();
  if (tunnel !== null) {
    const open = vscode.l10n.t('Open Public URL');
    const choice = await vscode.window.showWarningMessage(
      vscode.l10n.t('Open a public URL?'),
      { modal: true, detail: tunnelQuestion() },
      open,
    );
    if (choice !== open) return;
    await session.agree(tunnel);
    return;
  }
  const status = await session.client?.request('tunnel/open', {});
  if (status?.state !== 'closed') return;
  await offer('Information', vscode.l10n.t('No tunnel is set, so you can’t open a public URL.'), {
    [vscode.l10n.t('Open Settings')]: () => openSettings(`${prefix}.tunnel`),
  });
}

/** What a tunnel was not opened for: a code of protocol/tunnel-words.ts, with its values. */
interface Refused {
  readonly code: string | undefined;
  readonly server: string;
  /** The host; or the key's fingerprint. */
  readonly host: string;
}

/** Asks whether the server of a tunnel may name a host, or has the right key, and keeps and uses a yes. */
export async function askAboutHost(
  session: Session,
  tunnel: TunnelConfig,
  { code, server, host }: Refused,
): Promise<void> {
  if (code !== 'names-other-host') return askAboutKey(session, tunnel, { code, server, host });
  const text = vscode.l10n.t(
    'The tunnel server {0} uses another host, {1}. If you allow this host, it learns the relay’s secret path and can send events to the relay and read every delivery sent through the tunnel.',
    inMessage(server),
    inMessage(host),
  );
  await offer('Warning', text, {
    [vscode.l10n.t('Allow')]: () => session.allowHost(tunnel, host),
    [vscode.l10n.t('Don’t Allow')]: () => undefined,
  });
}

async function askAboutKey(session: Session, tunnel: TunnelConfig, { code, server, host }: Refused): Promise<void> {
  const { l10n } = vscode;
  const text =
    code === 'key-changed'
      ? l10n.t(
          'The SSH server {0} has another key than the one you confirmed. Someone may be pretending to be this server. Confirm the new key only if the server’s owner publishes this fingerprint: {1}',
          inMessage(server),
          inMessage(host),
        )
      : l10n.t(
          'The relay connects to the SSH server {0} for the first time. Confirm its key only if the server’s owner publishes this fingerprint: {1}',
          inMessage(server),
          inMessage(host),
        );
  await offer('Warning', text, {
    [l10n.t('Confirm Key')]: () => session.allowHost(tunnel, host),
    [l10n.t('Don’t Confirm')]: () => undefined,
  });
}

/** Who opens the tunnel of the settings, as it stands in a sentence. */
function providerName(): string {
  const kind = setting('tunnel.kind');
  const { sshServer, command } = setting('tunnel.programs');
  if (kind === 'localtunnel') return hostOf(setting('tunnel.host'));
  if (kind === 'ssh' && sshServer !== '') return inMessage(sshServer);
  return kind === 'command' && command.program !== undefined ? inMessage(command.program) : kind;
}

function tunnelQuestion(): string {
  const { l10n } = vscode;
  const kind = setting('tunnel.kind');
  if (kind === 'fixed') {
    const where = inMessage(originOf(setting('tunnel.url')));
    return isOfWorkspace('tunnel.url')
      ? l10n.t(
          'The settings of this workspace use {0} as the public URL of this relay. To verify the URL, the relay calls it with the relay’s secret path. The server at that URL can then send events to the relay and read every delivery sent to the URL.',
          where,
        )
      : l10n.t(
          'Your settings use {0} as the public URL of this relay. To verify the URL, the relay calls it with the relay’s secret path. The server at that URL can then send events to the relay and read every delivery sent to the URL.',
          where,
        );
  }
  return l10n.t(
    'Campaign Monitor can reach this relay only through a public URL. The tunnel provider ({0}) can read deliveries, including names and addresses of subscribers.',
    providerName(),
  );
}

function hostOf(text: string): string {
  return inMessage(URL.canParse(text) ? new URL(text).host : text);
}
