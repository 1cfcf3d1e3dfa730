/** A vendor's webhooks in memory, whose calls can break off before or after they took effect. */
import type { Hook, HookVendor, NewHook } from '../../../src/extension/webhooks/lifecycle.ts';

/** The extension host is gone: nothing after it runs. */
export class Crash extends Error {
  override readonly name = 'Crash';
}

export class FakeVendor implements HookVendor {
  readonly #lists = new Map<string, Hook[]>();
  #made = 0;
  #calls = 0;
  /** The call, counted from now, that breaks off, and whether it still took effect. */
  #breaksAt: { readonly call: number; readonly done: boolean } | undefined;
  /** Called after each call that took effect. */
  onChange: () => void = () => undefined;

  breakAt(call: number, done: boolean): void {
    this.#calls = 0;
    this.#breaksAt = { call, done };
  }

  fix(): void {
    this.#breaksAt = undefined;
  }

  of(listId: string): readonly Hook[] {
    return this.#lists.get(listId) ?? [];
  }

  /** Puts a webhook there as somebody else does. */
  plant(listId: string, hook: Omit<Hook, 'id'>): string {
    const id = `hook${String(++this.#made).padStart(4, '0')}`;
    this.#lists.set(listId, [...this.of(listId), { ...hook, id }]);
    return id;
  }

  webhooks(listId: string): Promise<readonly Hook[]> {
    return this.#call(() => this.of(listId));
  }

  create(listId: string, { url, events, format }: NewHook): Promise<string> {
    return this.#call(() => this.plant(listId, { url, events, format, active: true }));
  }

  activate(listId: string, id: string): Promise<void> {
    return this.#call(() => this.#change(listId, id, (hook) => [{ ...hook, active: true }]));
  }

  deactivate(listId: string, id: string): Promise<void> {
    return this.#call(() => this.#change(listId, id, (hook) => [{ ...hook, active: false }]));
  }

  delete(listId: string, id: string): Promise<void> {
    return this.#call(() => this.#change(listId, id, () => []));
  }

  #change(listId: string, id: string, change: (hook: Hook) => Hook[]): void {
    const hooks = this.of(listId);
    if (!hooks.some((hook) => hook.id === id)) throw new Error('no such webhook');
    this.#lists.set(
      listId,
      hooks.flatMap((hook) => (hook.id === id ? change(hook) : [hook])),
    );
  }

  async #call<T>(take: () => T): Promise<T> {
    await Promise.resolve();
    const breaks = this.#breaksAt?.call === this.#calls++ ? this.#breaksAt : undefined;
    if (breaks?.done === false) throw new Crash('broke off');
    const result = take();
    this.onChange();
    if (breaks !== undefined) throw new Crash('broke off');
    return result;
  }
}
