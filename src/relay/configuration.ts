/** Settings are written to disk and applied to every part of the relay together, or not at all. */
import { nameOfSecret } from '../common/secret-name.ts';
import type { StagedFile } from '../common/staged-file.ts';
import type { Params } from '../protocol/methods.ts';
import { settingsSchema, type SecretsChange, type Settings, type TunnelConfig } from '../protocol/settings.ts';
import { ConflictError } from '../protocol/errors.ts';
import { StoreError } from './log/database.ts';
import type { Forwarder } from './sending/forwarder.ts';
import type { Ingress, IngressLimits } from './receiving/ingress.ts';
import type { HoldsDestination, StoredSettings } from './log/stored-destinations.ts';
import { renderSettingsOf, type Reception } from './receiving/reception.ts';
import { stageRemembered, withDestinations, withNewSecret, withPublicUrl, type Remembered } from './remembered.ts';
import type { SampleReceiver } from './sample-receiver.ts';
import type { Store } from './log/store.ts';

export interface ConfigurationOptions {
  readonly dataDir: string;
  readonly settings: Settings;
  readonly remembered: Remembered;
  readonly store: Store;
  readonly forwarder: Forwarder;
  readonly reception: Reception;
  readonly ingress: Ingress;
  readonly sampleReceiver: Pick<SampleReceiver, 'placed'>;
  readonly limits: Partial<IngressLimits>;
  log(level: 'warn', message: string): void;
}

export class Configuration {
  readonly #options: ConfigurationOptions;
  #settings: Settings;
  #remembered: Remembered;
  #changing: Promise<unknown> = Promise.resolve();

  constructor(options: ConfigurationOptions) {
    this.#options = options;
    this.#settings = options.settings;
    this.#remembered = options.remembered;
  }

  get settings(): Settings {
    return this.#settings;
  }

  get remembered(): Remembered {
    return this.#remembered;
  }

  begin(port: number, settings: Settings, secrets: SecretsChange): void {
    this.#remembered = { ...this.#remembered, port };
    this.#apply(settings, secrets);
  }

  /** @returns the previous settings @throws ConflictError, StoreError or ZodError: then nothing has changed */
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
   * @param replaces name of the current secret, so that two concurrent requests don't create two @throws ConflictError
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

  /** Vendors may be given this URL. */
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
    // From here on, nothing can fail.
    this.#settings = settings;
    this.#remembered = remembered;
    forwarder.configure(settings, kept, secrets);
    reception.configure(settings, kept.renderSettingsId, forwarder.configured, secrets.verifyKeys);
    ingress.setLimits({ ...limitsOf(settings), ...limits });
    store.setRetention(settings.retention);
  }

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
      // Undoing may fail too; report the first failure.
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

function unwritten(error: unknown): StoreError {
  const { code, message } = error as NodeJS.ErrnoException;
  const isFull = code === 'ENOSPC' || code === 'EDQUOT';
  return new StoreError(`cannot write relay.json: ${message}`, isFull ? 'make-room' : 'check-data-directory', error);
}

export function limitsOf(
  settings: Settings,
): Pick<IngressLimits, 'maxBodyBytes' | 'maxBodiesBytes' | 'maxUncommitted'> {
  const { maxBodyBytes, maxBodiesBytes, maxUncommitted } = settings;
  return { maxBodyBytes, maxBodiesBytes, maxUncommitted };
}
