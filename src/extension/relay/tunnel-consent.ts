/** The relay's public URL, as the user agrees to it: who sees what passes through is said before it is first opened. */
import * as vscode from 'vscode';
import type { TunnelConfig } from '../../protocol/settings.ts';
import type { TunnelCode } from '../../protocol/tunnel-words.ts';
import { prefix } from '../commands.ts';
import { inMessage } from '../ui/printable.ts';
import type { Session } from './session.ts';
import { readSettings } from './settings.ts';
import { sayUnusable } from './session-messages.ts';

/** Which tunnels were offered, and which the user agreed to: by kind and host. */
const offeredKey = `${prefix}.offeredTunnels`;
const agreedKey = `${prefix}.agreedTunnels`;
/** Which hosts the server of a tunnel may name beside its own: by the tunnel's name. */
const hostsKey = `${prefix}.agreedTunnelHosts`;

/** Which tunnels the user agreed to. */
export class TunnelConsents {
  readonly #state: vscode.Memento;

  /** @param state the global state, which a workspace does not reach */
  constructor(state: vscode.Memento) {
    this.#state = state;
  }

  /**
   * The tunnel of the settings, where somebody else would learn the relay's secret path by it and the user has not
   * agreed to that yet; else null.
   */
  toAgree(): string | null {
    const config = vscode.workspace.getConfiguration(prefix);
    const text = (name: string): string => config.get<string>(name, '').trim();
    const tunnel = {
      kind: config.get<string>('tunnel.kind', 'none'),
      url: text('tunnel.url'),
      host: text('tunnel.host'),
    };
    return this.#toAgree(tunnel);
  }

  /** Whether a tunnel may be opened: these very settings, whatever they are by now. */
  allow(tunnel: TunnelConfig): boolean {
    return this.#toAgree(tunnel) === null;
  }

