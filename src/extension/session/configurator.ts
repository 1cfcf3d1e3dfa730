import * as vscode from 'vscode';
import type { RelayClient } from '../../protocol/relay-client.ts';
import type { Destination, Secrets, SecretsChange, Settings } from '../../protocol/settings.ts';
import type { Status } from '../../protocol/status.ts';
import { atThisWindow } from '../ui/attention.ts';
import { whyHeld } from '../consents/credential-consent.ts';
import type { ConsentQuestion, CredentialConsents, SecretUse } from '../consents/credential-consent.ts';
import type { SecretBox, SecretName } from '../secrets/secrets.ts';
import { sayHeld, sayNotApplied, sayUnusable } from './session-messages.ts';
import { concernsRelay, readSettings, SettingsError } from './settings.ts';
import type { TunnelConsents } from '../consents/public-url-consent.ts';

export interface ConfiguratorParts {
  readonly log: Pick<vscode.LogOutputChannel, 'error'>;
  readonly secrets: SecretBox;
  readonly consents: CredentialConsents;
  readonly tunnels: TunnelConsents;
  readonly onStatus: (client: RelayClient, status: Status) => void;
}

interface Plan {
  readonly settings: Settings;
  /** Secrets that the destinations may use, and all verify keys, which are never sent anywhere. */
  readonly given: readonly SecretName[];
  readonly open: readonly ConsentQuestion[];
}

/**
 * Gives the relay the settings, and only those secrets that its destinations may use. One configuration runs at a time;
 * changes in the meantime go into the next one.
 */
export class Configurator implements vscode.Disposable {
  readonly #parts: ConfiguratorParts;
  readonly #subscriptions: vscode.Disposable[];
  /** When removals were last reported: report each once, because another client may give the secret again. */
  readonly #removalsTold = new WeakMap<RelayClient, string>();
  #client: RelayClient | undefined;
  #running: Promise<unknown> = Promise.resolve();
  #next: Promise<Status> | undefined;
  #plan: Plan | undefined;
  #consented = '';
  /** Destinations no longer in the settings whose waiting notifications need stored secrets. */
  #left: ReadonlySet<string> = new Set();
  /** Dismissed questions: not asked again before the next start. */
  #putOff = new Set<string>();
  #asking = false;
  #said: string | undefined;

