import { baseUrlOf, regions } from '../../open-connectors/host.ts';
import { buildInstanceBody, parseListIds, type InstanceInput } from '../../open-connectors/instance-body.ts';
import { checkInstanceInput, type InstanceProblemCode } from '../../open-connectors/instance-check.ts';
import { maskInstanceBody } from '../../open-connectors/instance-mask.ts';
import type { FieldName, FormFields, SecretField } from './messages.ts';

/** Value of the region field and of the host setting for the sandbox. */
export const sandboxRegion = 'sandbox';
export const otherRegion = 'other';

export type TypedSecrets = Readonly<Partial<Record<SecretField, string>>>;

export interface FormProblem {
  readonly field: FieldName;
  readonly severity: 'error' | 'warning';
  readonly code: InstanceProblemCode | 'not-a-host' | 'not-headers';
  readonly value?: string;
}

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

export function regionOf(host: string): Pick<FormFields, 'region' | 'host'> {
  if (host === sandboxRegion) return { region: sandboxRegion, host: '' };
  const known = regions.find((region) => region.host === host);
  return known === undefined ? { region: otherRegion, host } : { region: known.id, host: '' };
}

/** In the form of the host setting; undefined if invalid. */
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

/** Omits fields that the current choices hide. */
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

export function parseTags(text: string): string[] {
  return text
    .split(',')
    .map((tag) => tag.trim())
    .filter((tag) => tag !== '');
}

/** Undefined if `text` isn't a JSON object of strings. */
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

const fieldNames: Partial<Record<keyof InstanceInput, FieldName>> = { username: 'campaignMonitorApiKey' };

/** The first problem of each field. @param stored whether Open Connectors' secrets for this host are already stored */
export function checkForm(fields: FormFields, secrets: TypedSecrets, stored: boolean): FormProblem[] {
  const problems: FormProblem[] = [];
  if (hostOf(fields) === undefined)
    problems.push({ field: 'host', severity: 'error', code: fields.host.trim() === '' ? 'missing' : 'not-a-host' });
  // They are stored together: if one is typed, both are required.
  const missing = (['userSecret', 'organizationSecret'] as const).filter((name) => (secrets[name] ?? '').trim() === '');
  if (!(stored && missing.length === 2))
    for (const field of missing) problems.push({ field, severity: 'error', code: 'missing' });
  if (fields.eventsEnabled && parseHeaders(secrets.callbackHeaders ?? '') === undefined)
    problems.push({ field: 'callbackHeaders', severity: 'error', code: 'not-headers' });
  for (const { field, ...rest } of checkInstanceInput(instanceInput(fields, secrets))) {
    if (field === 'code') continue;
    if (rest.code === 'loopback-url' && fields.region === sandboxRegion) continue;
    problems.push({ ...rest, field: fieldNames[field] ?? (field as FieldName) });
  }
  problems.sort((one, other) => Number(one.severity === 'warning') - Number(other.severity === 'warning'));
  return problems.filter(({ field }, index) => problems.findIndex((each) => each.field === field) === index);
}

export function previewOf(fields: FormFields, secrets: TypedSecrets): string {
  return JSON.stringify(maskInstanceBody(buildInstanceBody(instanceInput(fields, secrets))), null, 2);
}
