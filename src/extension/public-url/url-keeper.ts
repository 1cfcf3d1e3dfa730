/**
 * Keeps what the vendors know of this relay's URL true, when that changes and when the relay comes back: one mechanism
 * for the webhooks of Campaign Monitor and the instances of Open Connectors. Each vendor's room says what is left behind
 * and how it is changed; when, whether to ask and what is said is the same for all.
 */
import type { SettingValue } from '../settings.ts';

/** What is done about a changed URL, as the setting says. */
export type UpdateVendors = SettingValue<'tunnel.updateVendors'>;

/** What can be done to something that is left behind: point it here again, switch it off, or delete it. */
export type UrlAction = 'update' | 'deactivate' | 'delete';

/**
 * How something is left behind:
 * - `following`: at an old URL; of the sandbox, where nothing is real, so it follows without a question
 * - `behind`: at an old URL
 * - `idle`: deactivated when the relay was stopped, to be brought back
 * - `dead`: nobody answers where it points, and there is no public URL to move it to
 */
export type StaleState = 'following' | 'behind' | 'idle' | 'dead';

/** The states of which the user is asked. */
export type AskedState = Exclude<StaleState, 'following'>;

/** Something at a vendor that this tool set and that does not lead to this relay now. */
export interface StaleRegistration {
  readonly kind: 'webhook' | 'instance';
  /** As the vendor calls it, or the list that it stands on: from outside. */
  readonly name: string;
  /**
   * What can be done to it. Each takes what gives it up, and resolves to whether it was done; `update` points it to
   * where the relay is by then.
   */
  readonly actions: { readonly [action in UrlAction]?: (signal: AbortSignal) => Promise<boolean> };
}

/** What could not be done, and why. */
export type UrlFailure =
  /** To read or change something at a vendor. */
  | { readonly kind: StaleRegistration['kind']; readonly name: string; readonly error: Error }
  /** To write the setting, so that nobody is asked again. */
  | { readonly kind: 'setting'; readonly error: Error };

/** What one vendor's room keeps of this relay's. */
export interface UrlHolder {
  /** Takes up what was broken off, without asking: it had been decided. */
  takeUp(): Promise<readonly UrlFailure[]>;
  /** Whether something may be in this state, as far as is known without asking the vendor. */
  mayHave(state: StaleState): Promise<boolean>;
  /** @param failures takes what could not be read */
  look(state: StaleState, failures: UrlFailure[]): Promise<readonly StaleRegistration[]>;
}

/** Where this window's relay is. */
export interface RelayPosition {
  /** The relay's process. */
  readonly pid: number;
  /** Names its secret, as in relay-url.ts: a URL with another one leads nowhere. */
  readonly relay: string;
  /** Null: none now. */
  readonly publicUrl: string | null;
  /** Whether it stays so: no public URL is being opened. */
  readonly settled: boolean;
}

/** What the user wants done; `always`: from then on without a question. */
export interface Choice {
  readonly action: UrlAction;
  readonly always?: true;
}

/** What the keeper works with: the relay, the vendors and the user. */
export interface UrlKeeperParts {
  readonly holders: readonly UrlHolder[];
  /** Undefined while no relay runs. */
  position(): RelayPosition | undefined;
  setting(): UpdateVendors;
  /** Resolves when the user is at this window: others of the same relay do not ask. */
  attention(): Promise<void>;
  /** Resolves to undefined where the user does not want it, or did not answer. */
  ask(state: AskedState, left: readonly StaleRegistration[]): Promise<Choice | undefined>;
  /** Carries out work on what is in this state, that the user may give up. */
  working(action: UrlAction, work: (signal: AbortSignal) => Promise<void>, state: StaleState): PromiseLike<void>;
  /** From now on without asking. */
  allowAlways(): Promise<void>;
  /** Says what was done to what was in this state. */
  done(action: UrlAction, changed: readonly StaleRegistration[], state: StaleState): void;
  /** Says what was not. Resolves to whether to try again. */
  failed(failures: readonly UrlFailure[]): Promise<boolean>;
}

/** The states that are settled without a question, as the setting says. */
const quietStates: Readonly<Record<UpdateVendors, readonly StaleState[]>> = {
  ask: ['following'],
  always: ['following', 'behind', 'idle'],
  never: [],
};

