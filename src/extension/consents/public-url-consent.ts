/**
 * Which public URLs the user has allowed, and which are open: a relay's opens again at a start if it was open at the
 * end.
 */
import type * as vscode from 'vscode';
import type { TunnelConfig } from '../../protocol/settings.ts';
import { prefix } from '../prefix.ts';

/** Names of the allowed tunnels: the user was told once who can read their traffic. */
const agreedKey = `${prefix}.agreedTunnels`;
/** The names of the open tunnels, by the relay's data directory. */
const openKey = `${prefix}.openTunnels`;
/** The additional hosts that a tunnel's server may name, by the tunnel's name. */
const hostsKey = `${prefix}.agreedTunnelHosts`;

export class TunnelConsents {
  readonly #state: vscode.Memento;
  readonly #dataDir: string;

  /** @param state the global state: workspaces can't change it, and the windows of a folder share it */
  constructor(state: vscode.Memento, dataDir: string) {
    this.#state = state;
    this.#dataDir = dataDir;
  }

  isAgreed(tunnel: TunnelConfig): boolean {
    return this.#agreed.includes(nameOf(tunnel));
  }

  /** The user allows a tunnel and opens it, also for later starts until it is closed. */
  async open(tunnel: TunnelConfig): Promise<void> {
    const name = nameOf(tunnel);
    await this.#state.update(agreedKey, [...new Set([...this.#agreed, name])]);
    await this.#setOpen(name);
  }

  /** Also for later starts. */
  close(): Promise<void> {
    return this.#setOpen(undefined);
  }

  /** The tunnel for the relay: none unless the user opened this very one; otherwise, the URL is closed. */
  async take(tunnel: TunnelConfig): Promise<TunnelConfig> {
    const open = this.#open[this.#dataDir];
    if (open === nameOf(tunnel)) return this.#withHosts(tunnel);
    if (open !== undefined) await this.close();
    return { kind: 'none' };
  }

  #withHosts(tunnel: TunnelConfig): TunnelConfig {
    const hosts = this.#hosts[nameOf(tunnel)];
    return tunnel.kind === 'localtunnel' && hosts !== undefined ? { ...tunnel, otherHosts: [...hosts] } : tunnel;
  }

  async recordHost(tunnel: TunnelConfig, host: string): Promise<void> {
    const name = nameOf(tunnel);
    await this.#state.update(hostsKey, { ...this.#hosts, [name]: [...new Set([...(this.#hosts[name] ?? []), host])] });
  }

  get #agreed(): readonly string[] {
    return this.#state.get(agreedKey, []);
  }

  get #open(): Readonly<Record<string, string | undefined>> {
    return this.#state.get(openKey, {});
  }

  get #hosts(): Readonly<Record<string, readonly string[] | undefined>> {
    return this.#state.get(hostsKey, {});
  }

  async #setOpen(name: string | undefined): Promise<void> {
    await this.#state.update(openKey, { ...this.#open, [this.#dataDir]: name });
  }
}

/** A tunnel's name, which includes all that decides who can read the secret path. */
function nameOf(tunnel: TunnelConfig): string {
  const { kind } = tunnel;
  if (kind === 'fixed') return `${kind} ${new URL(tunnel.url).origin}`;
  if (kind === 'localtunnel') return `${kind} ${tunnel.host}`;
  if (kind === 'none') return kind;
  const { preset, server = '', name = '', program } = tunnel;
  if (preset === 'ssh') return `${preset} ${server} ${name}`;
  return preset ?? `${kind} ${JSON.stringify([program?.program, program?.args])}`;
}
