/** The view of instances in the side bar: what the platform has, as it was read last. */
import * as vscode from 'vscode';
import type { Instance } from '../../../open-connectors/answers.ts';
import type { OpenConnectorsApi } from '../../../open-connectors/api.ts';
import { prefix } from '../../commands.ts';
import { withNext } from '../../ui/error-words.ts';
import type { SandboxProcess } from '../../sandbox/sandbox-process.ts';
import { callbackUrls } from '../../relay/urls.ts';
import type { SecretBox } from '../../relay/secrets.ts';
import type { Session } from '../../relay/session.ts';
import { GivenUpError, working } from '../../ui/progress.ts';
import { placedInstance } from './placed-instance.ts';
import type { PlacedInstance } from './placed-instance.ts';
import { failureItem, factItem, goneItem, instanceItem, instanceTooltip } from './instance-items.ts';
import type { FactNode, GoneNode, InstanceNode, InstancesNode } from './instance-node.ts';
import { factRows } from './instance-words.ts';
import type { ListNaming } from '../../ui/phrases.ts';
import type { ListNames } from '../../campaign-monitor/list-names.ts';
import type { InstanceStore, StoredInstance } from './instance-store.ts';
import type { Platform } from '../platform.ts';
import { forgetInstance } from './verify-keys.ts';

type Loaded =
  /** Nobody has looked yet. */
  | { readonly kind: 'unasked' }
  | { readonly kind: 'noSecrets' }
  /** The host is the sandbox, and it does not run. */
  | { readonly kind: 'noSandbox' }
  | ({ readonly kind: 'loaded' } & Found)
  /** What was read before stays in sight. */
  | ({ readonly kind: 'failed'; readonly message: string } & Found);

interface Found {
  readonly instances: readonly Instance[];
  /** What is kept here and the platform does not know any more. */
  readonly gone: readonly StoredInstance[];
}

export interface InstancesViewParts {
  readonly session: Session;
  readonly log: vscode.LogOutputChannel;
  readonly platform: Platform;
  readonly store: InstanceStore;
  readonly secrets: SecretBox;
  readonly sandbox: Pick<SandboxProcess, 'onDidChange'>;
  readonly names: ListNames;
}

export class InstancesView implements vscode.Disposable, vscode.TreeDataProvider<InstancesNode> {
  readonly #parts: InstancesViewParts;
  readonly #view: vscode.TreeView<InstancesNode>;
  readonly #changed = new vscode.EventEmitter<undefined>();
  readonly #disposables: readonly { dispose(): unknown }[];
  #loaded: Loaded = { kind: 'unasked' };
  /** Ends what is being read. */
  #loading: AbortController | undefined;
  #urls = '';
  readonly #names: ListNaming;

  readonly onDidChangeTreeData = this.#changed.event;

