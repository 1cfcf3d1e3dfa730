/** A vendor's webhooks in memory, whose calls can break off before or after they took effect. */
import type { Webhook } from '../../../src/campaign-monitor/answers.ts';
import type { NewWebhook } from '../../../src/campaign-monitor/api.ts';
import type { WebhookApi } from '../../../src/extension/webhooks/lifecycle.ts';

/** What somebody registers. */
export type Planted = Pick<Webhook, 'url' | 'events' | 'format' | 'active'>;

/** The extension host is gone: nothing after it runs. */
export class Crash extends Error {
  override readonly name = 'Crash';
}

export class FakeVendor implements WebhookApi {
  readonly #lists = new Map<string, Webhook[]>();
  #made = 0;
  #calls = 0;
  /** The call, counted from now, that breaks off, and whether it still took effect. */
  #breaksAt: { readonly call: number; readonly done: boolean } | undefined;
  #crashed = false;
  /** Called after each call that took effect. */
  onChange: () => void = () => undefined;

  breakAt(call: number, done: boolean): void {
    this.fix();
    this.#calls = 0;
    this.#breaksAt = { call, done };
  }

  fix(): void {
    this.#breaksAt = undefined;
    this.#crashed = false;
  }

  of(listId: string): readonly Webhook[] {
    return this.#lists.get(listId) ?? [];
  }

  /** Puts a webhook there as somebody else does. */
  plant(listId: string, { url, events, format, active }: Planted): string {
    const webhookId = `hook${String(++this.#made).padStart(4, '0')}`;
    const hook = { webhookId, listId, url, events, format, active, status: active ? 'Active' : 'Inactive' };
    this.#lists.set(listId, [...this.of(listId), hook]);
    return webhookId;
  }

  webhooks(listId: string): Promise<Webhook[]> {
    return this.#call(() => [...this.of(listId)]);
  }

  createWebhook(listId: string, { url, events, format }: NewWebhook): Promise<string> {
    return this.#call(() => this.plant(listId, { url, events, format, active: true }));
  }

  activateWebhook(listId: string, id: string): Promise<void> {
    return this.#call(() => this.#change(listId, id, (hook) => [{ ...hook, active: true }]));
  }

  deactivateWebhook(listId: string, id: string): Promise<void> {
    return this.#call(() => this.#change(listId, id, (hook) => [{ ...hook, active: false }]));
  }

  deleteWebhook(listId: string, id: string): Promise<void> {
    return this.#call(() => this.#change(listId, id, () => []));
  }

  #change(listId: string, id: string, change: (hook: Webhook) => Webhook[]): void {
    const hooks = this.of(listId);
    if (!hooks.some((hook) => hook.webhookId === id)) throw new Error('no such webhook');
    this.#lists.set(
      listId,
      hooks.flatMap((hook) => (hook.webhookId === id ? change(hook) : [hook])),
    );
  }

  async #call<T>(take: () => T): Promise<T> {
    await Promise.resolve();
    const breaks = this.#breaksAt?.call === this.#calls++ ? this.#breaksAt : undefined;
    this.#crashed ||= breaks?.done === false;
    if (this.#crashed) throw new Crash('broke off');
    const result = take();
    this.onChange();
    this.#crashed = breaks !== undefined;
    if (this.#crashed) throw new Crash('broke off');
    return result;
  }
}