  constructor(parts: ConfiguratorParts) {
    this.#parts = parts;
    this.#subscriptions = [
      parts.secrets.onDidChange((secret) => {
        if (this.#concerns(secret)) void this.refresh();
      }),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (concernsRelay(event)) void this.refresh();
      }),
      vscode.workspace.onDidGrantWorkspaceTrust(() => void this.refresh()),
      // Other windows ask too, and don't report the answers.
      vscode.window.onDidChangeWindowState(({ focused }) => {
        if (focused && this.#consented !== parts.consents.fingerprint) void this.refresh();
      }),
    ];
  }

  dispose(): void {
    this.#client = undefined;
    for (const each of this.#subscriptions) each.dispose();
  }

  /**
   * If the settings are invalid, a relay that was already running keeps its own, and the user is told.
   * @throws the relay's refusal
   */
  async begin(client: RelayClient): Promise<Status> {
    this.#client = client;
    this.#putOff.clear();
    this.#said = undefined;
    try {
      return await this.#configure();
    } catch (error) {
      if (!(error instanceof SettingsError)) throw error;
      this.#say(error);
      return client.request('relay/status', {});
    }
  }

  /** Removes secrets that only waiting notifications needed, when none is waiting. */
  follow(client: RelayClient, { destinations }: Status): void {
    if (this.#client !== client) return;
    const left = destinations.filter(
      (each) => !each.configured && each.waiting > 0 && this.#parts.consents.stored(each).length > 0,
    );
    const ids = new Set(left.map(({ destinationId }) => destinationId));
    const isOver = [...this.#left].some((id) => !ids.has(id));
    this.#left = ids;
    if (isOver) void this.refresh();
  }

  end(client: RelayClient): void {
    if (this.#client === client) this.#client = undefined;
  }

  async refresh(): Promise<void> {
    const client = this.#client;
    if (client === undefined) return;
    try {
      const status = await this.#configure();
      this.#said = undefined;
      if (this.#client === client) this.#parts.onStatus(client, status);
      void this.askWhereSecretsGo();
    } catch (error) {
      if (this.#client === client) this.#say(error as Error);
    }
  }

  async askWhereSecretsGo(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    try {
      for (;;) {
        if (this.#nextQuestion() === undefined) return;
        await atThisWindow();
        // Another window may have asked in the meantime.
        if (this.#consented !== this.#parts.consents.fingerprint) await this.refresh();
        const question = this.#nextQuestion();
        if (question === undefined) return;
        const { askForConsent } = await import('../consents/consent-questions.ts');
        const consent = await askForConsent(question);
        if (consent === undefined) this.#putOff.add(keyOf(question));
        else {
          await this.#parts.consents.record(question.uses, consent);
          await this.refresh();
        }
        if (consent !== 'allowed') void sayHeld(new URL(question.url).origin);
      }
    } finally {
      this.#asking = false;
    }
  }

  async chooseConsents(): Promise<void> {
    const open = (this.#plan?.open ?? []).flatMap(({ uses }) => uses);
    const { chooseConsents } = await import('../consents/consent-questions.ts');
    if (await chooseConsents(this.#parts.consents, open)) await this.refresh();
  }

  #configure(): Promise<Status> {
    this.#next ??= this.#running.then(() => {
      this.#next = undefined;
      const given = this.#give();
      this.#running = given.catch(() => undefined);
      return given;
    });
    return this.#next;
  }

  async #give(): Promise<Status> {
    const client = this.#client;
    if (client === undefined) throw new Error('no relay is in use');
    const { secrets, consents } = this.#parts;
    const consented = consents.fingerprint;
    const before = await client.request('relay/status', {});
    const plan = await this.#makePlan(before);
    this.#plan = plan;
    this.#consented = consented;
    const now = new Date().toISOString();
    const since = this.#removalsTold.get(client) ?? before.startedAt;
    const given = [...plan.given, ...this.#neededByWhatWaits(before)];
    const status = await client.request('relay/configure', {
      settings: plan.settings,
      secrets: merged(secrets.removedSince(since), this.#unnamed(given), await secrets.values(given)),
    });
    this.#removalsTold.set(client, now);
    return status;
  }

  async #makePlan(before: Status): Promise<Plan> {
    const { secrets, tunnels } = this.#parts;
    const settings = await readSettings();
    const open: ConsentQuestion[] = [];
    const given: SecretName[] = secrets.names('verifyKeys').map((name) => ({ kind: 'verifyKeys', name }));
    const destinations = settings.destinations.map((destination) => this.#judged(destination, given, open));
    if (destinations.length === 0) destinations.push(sampleDestination(before.settings.destinations));
    return { settings: { ...settings, destinations, tunnel: await tunnels.take(settings.tunnel) }, given, open };
  }

  /** Holds a destination that uses secrets which the user hasn't allowed to be sent there. */
  #judged(destination: Destination, given: SecretName[], open: ConsentQuestion[]): Destination {
    const { consents } = this.#parts;
    const uses = consents.stored(destination);
    const notAllowed = uses.filter((use) => consents.of(use) !== 'allowed');
    if (notAllowed.length === 0) {
      given.push(...uses);
      return destination;
    }
    const undecided = notAllowed.filter((use) => consents.of(use) === undefined);
    if (undecided.length > 0) open.push({ url: destination.url, uses: undecided });
    return { ...destination, held: whyHeld(notAllowed) };
  }

  /** Notifications may be waiting for a destination no longer in the settings: they are still sent, if allowed. */
  #neededByWhatWaits({ destinations }: Status): SecretUse[] {
    const { consents } = this.#parts;
    return destinations.flatMap((destination) => {
      const uses = destination.waiting > 0 ? consents.stored(destination) : [];
      return uses.every((use) => consents.of(use) === 'allowed') ? uses : [];
    });
  }

  /** The relay may have been given these secrets before. */
  #unnamed(given: readonly SecretName[]): SecretsChange {
    const of = (kind: SecretUse['kind']): Record<string, null> => {
      const names = new Set(given.flatMap((each) => (each.kind === kind ? [each.name] : [])));
      const left = this.#parts.secrets.names(kind).filter((name) => !names.has(name));
      return Object.fromEntries(left.map((name) => [name, null]));
    };
    return { signatureKeys: of('signatureKeys'), credentials: of('credentials') };
  }

  #concerns({ kind, name }: SecretName): boolean {
    if (kind === 'verifyKeys' || this.#plan === undefined) return true;
    const field = kind === 'credentials' ? 'credentialsName' : 'signatureKeyName';
    return this.#plan.settings.destinations.some((each) => each[field] === name);
  }

  #nextQuestion(): ConsentQuestion | undefined {
    if (this.#client === undefined) return undefined;
    const { consents } = this.#parts;
    return this.#plan?.open.find(
      (question) => !this.#putOff.has(keyOf(question)) && question.uses.some((use) => consents.of(use) === undefined),
    );
  }

  #say(error: Error): void {
    this.#parts.log.error(`the settings were not applied: ${error.message}`);
    if (error instanceof SettingsError) {
      const [problem] = error.problems;
      if (problem !== undefined) void sayUnusable(problem);
      return;
    }
    const { code } = error as { code?: unknown };
    // The connection has ended (the library's own codes are numbers), which the session reports.
    if (typeof code === 'number' || code === 'connection-lost' || error.message === this.#said) return;
    this.#said = error.message;
    void sayNotApplied(error, () => {
      this.#said = undefined;
      void this.refresh();
    });
  }
}

function sampleDestination(before: readonly Destination[]): Destination {
  const url = 'http://127.0.0.1/sample-receiver';
  const fresh: Destination = { id: 'sample-receiver', url, mode: 'normalized', timeoutMs: 10_000, sample: 'ok' };
  return before.find(({ sample }) => sample !== undefined) ?? fresh;
}

function keyOf({ url, uses }: ConsentQuestion): string {
  return JSON.stringify([url, uses]);
}

function merged(...changes: readonly (SecretsChange | Secrets)[]): SecretsChange {
  const of = <Kind extends keyof SecretsChange>(kind: Kind): SecretsChange[Kind] =>
    Object.assign({}, ...changes.map((each) => each[kind])) as SecretsChange[Kind];
  return { signatureKeys: of('signatureKeys'), verifyKeys: of('verifyKeys'), credentials: of('credentials') };
}
