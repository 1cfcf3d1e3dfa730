/** Decides when to update URLs at the vendors, and whether to ask; the holders find and change registrations. */
import type { SettingValue } from '../settings.ts';

export type UpdateVendors = SettingValue<'tunnel.updateVendors'>;

export type UrlAction = 'update' | 'deactivate' | 'delete';

/**
 * - `following`: at an old URL in the sandbox; updated without asking
 * - `behind`: at an old URL
 * - `idle`: deactivated when the relay was stopped, to be reactivated
 * - `unfinished`: a change was interrupted
 * - `dead`: the URL doesn't respond, and there is no public URL to replace it
 */
export type StaleState = 'following' | 'behind' | 'idle' | 'unfinished' | 'dead';

export type AskedState = Exclude<StaleState, 'following'>;

export interface StaleRegistration {
  readonly kind: 'webhook' | 'instance';
  /** From outside. */
  readonly name: string;
  /** Each resolves to whether it was done; `update` uses the relay's URL at that time. */
  readonly actions: { readonly [action in UrlAction]?: (signal: AbortSignal) => Promise<boolean> };
}

export type UrlFailure =
  | { readonly kind: StaleRegistration['kind']; readonly name: string; readonly error: Error }
  | { readonly kind: 'setting'; readonly error: Error };

export interface UrlHolder {
  /** As far as known without asking the vendor. */
  mayHave(state: StaleState): Promise<boolean>;
  look(state: StaleState, failures: UrlFailure[]): Promise<readonly StaleRegistration[]>;
}

export interface RelayPosition {
  readonly pid: number;
  /** The hash of the relay's secret (url-place.ts). */
  readonly relay: string;
  readonly publicUrl: string | null;
  /** False while a public URL is being opened. */
  readonly settled: boolean;
}

export interface Choice {
  readonly action: UrlAction;
  readonly always?: true;
}

export interface UrlKeeperParts {
  readonly holders: readonly UrlHolder[];
  /** Undefined if no relay is running. */
  position(): RelayPosition | undefined;
  setting(): UpdateVendors;
  /** Resolves when the user is at this window; other windows of the relay don't ask. */
  attention(): Promise<void>;
  /** Resolves to undefined if the user declines or ignores the question. */
  ask(state: AskedState, left: readonly StaleRegistration[]): Promise<Choice | undefined>;
  working(action: UrlAction, work: (signal: AbortSignal) => Promise<void>, state: StaleState): PromiseLike<void>;
  allowAlways(): Promise<void>;
  done(action: UrlAction, changed: readonly StaleRegistration[], state: StaleState): void;
  /** Resolves to whether to try again. */
  failed(failures: readonly UrlFailure[]): Promise<boolean>;
}

const quietStates: Readonly<Record<UpdateVendors, readonly StaleState[]>> = {
  ask: ['following'],
  always: ['unfinished', 'following', 'behind', 'idle'],
  never: [],
};

/** The user must always learn about dead URLs. */
const askedStates: Readonly<Record<UpdateVendors, readonly AskedState[]>> = {
  ask: ['behind', 'idle', 'unfinished', 'dead'],
  always: ['dead'],
  never: ['unfinished', 'dead'],
};

export class UrlKeeper {
  readonly #parts: UrlKeeperParts;
  #looked: string | null = null;
  #quiet: Promise<unknown> = Promise.resolve();
  readonly #asking = new Map<AskedState, Promise<void>>();
  /** True during {@link changing}, which updates the vendors itself. */
  #changing = false;

  constructor(parts: UrlKeeperParts) {
    this.#parts = parts;
  }

