/** Which public URLs the user agreed to: who sees what passes through is said before one is first opened. */
import type * as vscode from 'vscode';
import type { TunnelConfig } from '../../protocol/settings.ts';
import { setting, trimText } from '../configuration.ts';
import { prefix } from '../prefix.ts';
import type { ReadSetting } from '../settings.ts';

/** Which tunnels the user agreed to: by kind and host. */
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
    return this.#toAgree({
      kind: setting('tunnel.kind'),
      url: trimText(setting('tunnel.url')),
      host: trimText(setting('tunnel.host')),
      ...ofPrograms(setting('tunnel.programs')),
    });
  }

  /** Whether a tunnel may be opened: these very settings, whatever they are by now. */
  allow(tunnel: TunnelConfig): boolean {
    return this.#toAgree(tunnel) === null;
  }

  /** A tunnel with the hosts that the user allows its server to name, or the keys that the user has confirmed. */
  withHosts(tunnel: TunnelConfig): TunnelConfig {
    const hosts = new Map(Object.entries(this.#hosts)).get(nameOf(tunnel) ?? '');
    if (hosts === undefined) return tunnel;
    if (tunnel.kind === 'localtunnel') return { ...tunnel, otherHosts: [...hosts] };
    return tunnel.kind === 'command' ? { ...tunnel, hostKeys: [...hosts] } : tunnel;
  }

  /**
   * Keeps that the user allows the server of a tunnel to name a host, or has confirmed a key of an SSH server, which
   * replaces the one before: somebody else may have that by now.
   */
  async recordHost(tunnel: TunnelConfig, host: string): Promise<void> {
    const name = nameOf(tunnel) ?? '';
    const before = tunnel.kind === 'command' ? [] : (new Map(Object.entries(this.#hosts)).get(name) ?? []);
    await this.#state.update(hostsKey, { ...this.#hosts, [name]: [...new Set([...before, host])] });
  }

  get #hosts(): Readonly<Record<string, readonly string[]>> {
    return this.#state.get(hostsKey, {});
  }

  #toAgree(tunnel: NamedTunnel): string | null {
    const name = nameOf(tunnel);
    return name === null || this.#state.get<readonly string[]>(agreedKey, []).includes(name) ? null : name;
  }

  /** Keeps that the user agrees to a tunnel. @param name what {@link toAgree} gave when that was asked */
  async record(name: string): Promise<void> {
    const agreed = this.#state.get<readonly string[]>(agreedKey, []);
    await this.#state.update(agreedKey, [...new Set([...agreed, name])]);
  }
}

/** A tunnel as far as it matters who learns the secret path by it; checked or not. */
interface NamedTunnel {
  readonly kind: string;
  readonly url?: string;
  readonly host?: string;
  readonly preset?: string | undefined;
  readonly server?: string | undefined;
  readonly name?: string | undefined;
  readonly program?: { readonly program?: unknown; readonly args?: unknown } | undefined;
}

/** Of the programs in the settings, what decides it. */
function ofPrograms(said: ReadSetting<'tunnel.programs'>): Omit<NamedTunnel, 'kind'> {
  const { sshServer, sshHostname, command }: Partial<typeof said> = { ...said };
  return { server: trimText(sshServer), name: trimText(sshHostname), program: command };
}

/** A name for a tunnel; null where there is none, and nobody learns the secret path. */
function nameOf({ kind, preset, url = '', host = '', server = '', name = '', program }: NamedTunnel): string | null {
  if (kind === 'none') return null;
  if (kind === 'fixed') return `${kind} ${originOf(url)}`;
  if (kind === 'localtunnel') return `${kind} ${host}`;
  if ((preset ?? kind) === 'ssh') return `ssh ${server} ${name}`;
  return preset ?? (kind === 'command' ? `${kind} ${JSON.stringify([program?.program, program?.args])}` : kind);
}

/** What a setting names, as it stands there where it is no URL: what is wrong with it is said elsewhere. */
export function originOf(text: string): string {
  return URL.canParse(text) ? new URL(text).origin : text;
}