  /** A tunnel with the hosts that the user allows its server to name. */
  withHosts(tunnel: TunnelConfig): TunnelConfig {
    if (tunnel.kind !== 'localtunnel') return tunnel;
    const hosts = new Map(Object.entries(this.#hosts)).get(nameOf(tunnel) ?? '');
    return hosts === undefined ? tunnel : { ...tunnel, otherHosts: [...hosts] };
  }

  /** Keeps that the user allows the server of a tunnel to name a host. */
  async recordHost(tunnel: TunnelConfig, host: string): Promise<void> {
    const name = nameOf(tunnel) ?? '';
    const before = new Map(Object.entries(this.#hosts)).get(name) ?? [];
    await this.#state.update(hostsKey, { ...this.#hosts, [name]: [...new Set([...before, host])] });
  }

  get #hosts(): Readonly<Record<string, readonly string[]>> {
    return this.#state.get(hostsKey, {});
  }

  #toAgree(tunnel: NamedTunnel): string | null {
    const name = nameOf(tunnel);
    return name === null || this.#state.get<readonly string[]>(agreedKey, []).includes(name) ? null : name;
  }

  /** Keeps that the user agrees to a tunnel. @param name what {@link toAgree} gave when she was asked */
  async record(name: string): Promise<void> {
    const agreed = this.#state.get<readonly string[]>(agreedKey, []);
    await this.#state.update(agreedKey, [...new Set([...agreed, name])]);
  }
}

/**
 * Offered once for each tunnel, after a start, without standing in the way: commands, the events view and the status
 * bar's menu open it later.
 */
export async function offerTunnel(session: Session, state: vscode.Memento): Promise<void> {
  const tunnel = session.tunnels.toAgree();
  const offered = state.get<readonly string[]>(offeredKey, []);
  if (tunnel === null || offered.includes(tunnel)) return;
  await state.update(offeredKey, [...offered, tunnel]);
  const open = vscode.l10n.t('Open Public URL');
  const choice = await vscode.window.showInformationMessage(
    vscode.l10n.t('The relay listens on this machine. {0}', tunnelQuestion()),
    open,
    vscode.l10n.t('Only This Machine'),
  );
  if (choice !== open) return;
  await session.agree(tunnel);
  // The offer may have stood for hours, and the settings name another tunnel by now.
  if (session.tunnels.toAgree() !== null) await openTunnel(session);
}

/**
 * Opens the public URL of a running relay, after a question where the user has not agreed to this tunnel yet; says so
 * where the settings name none, or one that cannot be. It may take a while to answer: see urls.ts.
 */
export async function openTunnel(session: Session): Promise<void> {
  const { problems } = await readSettings();
  const wrong = problems.find(({ setting }) => setting.startsWith(`${prefix}.tunnel.`));
  if (wrong !== undefined) {
    await sayUnusable(wrong);
    return;
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
  const settings = vscode.l10n.t('Open Settings');
  const choice = await vscode.window.showInformationMessage(
    vscode.l10n.t('The settings name no tunnel, so there is no public URL to open.'),
    settings,
  );
  if (choice === settings) await vscode.commands.executeCommand('workbench.action.openSettings', `${prefix}.tunnel`);
}

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
    const refused = status?.tunnel.said?.find(({ code }) => code === ('names-other-host' satisfies TunnelCode));
    const [server, host] = refused?.values ?? [];
    const isRefused = status?.tunnel.state === 'failed' && typeof server === 'string' && typeof host === 'string';
    const about = isRefused ? `${server} ${host}` : undefined;
    if (about === asked) return;
    asked = about;
    if (isRefused) void askAboutHost(session, status.settings.tunnel, server, host);
  };
  subscriptions.push(session.onDidChange(look));
  look();
}

async function askAboutHost(session: Session, tunnel: TunnelConfig, server: string, host: string): Promise<void> {
  const allow = vscode.l10n.t('Allow');
  const choice = await vscode.window.showWarningMessage(
    vscode.l10n.t(
      'The tunnel server {0} names another host, {1}. Whoever answers there learns the relay’s secret path: they can send it events, and read every delivery that is registered there.',
      inMessage(server),
      inMessage(host),
    ),
    allow,
    vscode.l10n.t('Do Not Allow'),
  );
  if (choice === allow) await session.allowHost(tunnel, host);
}

function tunnelQuestion(): string {
  const { l10n } = vscode;
  const config = vscode.workspace.getConfiguration(prefix);
  const kind = config.get<string>('tunnel.kind', 'localtunnel');
  if (kind === 'fixed') {
    const where = inMessage(originOf(config.get<string>('tunnel.url', '')));
    return isOfWorkspace(config, 'tunnel.url')
      ? l10n.t(
          'The settings of this workspace name {0} as the public URL of this relay. To see whether it leads here, the relay asks there by its secret path, which whoever answers there then knows: they can send it events, and read every delivery that is registered there.',
          where,
        )
      : l10n.t(
          'Your own settings name {0} as the public URL of this relay. To see whether it leads here, the relay asks there by its secret path, which whoever answers there then knows: they can send it events, and read every delivery that is registered there.',
          where,
        );
  }
  return l10n.t(
    'With a public URL Campaign Monitor reaches this relay. Every delivery, with names and addresses of subscribers, then passes through the servers of the tunnel ({0}), which can read it.',
    kind === 'localtunnel' ? hostOf(config.get<string>('tunnel.host', 'https://localtunnel.me')) : kind,
  );
}

/** A tunnel as far as it matters who learns the secret path by it; checked or not. */
interface NamedTunnel {
  readonly kind: string;
  readonly url?: string;
  readonly host?: string;
}

/** A name for a tunnel; null where there is none, and nobody learns the secret path. */
function nameOf({ kind, url = '', host = '' }: NamedTunnel): string | null {
  if (kind === 'none') return null;
  if (kind === 'fixed') return `${kind} ${originOf(url)}`;
  return kind === 'localtunnel' ? `${kind} ${host}` : kind;
}

function isOfWorkspace(config: vscode.WorkspaceConfiguration, name: string): boolean {
  return vscode.workspace.isTrusted && config.inspect(name)?.workspaceValue !== undefined;
}

/** What a setting names, as it stands there where it is no URL: what is wrong with it is said elsewhere. */
function originOf(text: string): string {
  return URL.canParse(text) ? new URL(text).origin : text;
}

function hostOf(text: string): string {
  return inMessage(URL.canParse(text) ? new URL(text).host : text);
}