  /** Call it if the relay's state may have changed. Resolves when nothing is left to do or ask. */
  async follow(): Promise<void> {
    if (this.#changing) return;
    const place = this.#place;
    if (place === this.#looked) {
      await Promise.allSettled([this.#quiet, ...this.#asking.values()]);
      return;
    }
    this.#looked = place;
    await this.lookAfter();
  }

  /**
   * Changes the URL, then updates stale registrations without asking again. Rethrows the error of `change`.
   * @param change resolves when this window knows the new URL
   */
  async changing(change: () => Promise<void>): Promise<void> {
    this.#changing = true;
    try {
      await change();
    } catch (error) {
      this.#changing = false;
      // The URL may have changed despite the error.
      await this.follow();
      throw error;
    }
    this.#changing = false;
    this.#looked = this.#place;
    await this.lookAfter(true);
  }

  /** While the URL is unknown, the last known one. */
  get #place(): string | null {
    const position = this.#parts.position();
    if (position === undefined || (position.publicUrl === null && !position.settled)) return this.#looked;
    return `${position.pid} ${position.relay} ${position.publicUrl ?? ''}`;
  }

  /** Also if the URL hasn't changed. @param agreed whether the user has agreed to updating old URLs */
  async lookAfter(agreed = false): Promise<void> {
    const failures = await this.#quietly(agreed && this.#parts.setting() !== 'never');
    const told = this.#tellAndRetry(failures);
    await Promise.all([
      told,
      ...askedStates[this.#parts.setting()].map((state) => {
        const before = this.#asking.get(state) ?? Promise.resolve();
        // Report an interrupted change before offering to finish it.
        const ready = state === 'unfinished' ? Promise.all([before, told]) : before;
        const asked = ready.then(() => this.#askAbout(state, agreed && state === 'behind'));
        // An error with one URL must not prevent checking the next.
        this.#asking.set(
          state,
          asked.catch(() => undefined),
        );
        return asked;
      }),
    ]);
  }

  #quietly(finish: boolean): Promise<readonly UrlFailure[]> {
    const run = this.#quiet.then(() => this.#settleQuietly(finish));
    this.#quiet = run.catch(() => undefined);
    return run;
  }

  async #tellAndRetry(failures: readonly UrlFailure[]): Promise<void> {
    if (failures.length > 0 && (await this.#parts.failed(failures)))
      await this.#tellAndRetry(await this.#quietly(true));
  }

  async #settleQuietly(finish: boolean): Promise<readonly UrlFailure[]> {
    const failures: UrlFailure[] = [];
    const quiet = quietStates[this.#parts.setting()];
    for (const state of finish ? new Set<StaleState>(['unfinished', ...quiet]) : quiet) {
      const left = await this.#look(state, failures);
      if (left.length > 0) await this.#carryOut('update', state, left, failures);
    }
    return failures;
  }

  async #askAbout(state: AskedState, agreed: boolean): Promise<void> {
    const parts = this.#parts;
    const mayHave = await Promise.all(parts.holders.map((holder) => holder.mayHave(state)));
    if (!mayHave.includes(true)) return;
    if (!agreed) await parts.attention();
    // Another window may have updated the vendors in the meantime.
    if (!askedStates[parts.setting()].includes(state)) return;
    let always: 'not-asked-for' | 'to-be-kept' | 'kept' = 'not-asked-for';
    for (let first = true; ; first = false) {
      const failures: UrlFailure[] = first ? [] : [...(await this.#quietly(true))];
      const left = await this.#look(state, failures);
      if (left.length > 0) {
        const choice: Choice | undefined =
          always === 'not-asked-for' && !agreed ? await parts.ask(state, left) : { action: 'update' };
        if (state === 'behind' && choice?.action === 'update' && (parts.position()?.publicUrl ?? null) === null) {
          // The public URL was closed during the question: check again when it is back.
          this.#looked = null;
          return;
        }
        if (choice !== undefined) await this.#carryOut(choice.action, state, left, failures);
        if (choice?.always === true) always = 'to-be-kept';
      }
      if (always === 'to-be-kept' && (await this.#keepSetting(failures))) always = 'kept';
      if (failures.length === 0 || !(await parts.failed(failures))) return;
    }
  }

  async #keepSetting(failures: UrlFailure[]): Promise<boolean> {
    try {
      await this.#parts.allowAlways();
      return true;
    } catch (error) {
      failures.push({ kind: 'setting', error: error as Error });
      return false;
    }
  }

  async #look(state: StaleState, failures: UrlFailure[]): Promise<readonly StaleRegistration[]> {
    const left: StaleRegistration[] = [];
    for (const holder of this.#parts.holders) left.push(...(await holder.look(state, failures)));
    return left;
  }

  async #carryOut(
    action: UrlAction,
    state: StaleState,
    left: readonly StaleRegistration[],
    failures: UrlFailure[],
  ): Promise<void> {
    const changed: StaleRegistration[] = [];
    const work = async (signal: AbortSignal): Promise<void> => {
      for (const each of left) {
        if (signal.aborted) return;
        try {
          if ((await each.actions[action]?.(signal)) === true) changed.push(each);
        } catch (error) {
          if ((error as { kind?: unknown }).kind === 'canceled') return;
          failures.push({ kind: each.kind, name: each.name, error: error as Error });
        }
      }
    };
    await this.#parts.working(action, work, state);
    if (changed.length > 0) this.#parts.done(action, changed, state);
  }
}
