import { z } from 'zod';
import { vendorErrors } from './vendor-error.ts';

const customFieldTypes = ['Text', 'Number', 'MultiSelectOne', 'MultiSelectMany', 'Date', 'Country', 'USState'] as const;
type CustomFieldType = (typeof customFieldTypes)[number];

export interface CustomField {
  readonly name: string;
  readonly type: CustomFieldType;
  /** Empty unless the type is MultiSelectOne or MultiSelectMany. */
  readonly options: readonly string[];
  readonly visible: boolean;
}

const nameSchema = z.string().trim().min(1).max(250);
const typeSchema = z.enum(customFieldTypes);
const optionsSchema = z.array(z.string().trim().min(1).max(250)).nullish();
const visibleSchema = z.boolean().default(true);

export class CustomFields {
  readonly #byKey: Map<string, CustomField>;

  constructor(fields: readonly CustomField[] = []) {
    this.#byKey = new Map(fields.map((field) => [keyOf(field.name).toLowerCase(), field]));
  }

  answer(): object[] {
    return [...this.#byKey.values()].map(({ name, type, options, visible }) => ({
      FieldName: name,
      Key: keyOf(name),
      DataType: type,
      FieldOptions: options,
      VisibleInPreferenceCenter: visible,
    }));
  }

  /** @param given the field's name or its key, with or without brackets; an unknown one is kept */
  nameOf(given: string): string {
    const bare = given.replace(/^\[(.*)\]$/s, '$1');
    return this.#byKey.get(keyOf(bare).toLowerCase())?.name ?? bare;
  }

  takesSeveral(name: string): boolean {
    return this.#byKey.get(keyOf(name).toLowerCase())?.type === 'MultiSelectMany';
  }

  /** @returns the key @throws VendorError 254, 255, 259, 256 or 257, in this order */
  add(body: unknown): string {
    const given = fieldsOf(body);
    const name = readName(given['FieldName']);
    if (this.#byKey.has(keyOf(name).toLowerCase())) throw vendorErrors.duplicateFieldName();
    const type = typeSchema.safeParse(given['DataType']);
    if (!type.success) throw vendorErrors.invalidDataType();
    const options = readOptions(given['Options']);
    const isChoice = type.data.startsWith('MultiSelect');
    if (!isChoice && options.length > 0) throw vendorErrors.needlessOptions();
    if (isChoice && options.length === 0) throw vendorErrors.missingOptions();
    const visible = readVisible(given['VisibleInPreferenceCenter']);
    this.#byKey.set(keyOf(name).toLowerCase(), { name, type: type.data, options, visible });
    return keyOf(name);
  }

  /** Stores nothing: see {@link replace}. @throws VendorError 253, 254 or 255 */
  changed(key: string, body: unknown): { before: CustomField; after: CustomField } {
    const before = this.find(key);
    const given = fieldsOf(body);
    const name = readName(given['FieldName']);
    const other = this.#byKey.get(keyOf(name).toLowerCase());
    if (other !== undefined && other !== before) throw vendorErrors.duplicateFieldName();
    return { before, after: { ...before, name, visible: readVisible(given['VisibleInPreferenceCenter']) } };
  }

  replace(before: CustomField, after: CustomField): string {
    const others = [...this.#byKey].map(([key, field]): [string, CustomField] =>
      field === before ? [keyOf(after.name).toLowerCase(), after] : [key, field],
    );
    this.#byKey.clear();
    for (const [key, field] of others) this.#byKey.set(key, field);
    return keyOf(after.name);
  }

  setOptions(key: string, body: unknown): void {
    const field = this.find(key);
    const given = fieldsOf(body);
    const options = readOptions(given['Options']);
    if (!field.type.startsWith('MultiSelect')) throw vendorErrors.needlessOptions();
    if (options.length === 0) throw vendorErrors.missingOptions();
    const kept = given['KeepExistingOptions'] === true ? field.options : [];
    this.replace(field, { ...field, options: [...new Set([...kept, ...options])] });
  }

  remove(key: string): CustomField {
    const field = this.find(key);
    this.#byKey.delete(keyOf(field.name).toLowerCase());
    return field;
  }

  /** @throws VendorError 253 for a key without brackets, or an unknown one */
  find(key: string): CustomField {
    const field = /^\[.*\]$/s.test(key) ? this.#byKey.get(key.toLowerCase()) : undefined;
    if (field === undefined) throw vendorErrors.invalidFieldKey();
    return field;
  }
}

/** `[subscriptiondate]` for `subscription date` [vendor]. Keeps letters and digits [inferred]. */
function keyOf(name: string): string {
  return `[${name.replace(/[^\p{L}\p{N}_]/gu, '')}]`;
}

function fieldsOf(body: unknown): Partial<Record<string, unknown>> {
  return z.record(z.string(), z.unknown()).safeParse(body).data ?? {};
}

function readName(given: unknown): string {
  const name = nameSchema.safeParse(given);
  if (!name.success || keyOf(name.data) === '[]') throw vendorErrors.invalidFieldName();
  return name.data;
}

function readOptions(given: unknown): string[] {
  const options = optionsSchema.safeParse(given);
  if (!options.success) throw vendorErrors.unreadableBody(400, z.prettifyError(options.error));
  return [...new Set(options.data ?? [])];
}

function readVisible(given: unknown): boolean {
  const visible = visibleSchema.safeParse(given);
  if (!visible.success) throw vendorErrors.unreadableBody(400, z.prettifyError(visible.error));
  return visible.data;
}

export const sampleCustomFields: readonly CustomField[] = [
  { name: 'website', type: 'Text', options: [], visible: true },
  { name: 'Company', type: 'Text', options: [], visible: true },
  { name: 'birthday', type: 'Date', options: [], visible: true },
  { name: 'orders', type: 'Number', options: [], visible: false },
  {
    name: 'interests',
    type: 'MultiSelectMany',
    options: ['Poetry', 'History', 'Cooking & baking', 'Crime'],
    visible: true,
  },
];
