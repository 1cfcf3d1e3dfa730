/**
 * What the form holds: its fields, the secrets that were typed or generated in it, and the instance that was made of
 * them. Whose the secrets are is decided here: those of the platform are of one host, and what the sandbox filled in is
 * of the sandbox.
 */
import { hostOf, sandboxRegion } from './fields.ts';
import type { TypedSecrets } from './fields.ts';
import type { CreatedInstance, FormFields, SecretField } from './messages.ts';

/** Fields that name no host. */
type OtherFields = Partial<Omit<FormFields, 'region' | 'host'>>;

/** What the sandbox fills in beside the region. */
export interface SandboxValues {
  readonly fields: OtherFields;
  /** What stands in fields that are empty alone. */
  readonly proposed: Partial<Pick<FormFields, 'name' | 'listIds'>>;
  readonly secrets: TypedSecrets;
}

/** What the sandbox filled in, and what stood there before. */
interface FilledIn {
  readonly fields: OtherFields;
  readonly secrets: TypedSecrets;
  readonly before: FormFields;
}

/** The platform's secrets, and the host that they are of. */
export interface TypedPlatformSecrets {
  readonly host: string;
  readonly userSecret: string;
  readonly organizationSecret: string;
}

export class FormState {
  #fields: FormFields;
  /** In memory alone. */
  #typed: TypedSecrets = {};
  #stored = false;
  #filledIn: FilledIn | undefined;
  /** The instance that was made of the fields, while its page stands in their place. */
  created: CreatedInstance | undefined;

  constructor(fields: FormFields) {
    this.#fields = fields;
  }

  get fields(): FormFields {
    return this.#fields;
  }

  /** The secrets that were typed or generated in this form. */
  get typed(): TypedSecrets {
    return this.#typed;
  }

  /** Whether the platform's secrets of the host are kept already. */
  get stored(): boolean {
    return this.#stored;
  }

  /** The host that the fields name; undefined where they name none. */
  get host(): string | undefined {
    return hostOf(this.#fields);
  }

  get isSandbox(): boolean {
    return this.#fields.region === sandboxRegion;
  }

  /**
   * Takes fields as they were typed. Of another host the platform's secrets are others, and what the sandbox filled in
   * goes with it, as far as it still stands there.
   * @returns whether the host is another
   */
  change(fields: FormFields): boolean {
    const { host, isSandbox } = this;
    this.#fields = fields;
    if (this.host === host) return false;
    this.#forgetPlatform();
    if (isSandbox) this.#takeBack();
    return true;
  }

  /** Fills in what the sandbox says, in place of what stands there. */
  fillFromSandbox({ fields: said, proposed, secrets }: SandboxValues): void {
    this.#takeBack();
    const before = this.#fields;
    const wanted = Object.entries(proposed).filter(([name]) => before[name as keyof typeof proposed].trim() === '');
    const fields: OtherFields = { ...said, ...Object.fromEntries(wanted) };
    this.#fields = { ...before, region: sandboxRegion, host: '', ...fields };
    this.#typed = { ...this.#typed, ...secrets };
    this.#filledIn = { fields, secrets, before };
    this.#forgetPlatform();
    this.#stored = true;
  }

  fill(change: OtherFields): void {
    this.#fields = { ...this.#fields, ...change };
  }

  type(field: SecretField, value: string): void {
    this.#typed = { ...this.#typed, [field]: value };
  }

  forget(...fields: readonly SecretField[]): void {
    this.#typed = without(this.#typed, (field) => fields.includes(field));
  }

  /** @param host of which that was found out: whoever chose another one meanwhile has seen to its secrets */
  setStored(host: string | undefined, stored: boolean): void {
    if (host === this.host) this.#stored = stored;
  }

  /** The platform's secrets, to be kept, where both have been typed; the sandbox brings its own. */
  platformSecrets(): TypedPlatformSecrets | undefined {
    const { host } = this;
    const userSecret = this.#typed.userSecret?.trim() ?? '';
    const organizationSecret = this.#typed.organizationSecret?.trim() ?? '';
    if (host === undefined || this.isSandbox || userSecret === '' || organizationSecret === '') return undefined;
    return { host, userSecret, organizationSecret };
  }

  #forgetPlatform(): void {
    this.forget('userSecret', 'organizationSecret');
    this.#stored = false;
  }

  #takeBack(): void {
    const filledIn = this.#filledIn;
    if (filledIn === undefined) return;
    this.#filledIn = undefined;
    const untouched = Object.entries(filledIn.fields)
      .filter(([name, value]) => this.#fields[name as keyof FormFields] === value)
      .map(([name]) => [name, filledIn.before[name as keyof FormFields]]);
    this.#fields = { ...this.#fields, ...(Object.fromEntries(untouched) as Partial<FormFields>) };
    this.#typed = without(this.#typed, (field, value) => filledIn.secrets[field] === value);
  }
}

function without(secrets: TypedSecrets, leaves: (field: SecretField, value: string) => boolean): TypedSecrets {
  return Object.fromEntries(Object.entries(secrets).filter(([field, value]) => !leaves(field as SecretField, value)));
}
