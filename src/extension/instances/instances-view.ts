import * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import type { Instance } from '../../open-connectors/answers.ts';
import { memoizeAsync } from '../memoize-async.ts';
import { prefix } from '../prefix.ts';
import { focusedRows, type FocusedRows } from '../ui/focused-rows.ts';
import { Redraws } from '../ui/redraws.ts';
import { messageOf, nextOf, withNext } from '../ui/error-words.ts';
import { unlessGivenUp, working } from '../ui/progress.ts';
import type { KnownRelays } from '../session/known-relays.ts';
import type { SecretBox } from '../secrets/secrets.ts';
import type { Session } from '../session/session.ts';
import { followUrls, urlContext, type UrlContext } from '../public-url/url-place.ts';
import type { SandboxProcess } from '../sandbox/sandbox-process.ts';
import type { ListNames } from '../accounts/list-names.ts';
import type { Platform } from '../open-connectors/platform.ts';
import { failureItem, factItem, goneItem, instanceItem } from './instance-items.ts';
import type { InstanceDetails } from './instance-details.ts';
import { InstanceList, type Reading } from './instance-list.ts';
import type { FailureNode, GoneNode, InstanceNode, InstancesNode } from './instance-node.ts';
import type { QueueStates } from './queue-states.ts';
import { placedInstance } from './instance-node.ts';
import { forgetInstance, type InstanceStore } from './instance-store.ts';

export interface InstancesViewParts {
  readonly session: Session;
  readonly relays: KnownRelays;
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
  readonly #list: InstanceList;
  readonly #changed = new vscode.EventEmitter<InstancesNode[] | undefined>();
  readonly #redraws = new Redraws<InstancesNode>((nodes) => this.#changed.fire(nodes));
  readonly #disposables: readonly { dispose(): unknown }[];
  readonly #details = memoizeAsync(async () => {
    const { InstanceDetails } = await import('./instance-details.ts');
    return (this.#loaded = new InstanceDetails(this.#parts, () => this.#redraws.draw()));
  });
  #loaded: InstanceDetails | undefined;

  readonly onDidChangeTreeData = this.#changed.event;

  constructor(parts: InstancesViewParts) {
    this.#parts = parts;
    const { platform, store, log } = parts;
    this.#list = new InstanceList({
      platform,
      store,
      log,
      working: (task) =>
        unlessGivenUp(
          working(say('Reading the instances'), task, {
            viewId: `${prefix}.instances`,
            isVisible: () => this.#view.visible,
          }),
        ),
      forget: (host, id) => forgetInstance(parts, host, id),
      changed: () => {
        void this.#tell();
        this.#redraws.draw();
      },
    });
    this.#view = vscode.window.createTreeView(`${prefix}.instances`, { treeDataProvider: this });
    this.#disposables = [
      this.#view,
      this.#list,
      this.#changed,
      this.#view.onDidChangeVisibility(({ visible }) => {
        if (visible && this.#list.loaded.kind === 'unasked') void this.refresh();
      }),
      parts.platform.onDidChange(() => this.#beginAnew()),
      parts.sandbox.onDidChange(() => {
        if (parts.platform.isSandbox) this.#beginAnew();
      }),
      parts.store.onDidChange(() => {
        if (this.#view.visible) void this.refresh();
        else this.#list.beginAnew();
      }),
      followUrls(parts.session, parts.relays, 'open-connectors', () => this.#redraws.draw()),
      parts.names.onDidChange(() => this.#redraws.draw()),
    ];
    void this.#tell();
    if (this.#view.visible) void this.refresh();
  }

  dispose(): void {
    for (const each of this.#disposables) each.dispose();
  }

  get nodes(): InstanceNode[] {
    const { host, instances } = this.#list.found;
    return instances.map((instance) => this.node(instance, host)).sort((a, b) => b.facts.id - a.facts.id);
  }

  get gone(): GoneNode[] {
    return this.#list.found.gone.map((stored) => ({ kind: 'gone', stored }));
  }

  node(instance: Instance, host: string): InstanceNode {
    const { platform, store } = this.#parts;
    const managed = store.find(host, instance.id) !== undefined;
    const around = { urlContext: this.urlContext(), isSandbox: platform.isSandbox, managed };
    return { kind: 'instance', instance, host, facts: placedInstance(instance, around) };
  }

  urlContext(): UrlContext {
    return urlContext(this.#parts.session, this.#parts.relays, 'open-connectors');
  }

  get failure(): string | undefined {
    const { loaded } = this.#list;
    return loaded.kind === 'failed' ? withNext(loaded.error) : undefined;
  }

  readonly focused: FocusedRows<InstancesNode> = (named) =>
    focusedRows({ view: this.#view, redraws: this.#redraws, itemOf: (node) => this.getTreeItem(node) }, named);

  get isVisible(): boolean {
    return this.#view.visible;
  }

  get selected(): InstanceNode | undefined {
    const [node] = this.#view.selection;
    const of = node?.kind === 'fact' ? node.of : node?.kind === 'instance' ? node : undefined;
    return of === undefined ? undefined : this.now(of);
  }

  /** Undefined if the instance is no longer visible. */
  now({ host, facts: { id } }: InstanceNode): InstanceNode | undefined {
    return this.nodes.find((node) => node.host === host && node.facts.id === id);
  }

  async refresh(): Promise<Reading> {
    this.#loaded?.queues.forget();
    return this.#list.read();
  }

  async queues(): Promise<QueueStates> {
    return (await this.#details()).queues;
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

  async resolveTreeItem(item: vscode.TreeItem, node: InstancesNode): Promise<vscode.TreeItem> {
    if (node.kind === 'instance') item.tooltip = (await this.#details()).tooltip(node);
    return item;
  }

  getChildren(node?: InstancesNode): Promise<InstancesNode[]> {
    return this.#redraws.answer(node, () => this.#childrenOf(node));
  }

  async #childrenOf(node: InstancesNode | undefined): Promise<InstancesNode[]> {
    if (node === undefined) {
      return [...this.#failures, ...this.nodes, ...this.gone];
    }
    return node.kind === 'instance' ? (await this.#details()).rows(node) : [];
  }

  getParent(node: InstancesNode): InstancesNode | undefined {
    return node.kind === 'fact' ? this.now(node.of) : undefined;
  }

  get #failures(): FailureNode[] {
    const { loaded } = this.#list;
    if (loaded.kind !== 'failed') return [];
    const next = nextOf(loaded.error);
    return [
      { kind: 'failure', row: 'what', text: sentence(messageOf(loaded.error)) },
      ...(next === undefined ? [] : [{ kind: 'failure', row: 'next', text: next } as const]),
    ];
  }

  #beginAnew(): void {
    this.#list.beginAnew();
    if (this.#view.visible) void this.refresh();
  }

  #tell(): Thenable<unknown> {
    return vscode.commands.executeCommand('setContext', `${prefix}.instances`, this.#list.loaded.kind);
  }
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
