/** The settings in force. They are put on disk and into every station together, or not at all. */
import { nameOfSecret } from '../common/secret-name.ts';
import type { StagedFile } from '../common/staged-file.ts';
import type { Params } from '../protocol/methods.ts';
import { settingsSchema } from '../protocol/settings.ts';
import type { SecretsChange, Settings, TunnelConfig } from '../protocol/settings.ts';
import { ConflictError } from '../protocol/errors.ts';
import { StoreError } from './log/database.ts';
import type { Forwarder } from './sending/forwarder.ts';
import type { Ingress, IngressLimits } from './receiving/ingress.ts';
import type { HoldsDestination, StoredSettings } from './log/stored-destinations.ts';
import { renderSettingsOf } from './receiving/reception.ts';
import type { Reception } from './receiving/reception.ts';
import { stageRemembered, withDestinations, withNewSecret, withPublicUrl } from './remembered.ts';
import type { Remembered } from './remembered.ts';
import type { SampleReceiver } from './sample-receiver.ts';
import type { Store } from './log/store.ts';

export interface ConfigurationOptions {
  readonly dataDir: string;
  /** What the relay begins with; in force once {@link Configuration.begin} was called. */
  readonly settings: Settings;
  readonly remembered: Remembered;
  readonly store: Store;
  readonly forwarder: Forwarder;
  readonly reception: Reception;
  readonly ingress: Ingress;
  readonly sampleReceiver: Pick<SampleReceiver, 'placed'>;
  /** Other limits than the settings', for tests. */
  readonly limits: Partial<IngressLimits>;
  log(level: 'warn', message: string): void;
}

/** Keeps settings, and gives them to the stations. */
export class Configuration {
  readonly #options: ConfigurationOptions;
  #settings: Settings;
  #remembered: Remembered;
  /** The last change: each begins with what the one before has put in force. */
  #changing: Promise<unknown> = Promise.resolve();

  constructor(options: ConfigurationOptions) {
    this.#options = options;
    this.#settings = options.settings;
    this.#remembered = options.remembered;
  }

  /** Those in force. */
  get settings(): Settings {
    return this.#settings;
  }

  /** What the data directory remembers. */
  get remembered(): Remembered {
    return this.#remembered;
  }

  /**
   * Puts in force what the relay begins with.
   * @param port where the webhook endpoint listens, to be remembered
   * @param settings those at the start, with the receiver's URL in place
   * @throws ConflictError or StoreError
   */
  begin(port: number, settings: Settings, secrets: SecretsChange): void {
    this.#remembered = { ...this.#remembered, port };
    this.#apply(settings, secrets);
  }

  /**
   * Puts changed settings and secrets in force, after those that were asked for before.
   * @returns the settings that were in force until then
   * @throws ConflictError, StoreError or ZodError where something of them cannot be used or kept: nothing has changed
   *   then, which the message says
   */
  change(params: Params<'relay/configure'>): Promise<Settings> {
    const change = (): Promise<Settings> => this.#change(params);
    const changed = this.#changing.then(change, change);
    this.#changing = changed;
    return changed;
  }

