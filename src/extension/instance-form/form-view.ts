import { say } from '../../common/say.ts';
import type * as client from '../deferred.ts';
import type { Session } from '../session/session.ts';
import type { FormState } from './form-state.ts';
import type { FieldNote, FormView, Region, FieldName } from './messages.ts';
import { formTexts } from './texts.ts';
import type { FormProblem } from './fields.ts';

export function viewOfFields(
  { checkForm, previewOf }: Pick<typeof client, 'checkForm' | 'previewOf'>,
  { fields, typed, stored }: Pick<FormState, 'fields' | 'typed' | 'stored'>,
): Pick<FormView, 'notes' | 'secretsSet' | 'preview' | 'blocked'> {
  const problems = checkForm(fields, typed, stored);
  const errors = problems.filter(({ severity }) => severity === 'error');
  const notes = Object.fromEntries(
    problems.map((problem): [string, FieldNote] => [
      problem.field,
      { severity: problem.severity, text: problemText(problem), empty: problem.code === 'missing' },
    ]),
  );
  const set = Object.entries(typed).filter(([, value]) => value !== '');
  return {
    notes,
    secretsSet: {
      ...(stored && { userSecret: true, organizationSecret: true }),
      ...Object.fromEntries(set.map(([field]) => [field, true])),
    },
    preview: previewOf(fields, typed),
    blocked:
      errors.length === 0
        ? undefined
        : say('Fill in or fix: {0}.', errors.map(({ field }) => fieldLabel(field) ?? field).join(', ')),
  };
}

export function offeredRegions({
  regions,
  otherRegion,
  sandboxRegion,
}: Pick<typeof client, 'regions' | 'otherRegion' | 'sandboxRegion'>): Region[] {
  return [
    ...regions.map(({ id, label, host }) => ({ id, label: `${label} (${host})` })),
    { id: otherRegion, label: formTexts().otherRegion },
    { id: sandboxRegion, label: say('Sandbox on this machine') },
  ];
}

export function problemText({ field, code, value = '' }: FormProblem): string {
  return {
    missing: missingText(field),
    'surrounding-space': say('Remove the space at the beginning or end.'),
    'not-a-host': say('Not a valid host. Enter a host name or an https:// URL.'),
    'not-a-url': say('Not a valid URL. Enter a full URL, such as https://example.com/callback.'),
    'not-http': say('Use an http or https URL.'),
    'url-with-fragment': say('Remove # and everything after it. This part of a URL is never sent.'),
    'url-with-credentials': say(
      'Remove the user name and password from the URL. Anyone who sees the URL can read them.',
    ),
    'loopback-url': say(
      'This URL points to this machine, which only the sandbox can reach. For Open Connectors, use a public URL.',
    ),
    'private-url': say('This URL points to a private network, which Open Connectors can’t reach. Use a public URL.'),
    'unencrypted-url': say('With http, subscriber names and addresses are sent unencrypted. Use https.'),
    'not-a-list-id': say('“{0}” isn’t a list ID. A list ID has 32 characters: digits and a to f.', value),
    'duplicate-list-id': say('The list {0} appears twice.', value),
    'empty-tag': say('Remove the empty tag.'),
    'duplicate-tag': say('The tag “{0}” appears twice.', value),
    'short-key': say('This key is short and could be guessed. Generate one.'),
    'not-headers': say('Enter headers as a JSON object with text values.'),
    'not-a-header-name': say('“{0}” isn’t a valid header name. Use only letters, digits, and hyphens.', value),
    'not-a-header-value': say(
      'The value of {0} contains a character that headers don’t allow, such as a line break. Remove the character.',
      value,
    ),
    'duplicate-header': say('The header {0} appears twice.', value),
  }[code];
}

function missingText(field: FieldName): string {
  const texts: Partial<Record<FieldName, string>> = {
    name: say('Enter a name for the instance.'),
    callbackUrl: say('Enter a callback URL, or turn events off.'),
    listIds: say('Choose at least one list, or turn events off.'),
    basicUsername: say('Enter a user name for the password.'),
  };
  return texts[field] ?? say('Required.');
}

function fieldLabel(field: FieldName): string | undefined {
  const labels: Partial<Record<FieldName, string>> = {
    host: say('Host'),
    userSecret: say('User secret'),
    organizationSecret: say('Organization secret'),
    name: say('Name'),
    tags: say('Tags'),
    apiKey: say('Client ID'),
    apiSecret: say('Client secret'),
    oauthCallbackUrl: say('Registered callback URL'),
    campaignMonitorApiKey: say('Campaign Monitor API key'),
    callbackUrl: say('Event notification callback URL'),
    listIds: say('List IDs'),
    signatureKey: say('Signature key'),
    basicUsername: say('User name'),
    callbackHeaders: say('Headers'),
  };
  return labels[field];
}

/** Undefined if there is none. @param local whether a local URL is enough, as for the sandbox */
export function currentRelayUrl({ status }: Pick<Session, 'status'>, local: boolean): string | undefined {
  return status?.publicOpenConnectorsUrl ?? (local ? status?.openConnectorsUrl : undefined);
}

export function describeRelay({ status }: Pick<Session, 'status'>, callbackUrl: string): string {
  if (status === undefined) return say('The relay isn’t running; “Use This Relay” starts it.');
  if (callbackUrl === status.publicOpenConnectorsUrl) return say('This is the public URL of the relay.');
  if (callbackUrl === status.openConnectorsUrl) return say('This is the URL of the relay on this machine.');
  return callbackUrl.trim() === ''
    ? say('The relay is running.')
    : say('The relay is running, but this URL doesn’t point to it.');
}