  constructor(parts: InstancesViewParts) {
    this.#parts = parts;
    this.#names = { nameOfList: parts.names.nameOf };
    this.#view = vscode.window.createTreeView(`${prefix}.instances`, { treeDataProvider: this });
    this.#disposables = [
      this.#view,
      this.#changed,
      this.#view.onDidChangeVisibility(({ visible }) => {
        if (visible && this.#loaded.kind === 'unasked') void this.refresh();
      }),
      // Another host or other secrets: what is shown belongs to the old ones.
      parts.platform.onDidChange(() => this.#beginAnew()),
      parts.sandbox.onDidChange(() => {
        if (parts.platform.isSandbox) this.#beginAnew();
      }),
      // One was made, renamed or forgotten here.
      parts.store.onDidChange(() => {
        if (this.#view.visible) void this.refresh();
        else this.#set({ kind: 'unasked' });
      }),
      parts.session.onDidChange(() => this.#follow()),
      parts.names.onDidChange(() => this.#changed.fire(undefined)),
    ];
    void this.#tell();
    if (this.#view.visible) void this.refresh();
  }

  dispose(): void {
    this.#loading?.abort();
    for (const each of this.#disposables) each.dispose();
  }

  /** The instances as they were read last, newest first. */
  get nodes(): InstanceNode[] {
    return this.#found.instances.map((instance) => this.node(instance)).sort((a, b) => b.facts.id - a.facts.id);
  }

  /** What is kept here and the platform does not know any more. */
  get gone(): GoneNode[] {
    return this.#found.gone.map((stored) => ({ kind: 'gone', stored }));
  }

  /** What an instance is here and now. */
  node(instance: Instance): InstanceNode {
    const { platform, store, session } = this.#parts;
    const managed = store.find(platform.host, instance.id) !== undefined;
    const relay = callbackUrls(session, platform);
    return { kind: 'instance', instance, facts: placedInstance(instance, { relay, managed }) };
  }

  /** Why the instances could not be read, where that is so. */
  get failure(): string | undefined {
    return this.#loaded.kind === 'failed' ? this.#loaded.message : undefined;
  }

  /** The selected instance, where one is. */
  get selected(): InstanceNode | undefined {
    const [node] = this.#view.selection;
    const id = node?.kind === 'instance' ? node.facts.id : node?.kind === 'fact' ? node.instanceId : undefined;
    return this.nodes.find(({ facts }) => facts.id === id);
  }

  /**
   * Reads the instances anew; what was under way is given up. A failure is shown in the view and logged.
   * @returns whether they were read
   */
  async refresh(): Promise<boolean> {
    this.#loading?.abort();
    const loading = (this.#loading = new AbortController());
    await vscode.window.withProgress({ location: { viewId: `${prefix}.instances` } }, () => this.#load(loading.signal));
    return this.#loaded.kind === 'loaded';
  }

  getTreeItem(node: InstancesNode): vscode.TreeItem {
    switch (node.kind) {
      case 'instance':
        return instanceItem(node, this.#parts.platform.isSandbox);
      case 'fact':
        return factItem(node);
      case 'failure':
        return failureItem(node);
      case 'gone':
        return goneItem(node);
    }
  }

  resolveTreeItem(item: vscode.TreeItem, node: InstancesNode): vscode.TreeItem {
    if (node.kind === 'instance') item.tooltip = instanceTooltip(node, this.#names);
    return item;
  }

  getChildren(node?: InstancesNode): InstancesNode[] {
    if (node === undefined) {
      const failure =
        this.#loaded.kind === 'failed' ? [{ kind: 'failure', message: this.#loaded.message } as const] : [];
      return [...failure, ...this.nodes, ...this.gone];
    }
    return node.kind === 'instance' ? facts(node.facts, this.#names) : [];
  }

  getParent(node: InstancesNode): InstancesNode | undefined {
    return node.kind === 'fact' ? this.nodes.find(({ facts: { id } }) => id === node.instanceId) : undefined;
  }

  get #found(): Found {
    const loaded = this.#loaded;
    return loaded.kind === 'loaded' || loaded.kind === 'failed' ? loaded : { instances: [], gone: [] };
  }

  async #load(signal: AbortSignal): Promise<void> {
    const { platform, store, log } = this.#parts;
    const { instances, gone } = this.#found;
    // Before the platform is asked: what is made meanwhile it may not list yet.
    const kept = store.all(platform.host);
    try {
      const api = await platform.api();
      if (api === undefined) {
        if (!signal.aborted) this.#set({ kind: platform.isSandbox ? 'noSandbox' : 'noSecrets' });
        return;
      }
      const found = await working(vscode.l10n.t('Reading the instances'), (givenUp) =>
        this.#find(api, kept, AbortSignal.any([signal, givenUp])),
      );
      if (signal.aborted) return;
      if (!platform.isSandbox) {
        this.#set({ kind: 'loaded', ...found });
        return;
      }
      // Each sandbox begins with nothing: what another one had is lost for good, its token too.
      this.#set({ kind: 'loaded', instances: found.instances, gone: [] });
      for (const { host, id } of found.gone) {
        await forgetInstance(this.#parts, host, id).catch((error: unknown) =>
          log.warn(`the instance ${id} of another sandbox is still kept: ${(error as Error).message}`),
        );
      }
    } catch (error) {
      // Another reading has taken its place, or the user did not want it: what is in sight stays.
      if (signal.aborted || error instanceof GivenUpError) return;
      log.error(`the instances could not be read: ${(error as Error).message}`);
      this.#set({ kind: 'failed', message: withNext(error, vscode.l10n), instances, gone });
    }
  }

  /** The platform's instances, and those kept here: what the list does not have the platform is asked for by its id. */
  async #find(api: OpenConnectorsApi, kept: readonly StoredInstance[], signal: AbortSignal): Promise<Found> {
    const instances = await api.listInstances({}, signal);
    const listed = new Set(instances.map(({ id }) => id));
    const gone: StoredInstance[] = [];
    for (const stored of kept) {
      if (listed.has(stored.id)) continue;
      try {
        instances.push(await api.getInstance(stored.id, signal));
      } catch (error) {
        if (signal.aborted) throw error;
        const { status, message } = error as Error & { status?: unknown };
        if (status === 404) gone.push(stored);
        else this.#parts.log.warn(`the instance ${stored.id} was not listed and could not be read: ${message}`);
      }
    }
    return { instances, gone };
  }

  #beginAnew(): void {
    this.#set({ kind: 'unasked' });
    if (this.#view.visible) void this.refresh();
  }

  #set(loaded: Loaded): void {
    this.#loaded = loaded;
    void this.#tell();
    this.#changed.fire(undefined);
  }

  /** Which welcome content is right. */
  #tell(): Thenable<unknown> {
    const { kind } = this.#loaded;
    return vscode.commands.executeCommand('setContext', `${prefix}.instances`, kind);
  }

  /** The relay's URL decides what is said of callbacks. */
  #follow(): void {
    const urls = JSON.stringify(callbackUrls(this.#parts.session, this.#parts.platform));
    if (urls === this.#urls) return;
    this.#urls = urls;
    this.#changed.fire(undefined);
  }
}

function facts(of: PlacedInstance, names: ListNaming): FactNode[] {
  return factRows(of, Date.now(), vscode.l10n, names).map((row) => ({ kind: 'fact', instanceId: of.id, ...row }));
}
