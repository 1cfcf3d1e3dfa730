/** Keeps the callback URL of managed instances true when the relay's public URL has changed. */
import { placedInstance } from './placed-instance.ts';
import type { PlacedInstance } from './placed-instance.ts';
import type { CallbackUrls } from '../../relay/urls.ts';
import type { Instance } from '../../../open-connectors/answers.ts';

export type KeepUrl = 'ask' | 'always' | 'never';

/** What the user wants done: now, or now and from then on. */
export type KeepChoice = 'once' | 'always';

/** What could not be done, and why. */
export type UrlFailure =
  /** To read or set the URL of an instance. */
  | { readonly kind: 'instance'; readonly name: string; readonly error: Error }
  /** To write the setting, so that nobody is asked again. */
  | { readonly kind: 'setting'; readonly error: Error };

/** What the keeper works with: the relay, the platform, and the user. */
export interface UrlKeeperParts {
  relay(): CallbackUrls;
  setting(): KeepUrl;
  /** The instances that were made here or had their callback URL set here. */
  managed(): readonly { readonly id: number; readonly name: string }[];
  /** @returns undefined where the platform has no such instance any more, or nobody may ask it now */
  read(id: number): Promise<Instance | undefined>;
  setCallback(id: number, url: string): Promise<void>;
  /** Resolves when the user is at this window: others of the same relay do not ask. */
  attention(): Promise<void>;
  /** @returns undefined where the user does not want it, or did not answer */
  ask(stale: readonly PlacedInstance[], url: string): Promise<KeepChoice | undefined>;
  /** From now on without asking. */
  allowAlways(): Promise<void>;
  done(updated: readonly PlacedInstance[], url: string): void;
  /** @returns whether to try again */
  failed(failures: readonly UrlFailure[]): Promise<boolean>;
}

/**
 * Watches for a changed public URL. Of the managed instances only those are touched whose callback URL holds this
 * relay's secret: what another window's relay gets stays with it.
 */
export class UrlKeeper {
  readonly #parts: UrlKeeperParts;
  /** The URL for which the instances were looked at last. */
  #checked: string | null = null;
  #running: Promise<void> = Promise.resolve();

  constructor(parts: UrlKeeperParts) {
    this.#parts = parts;
  }

  /** To be called whenever the relay's state may have changed. Resolves when nothing is left to do or ask. */
  follow(): Promise<void> {
    const url = this.#parts.relay().public;
    if (url === null || url === this.#checked) return this.#running;
    this.#checked = url;
    // One after the other: a URL that changes while the user is being asked is looked at afterwards.
    const check = this.#running.then(() => this.#check());
    // Whatever goes wrong with one URL, the next is looked at.
    this.#running = check.catch(() => undefined);
    return check;
  }

  async #check(): Promise<void> {
    const parts = this.#parts;
    if (parts.setting() === 'never') return;
    // What another window settles until then is looked at no more.
    if (parts.setting() === 'ask' && parts.managed().length > 0) await parts.attention();
    let toAllow = false;
    for (;;) {
      const failures: UrlFailure[] = [];
      const stale = await this.#stale(failures);
      const url = parts.relay().public;
      if (stale.length > 0 && url !== null) {
        const choice: KeepChoice | undefined =
          toAllow || parts.setting() === 'always' ? 'once' : await parts.ask(stale, url);
        if (choice !== undefined) await this.#update(stale, failures);
        toAllow ||= choice === 'always';
      }
      if (toAllow) {
        await parts.allowAlways().then(
          () => (toAllow = false),
          (error: unknown) => failures.push({ kind: 'setting', error: error as Error }),
        );
      }
      if (failures.length === 0 || !(await parts.failed(failures))) return;
    }
  }

  /** Managed instances that post to an address that this relay has no longer. */
  async #stale(failures: UrlFailure[]): Promise<PlacedInstance[]> {
    const stale: PlacedInstance[] = [];
    for (const { id, name } of this.#parts.managed()) {
      try {
        const instance = await this.#parts.read(id);
        if (instance === undefined) continue;
        const facts = placedInstance(instance, { relay: this.#parts.relay(), managed: true });
        if (facts.relation === 'old-address') stale.push(facts);
      } catch (error) {
        failures.push({ kind: 'instance', name, error: error as Error });
      }
    }
    return stale;
  }

  async #update(stale: readonly PlacedInstance[], failures: UrlFailure[]): Promise<void> {
    const updated: PlacedInstance[] = [];
    // It may have changed while the user was asked.
    const url = this.#parts.relay().public;
    if (url === null) {
      this.#checked = null;
      return;
    }
    for (const facts of stale) {
      try {
        await this.#parts.setCallback(facts.id, url);
        updated.push(facts);
      } catch (error) {
        failures.push({ kind: 'instance', name: facts.name, error: error as Error });
      }
    }
    if (updated.length > 0) this.#parts.done(updated, url);
  }
}
