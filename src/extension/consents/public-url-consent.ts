import type * as vscode from 'vscode';
import type { TunnelConfig } from '../../protocol/settings.ts';
import { prefix } from '../prefix.ts';

const agreedKey = `${prefix}.agreedTunnels`;
const openKey = `${prefix}.openTunnels`;
const hostsKey = `${prefix}.agreedTunnelHosts`;

export class TunnelConsents {
  readonly #state: vscode.Memento;
  readonly #dataDir: string;

  /** @param state the global state, which workspaces can't change, and which the windows of a folder share */
  constructor(state: vscode.Memento, dataDir: string) {
    this.#state = state;
    this.#dataDir = dataDir;
  }

  isAgreed(tunnel: TunnelConfig): boolean {
    return this.#agreed.includes(nameOf(tunnel));
  }

  async open(tunnel: TunnelConfig): Promise<void> {
    const name = nameOf(tunnel);
    await this.#state.update(agreedKey, [...new Set([...this.#agreed, name])]);
    await this.#setOpen(name);
  }

  close(): Promise<void> {
    return this.#setOpen(undefined);
  }

  /** Returns no tunnel unless the user opened exactly this one, and closes a different one. */
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

/** Includes everything that decides who can read the secret path. */
function nameOf(tunnel: TunnelConfig): string {
  const { kind } = tunnel;
  if (kind === 'fixed') return `${kind} ${new URL(tunnel.url).origin}`;
  if (kind === 'localtunnel') return `${kind} ${tunnel.host}`;
  if (kind === 'none') return kind;
  const { preset, server = '', name = '', program } = tunnel;
  if (preset === 'ssh') return `${preset} ${server} ${name}`;
  return preset ?? `${kind} ${JSON.stringify([program?.program, program?.args])}`;
}