  async #change({ settings, secrets }: Params<'relay/configure'>): Promise<Settings> {
    const parsed = settingsSchema.parse({ ...this.#settings, ...settings });
    const changed = await this.#options.sampleReceiver.placed(parsed);
    const before = this.#settings;
    try {
      this.#apply(changed, secrets ?? {});
      return before;
    } catch (error) {
      const said = `the settings were not changed: ${(error as Error).message}`;
      if (error instanceof StoreError) throw new StoreError(said, error.advice, error);
      if (error instanceof ConflictError) throw new ConflictError(said, error.advice);
      throw error;
    }
  }

  /**
   * Another secret from now on: it is on disk, and the webhook endpoint knows it alone.
   * @param replaces the name of the one that is to go, so that two who ask at a time do not make two
   * @throws ConflictError where it has gone already; StoreError where the new one cannot be kept: nothing has changed then
   */
  renewSecret(replaces: string): void {
    const { dataDir, ingress } = this.#options;
    if (replaces !== nameOfSecret(this.#remembered.secret)) {
      throw new ConflictError('the secret URL has changed in the meantime', 'see-url');
    }
    const renewed = withNewSecret(this.#remembered);
    let staged: StagedFile | undefined;
    try {
      staged = stageRemembered(dataDir, renewed);
      staged.put();
    } catch (error) {
      staged?.discard();
      const { message, advice } = unwritten(error);
      throw new StoreError(`the secret URL was not changed: ${message}`, advice, error);
    }
    this.#remembered = renewed;
    ingress.useSecret(renewed.secret);
  }

  /** The tunnel made a URL public, which may be given to vendors: it is known as this relay's from now on. */
  rememberPublicUrl(url: string): void {
    const remembered = withPublicUrl(this.#remembered, url.replace(/\/$/, ''));
    if (remembered === this.#remembered) return;
    this.#remembered = remembered;
    try {
      stageRemembered(this.#options.dataDir, remembered).put();
    } catch (error) {
      this.#options.log('warn', `could not remember the public URL: ${(error as Error).message}`);
    }
  }

  /** Another tunnel from now on, which no station needs to know of and nothing remembers. */
  useTunnel(tunnel: TunnelConfig): void {
    this.#settings = { ...this.#settings, tunnel };
  }

  #apply(settings: Settings, secrets: SecretsChange): void {
    const { store, forwarder, reception, ingress, limits } = this.#options;
    try {
      forwarder.check(settings);
    } catch (error) {
      throw new ConflictError(`the proxy does not work: ${(error as Error).message}`, 'check-proxy');
    }
    const remembered = withDestinations(this.#remembered, settings.destinations);
    const kept = this.#keep(settings, remembered, forwarder.heldAfter(secrets));
    // From here on nothing can fail.
    this.#settings = settings;
    this.#remembered = remembered;
    forwarder.configure(settings, kept, secrets);
    reception.configure(settings, kept.renderSettingsId, forwarder.configured, secrets.verifyKeys);
    ingress.setLimits({ ...limitsOf(settings), ...limits });
    store.setRetention(settings.retention);
  }

  /** Puts settings on disk: in the store and in what is remembered, or in neither. @throws StoreError */
  #keep(settings: Settings, remembered: Remembered, heldBy: HoldsDestination): StoredSettings {
    const { dataDir, store } = this.#options;
    let staged: StagedFile | undefined;
    let kept: StoredSettings | undefined;
    try {
      staged = stageRemembered(dataDir, remembered);
      kept = store.destinations.keepSettings(settings.destinations, renderSettingsOf(settings), heldBy);
      staged.put();
      return kept;
    } catch (error) {
      // It may be that neither can be written now; what failed first is what is told.
      for (const undo of [() => kept?.undo(), () => staged?.discard()]) {
        try {
          undo();
        } catch (failure) {
          this.#options.log('warn', `could not undo a change: ${(failure as Error).message}`);
        }
      }
      throw error instanceof StoreError ? error : unwritten(error);
    }
  }
}

/** What is remembered cannot be written. */
function unwritten(error: unknown): StoreError {
  const { code, message } = error as NodeJS.ErrnoException;
  const isFull = code === 'ENOSPC' || code === 'EDQUOT';
  return new StoreError(`cannot write relay.json: ${message}`, isFull ? 'make-room' : 'check-data-directory', error);
}

/** Of the settings, what bounds the webhook endpoint. */
export function limitsOf(
  settings: Settings,
): Pick<IngressLimits, 'maxBodyBytes' | 'maxBodiesBytes' | 'maxUncommitted'> {
  const { maxBodyBytes, maxBodiesBytes, maxUncommitted } = settings;
  return { maxBodyBytes, maxBodiesBytes, maxUncommitted };
}
