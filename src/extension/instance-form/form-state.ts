/** Open Connectors' secrets belong to one host, and the sandbox's values to the sandbox. */
import { hostOf, sandboxRegion, type TypedSecrets } from './fields.ts';
import type { CreatedInstance, FormFields, SecretField } from './messages.ts';

type OtherFields = Partial<Omit<FormFields, 'region' | 'host'>>;

export interface SandboxValues {
  readonly fields: OtherFields;
  /** Fills only empty fields. */
  readonly proposed: Partial<Pick<FormFields, 'name' | 'listIds'>>;
  readonly secrets: TypedSecrets;
}

interface FilledIn {
  readonly fields: OtherFields;
  readonly secrets: TypedSecrets;
  readonly before: FormFields;
}

export class FormState {
  #fields: FormFields;
  /** In memory only. */
  #typed: TypedSecrets = {};
  #stored = false;
  #filledIn: FilledIn | undefined;
  created: CreatedInstance | undefined;

  constructor(fields: FormFields) {
    this.#fields = fields;
  }

  get fields(): FormFields {
    return this.#fields;
  }

  get typed(): TypedSecrets {
    return this.#typed;
  }

  get stored(): boolean {
    return this.#stored;
  }

  get host(): string | undefined {
    return hostOf(this.#fields);
  }

  get isSandbox(): boolean {
    return this.#fields.region === sandboxRegion;
  }

  /** If the host changes, removes Open Connectors' secrets and unchanged sandbox values, and returns true. */
  change(fields: FormFields): boolean {
    const { host, isSandbox } = this;
    this.#fields = fields;
    if (this.host === host) return false;
    this.#forgetPlatform();
    if (isSandbox) this.#takeBack();
    return true;
  }

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

  /** @param host ignored if the user has chosen another host in the meantime */
  setStored(host: string | undefined, stored: boolean): void {
    if (host === this.host) this.#stored = stored;
  }

  /** Undefined unless both were typed, and for the sandbox. */
  platformSecrets(): Readonly<Record<'host' | 'userSecret' | 'organizationSecret', string>> | undefined {
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