/** The states of which the user is asked, as the setting says. Where nobody answers, someone must know. */
const askedStates: Readonly<Record<UpdateVendors, readonly AskedState[]>> = {
  ask: ['behind', 'idle', 'dead'],
  always: ['dead'],
  never: ['dead'],
};

/** Looks after the vendors whenever the relay is reached elsewhere, or no more. One for a window. */
export class UrlKeeper {
  readonly #parts: UrlKeeperParts;
  /** Where the relay was when the vendors were looked after last. */
  #looked: string | null = null;
  /** What is done without a question, one after another. */
  #quiet: Promise<unknown> = Promise.resolve();
  /** The questions of each state, one after another. */
  readonly #asking = new Map<AskedState, Promise<void>>();
  /** The URL is being changed from here: whoever does that looks after the vendors. */
  #changing = false;

  constructor(parts: UrlKeeperParts) {
    this.#parts = parts;
  }

  /** To be called whenever the relay's state may have changed. Resolves when nothing is left to do or ask. */
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
   * Carries out what changes the URL, and updates what is left behind by that: the user, who knows of it, is not asked
   * again. Resolves when nothing is left to do or ask.
   * @param change resolves when this window knows the new URL
   * @throws what the change throws
   */
  async changing(change: () => Promise<void>): Promise<void> {
    this.#changing = true;
    try {
      await change();
    } catch (error) {
      this.#changing = false;
      // It may have been carried out all the same.
      await this.follow();
      throw error;
    }
    this.#changing = false;
    this.#looked = this.#place;
    await this.lookAfter(true);
  }

  /** Where the relay is, as far as it matters to the vendors; as it was, while that is not known. */
  get #place(): string | null {
    const position = this.#parts.position();
    if (position === undefined || (position.publicUrl === null && !position.settled)) return this.#looked;
    return `${position.pid} ${position.relay} ${position.publicUrl ?? ''}`;
  }

  /**
   * Looks after the vendors now, wherever the relay was before. Resolves when nothing is left to do or ask.
   * @param agreed whether the user has agreed that what is at an old URL is updated
   */
  async lookAfter(agreed = false): Promise<void> {
    // What needs no question waits for none that is open.
    const failures = await this.#quietly();
    await Promise.all([
      this.#tellAndRetry(failures),
      ...askedStates[this.#parts.setting()].map((state) => {
        // A URL that changes while the user is being asked is looked at afterwards.
        const before = this.#asking.get(state) ?? Promise.resolve();
        const asked = before.then(() => this.#askAbout(state, agreed && state === 'behind'));
        // Whatever goes wrong with one URL, the next is looked at.
        this.#asking.set(
          state,
          asked.catch(() => undefined),
        );
        return asked;
      }),
    ]);
  }

  #quietly(): Promise<readonly UrlFailure[]> {
    const run = this.#quiet.then(() => this.#settleQuietly());
    this.#quiet = run.catch(() => undefined);
    return run;
  }

  async #tellAndRetry(failures: readonly UrlFailure[]): Promise<void> {
    if (failures.length > 0 && (await this.#parts.failed(failures))) await this.#tellAndRetry(await this.#quietly());
  }

  async #settleQuietly(): Promise<readonly UrlFailure[]> {
    const failures: UrlFailure[] = [];
    for (const holder of this.#parts.holders) failures.push(...(await holder.takeUp()));
    for (const state of quietStates[this.#parts.setting()]) {
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
    // What another window has settled until then is asked no more.
    if (!askedStates[parts.setting()].includes(state)) return;
    let always: 'not-asked-for' | 'to-be-kept' | 'kept' = 'not-asked-for';
    for (let first = true; ; first = false) {
      // What broke off is no longer left behind: it is taken up.
      const failures: UrlFailure[] = first ? [] : [...(await this.#quietly())];
      const left = await this.#look(state, failures);
      if (left.length > 0) {
        const choice: Choice | undefined =
          always === 'not-asked-for' && !agreed ? await parts.ask(state, left) : { action: 'update' };
        if (state === 'behind' && choice?.action === 'update' && (parts.position()?.publicUrl ?? null) === null) {
          // The public URL went away while the user was asked, and is looked at again when it comes back.
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

  /** @returns whether it is kept that nobody is to be asked */
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
