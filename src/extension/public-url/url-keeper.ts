/**
 * Keeps this relay's URL at the vendors current when it changes and when the relay comes back: one mechanism for the
 * webhooks of Campaign Monitor and the instances of Open Connectors. Each vendor's module finds and changes stale ones;
 * when, and whether to ask, is the same for all.
 */
import type { SettingValue } from '../settings.ts';

/** What to do about a changed URL, according to the setting. */
export type UpdateVendors = SettingValue<'tunnel.updateVendors'>;

export type UrlAction = 'update' | 'deactivate' | 'delete';

/**
 * Why a registration is stale:
 * - `following`: at an old URL, but in the sandbox, so it follows without a question
 * - `behind`: at an old URL
 * - `idle`: deactivated when the relay was stopped, to be reactivated
 * - `unfinished`: a change of it was interrupted
 * - `dead`: its URL doesn't respond, and there is no public URL to move it to
 */
export type StaleState = 'following' | 'behind' | 'idle' | 'unfinished' | 'dead';

/** The states that the user is asked about. */
export type AskedState = Exclude<StaleState, 'following'>;

/** Something at a vendor that this tool created and that doesn't lead to this relay now. */
export interface StaleRegistration {
  readonly kind: 'webhook' | 'instance';
  /** The vendor's name, or that of its list: from outside. */
  readonly name: string;
  /**
   * Each takes a signal for cancelling, and resolves to whether it was done; `update` uses the relay's URL at that
   * time.
   */
  readonly actions: { readonly [action in UrlAction]?: (signal: AbortSignal) => Promise<boolean> };
}

export type UrlFailure =
  | { readonly kind: StaleRegistration['kind']; readonly name: string; readonly error: Error }
  | { readonly kind: 'setting'; readonly error: Error };

/** One vendor's registrations of this relay. */
export interface UrlHolder {
  /** Whether something may be in this state, as far as known without asking the vendor. */
  mayHave(state: StaleState): Promise<boolean>;
  /** @param failures receives what couldn't be read */
  look(state: StaleState, failures: UrlFailure[]): Promise<readonly StaleRegistration[]>;
}

export interface RelayPosition {
  readonly pid: number;
  /** Identifies its secret, as in url-place.ts: a URL with another one doesn't work. */
  readonly relay: string;
  /** Null: none now. */
  readonly publicUrl: string | null;
  /** Whether it is final: no public URL is being opened. */
  readonly settled: boolean;
}

/** `always`: don't ask from then on. */
export interface Choice {
  readonly action: UrlAction;
  readonly always?: true;
}

export interface UrlKeeperParts {
  readonly holders: readonly UrlHolder[];
  /** Undefined while no relay is running. */
  position(): RelayPosition | undefined;
  setting(): UpdateVendors;
  /** Resolves when the user is at this window: other windows of the relay don't ask. */
  attention(): Promise<void>;
  /** Resolves to undefined if the user declines or doesn't answer. */
  ask(state: AskedState, left: readonly StaleRegistration[]): Promise<Choice | undefined>;
  /** Runs work on what is in this state, which the user may cancel. */
  working(action: UrlAction, work: (signal: AbortSignal) => Promise<void>, state: StaleState): PromiseLike<void>;
  /** From now on without asking. */
  allowAlways(): Promise<void>;
  done(action: UrlAction, changed: readonly StaleRegistration[], state: StaleState): void;
  /** Reports failures. Resolves to whether to try again. */
  failed(failures: readonly UrlFailure[]): Promise<boolean>;
}

/** The states handled without a question, by setting. */
const quietStates: Readonly<Record<UpdateVendors, readonly StaleState[]>> = {
  ask: ['following'],
  always: ['unfinished', 'following', 'behind', 'idle'],
  never: [],
};

