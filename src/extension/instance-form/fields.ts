/** What the form's fields mean: where a form begins, and what an instance's input is made of. */
import { baseUrlOf, regions } from '../../open-connectors/host.ts';
import { buildInstanceBody, parseListIds } from '../../open-connectors/instance-body.ts';
import { checkInstanceInput } from '../../open-connectors/instance-check.ts';
import { maskInstanceBody } from '../../open-connectors/instance-mask.ts';
import type { InstanceInput } from '../../open-connectors/instance-body.ts';
import type { InstanceProblemCode } from '../../open-connectors/instance-check.ts';
import type { FieldName, FormFields, SecretField } from './messages.ts';

/** The value of the region's field, and of the host's setting, that means the sandbox on this machine. */
export const sandboxRegion = 'sandbox';
/** The value of the region's field that means the host typed beside it. */
export const otherRegion = 'other';

/** The secrets that were typed or generated in this form. */
export type TypedSecrets = Readonly<Partial<Record<SecretField, string>>>;

/** What is wrong with a field; see {@link InstanceProblemCode} for the codes of an instance's input. */
export interface FormProblem {
  readonly field: FieldName;
  readonly severity: 'error' | 'warning';
  readonly code: InstanceProblemCode | 'not-a-host' | 'not-headers';
  readonly value?: string;
}

/** A form in which nothing has been filled in, for the host of the settings. */
export function emptyFields(host: string, oauthCallbackUrl: string): FormFields {
  return {
    ...regionOf(host),
    name: '',
    tags: '',
    authentication: 'oauth',
    apiKey: '',
    oauthCallbackUrl,
    eventsEnabled: true,
    callbackUrl: '',
    listIds: '',
    signDirect: false,
    basicUsername: '',
  };
}

/** The region's field, and the host's beside it, for a host of the settings. */
export function regionOf(host: string): Pick<FormFields, 'region' | 'host'> {
  if (host === sandboxRegion) return { region: sandboxRegion, host: '' };
  const known = regions.find((region) => region.host === host);
  return known === undefined ? { region: otherRegion, host } : { region: known.id, host: '' };
}

/** The host that the fields name, as the setting has it; undefined where it is none. */
export function hostOf({ region, host }: Pick<FormFields, 'region' | 'host'>): string | undefined {
  if (region === sandboxRegion) return sandboxRegion;
  const known = regions.find(({ id }) => id === region);
  if (known !== undefined) return known.host;
  try {
    baseUrlOf(host);
    return host.trim();
  } catch {
    return undefined;
  }
}

/**
 * The input of an instance. What belongs to another choice (events off, another authentication) is left out, whatever
 * still stands in its fields.
 */
export function instanceInput(fields: FormFields, secrets: TypedSecrets): InstanceInput {
  const { eventsEnabled } = fields;
  const oauth = fields.authentication === 'oauth';
  return {
    name: fields.name,
    tags: parseTags(fields.tags),
    authentication: fields.authentication,
    oauthCallbackUrl: oauth ? fields.oauthCallbackUrl : '',
    apiKey: oauth ? fields.apiKey : '',
    apiSecret: oauth ? (secrets.apiSecret ?? '') : '',
    code: '',
    ...(!oauth && { username: secrets.campaignMonitorApiKey ?? '' }),
    eventsEnabled,
    callbackUrl: eventsEnabled ? fields.callbackUrl : '',
    listIds: eventsEnabled ? parseListIds(fields.listIds) : [],
    ...(eventsEnabled && {
      signatureKey: secrets.signatureKey ?? '',
      basicUsername: fields.basicUsername,
      basicPassword: secrets.basicPassword ?? '',
      callbackHeaders: parseHeaders(secrets.callbackHeaders ?? '') ?? {},
    }),
  };
}

/** Tags as typed: separated by commas; blanks around them and empty ones do not count. */
export function parseTags(text: string): string[] {
  return text
    .split(',')
    .map((tag) => tag.trim())
    .filter((tag) => tag !== '');
}

/** Headers as typed, a JSON object of texts; undefined where it is something else. */
export function parseHeaders(text: string): Readonly<Record<string, string>> | undefined {
  if (text.trim() === '') return {};
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return undefined;
    return Object.values(parsed).every((value) => typeof value === 'string')
      ? (parsed as Record<string, string>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** The field of the form that a field of the input is typed into. */
const fieldNames: Partial<Record<keyof InstanceInput, FieldName>> = { username: 'campaignMonitorApiKey' };

/**
 * Everything that is wrong with the form, the first of each field.
 * @param stored whether the platform's secrets for this host are kept already
 */
export function checkForm(fields: FormFields, secrets: TypedSecrets, stored: boolean): FormProblem[] {
  const problems: FormProblem[] = [];
  if (hostOf(fields) === undefined)
    problems.push({ field: 'host', severity: 'error', code: fields.host.trim() === '' ? 'missing' : 'not-a-host' });
  // Both are kept together: with one typed anew the other is needed, too.
  const missing = (['userSecret', 'organizationSecret'] as const).filter((name) => (secrets[name] ?? '').trim() === '');
  if (!(stored && missing.length === 2))
    for (const field of missing) problems.push({ field, severity: 'error', code: 'missing' });
  if (fields.eventsEnabled && parseHeaders(secrets.callbackHeaders ?? '') === undefined)
    problems.push({ field: 'callbackHeaders', severity: 'error', code: 'not-headers' });
  for (const { field, ...rest } of checkInstanceInput(instanceInput(fields, secrets))) {
    if (field === 'code') continue;
    // The sandbox reaches this machine.
    if (rest.code === 'loopback-url' && fields.region === sandboxRegion) continue;
    problems.push({ ...rest, field: fieldNames[field] ?? (field as FieldName) });
  }
  // An error stands before a warning; of several the first is enough.
  problems.sort((one, other) => Number(one.severity === 'warning') - Number(other.severity === 'warning'));
  return problems.filter(({ field }, index) => problems.findIndex((each) => each.field === field) === index);
}

/** The body of `POST /instances` for the eyes: secrets masked. */
export function previewOf(fields: FormFields, secrets: TypedSecrets): string {
  return JSON.stringify(maskInstanceBody(buildInstanceBody(instanceInput(fields, secrets))), null, 2);
}