/** The states that the user is asked about, by setting. The user must always learn about dead ones. */
const askedStates: Readonly<Record<UpdateVendors, readonly AskedState[]>> = {
  ask: ['behind', 'idle', 'unfinished', 'dead'],
  always: ['dead'],
  never: ['unfinished', 'dead'],
};

/** One for a window. */
export class UrlKeeper {
  readonly #parts: UrlKeeperParts;
  /** The relay's URL when the vendors were last checked. */
  #looked: string | null = null;
  /** Runs what needs no question, one after another. */
  #quiet: Promise<unknown> = Promise.resolve();
  /** The questions of each state, one after another. */
  readonly #asking = new Map<AskedState, Promise<void>>();
  /** A change of the URL from here is in progress, which updates the vendors itself. */
  #changing = false;

  constructor(parts: UrlKeeperParts) {
    this.#parts = parts;
  }

  /** Call this whenever the relay's state may have changed. Resolves when nothing is left to do or ask. */
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
   * Runs a change of the URL, and updates what is then stale without asking the user again. Resolves when nothing is
   * left to do or ask.
   * @param change resolves when this window knows the new URL
   * @throws what the change throws
   */
  async changing(change: () => Promise<void>): Promise<void> {
    this.#changing = true;
    try {
      await change();
    } catch (error) {
      this.#changing = false;
      // It may have been carried out despite the error.
      await this.follow();
      throw error;
    }
    this.#changing = false;
    this.#looked = this.#place;
    await this.lookAfter(true);
  }

  /** The relay's URL as far as it matters to the vendors; the last one while that is unknown. */
  get #place(): string | null {
    const position = this.#parts.position();
    if (position === undefined || (position.publicUrl === null && !position.settled)) return this.#looked;
    return `${position.pid} ${position.relay} ${position.publicUrl ?? ''}`;
  }

  /**
   * Checks the vendors now, even if the URL hasn't changed. Resolves when nothing is left to do or ask.
   * @param agreed whether the user has agreed to updating what is at an old URL
   */
  async lookAfter(agreed = false): Promise<void> {
    // What needs no question doesn't wait for open questions.
    const failures = await this.#quietly(agreed && this.#parts.setting() !== 'never');
    const told = this.#tellAndRetry(failures);
    await Promise.all([
      told,
      ...askedStates[this.#parts.setting()].map((state) => {
        // If the URL changes during a question, check again afterwards.
        const before = this.#asking.get(state) ?? Promise.resolve();
        // What failed halfway is reported before it is offered.
        const ready = state === 'unfinished' ? Promise.all([before, told]) : before;
        const asked = ready.then(() => this.#askAbout(state, agreed && state === 'behind'));
        // An error with one URL doesn't prevent checking the next.
        this.#asking.set(
          state,
          asked.catch(() => undefined),
        );
        return asked;
      }),
    ]);
  }

  /** @param finish whether the user has agreed to finishing what was interrupted */
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
    // Another window may have settled it in the meantime.
    if (!askedStates[parts.setting()].includes(state)) return;
    let always: 'not-asked-for' | 'to-be-kept' | 'kept' = 'not-asked-for';
    for (let first = true; ; first = false) {
      const failures: UrlFailure[] = first ? [] : [...(await this.#quietly(true))];
      const left = await this.#look(state, failures);
      if (left.length > 0) {
        const choice: Choice | undefined =
          always === 'not-asked-for' && !agreed ? await parts.ask(state, left) : { action: 'update' };
        if (state === 'behind' && choice?.action === 'update' && (parts.position()?.publicUrl ?? null) === null) {
          // The public URL closed during the question, so check again when it is back.
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

  /** @returns whether the setting for not asking was saved */
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
          if ((error as { kind?: unknown }).kind === 'cancelled') return;
          failures.push({ kind: each.kind, name: each.name, error: error as Error });
        }
      }
    };
    await this.#parts.working(action, work, state);
    if (changed.length > 0) this.#parts.done(action, changed, state);
  }
}
