import { say } from '../../common/say.ts';
import type { FormProblem } from './fields.ts';
import type { FieldName } from './messages.ts';

export function problemText({ field, code, value = '' }: FormProblem): string {
  switch (code) {
    case 'missing':
      return missingText(field);
    case 'surrounding-space':
      return say('Remove the space at the beginning or end.');
    case 'not-a-host':
      return say('Not a valid host. Enter a host name or an https:// URL.');
    case 'not-a-url':
      return say('Not a valid URL. Enter a full URL, such as https://example.com/callback.');
    case 'not-http':
      return say('Use an http or https URL.');
    case 'url-with-fragment':
      return say('Remove # and everything after it. This part of a URL is never sent.');
    case 'url-with-credentials':
      return say('Remove the user name and password from the URL. Anyone who sees the URL can read them.');
    case 'loopback-url':
      return say(
        'This URL points to this machine, which only the sandbox can reach. For Open Connectors, use a public URL.',
      );
    case 'private-url':
      return say('This URL points to a private network, which Open Connectors can’t reach. Use a public URL.');
    case 'unencrypted-url':
      return say('With http, subscriber names and addresses are sent unencrypted. Use https.');
    case 'not-a-list-id':
      return say('“{0}” isn’t a list ID. A list ID has 32 characters: digits and a to f.', value);
    case 'duplicate-list-id':
      return say('The list {0} appears twice.', value);
    case 'empty-tag':
      return say('Remove the empty tag.');
    case 'duplicate-tag':
      return say('The tag “{0}” appears twice.', value);
    case 'short-key':
      return say('This key is short and could be guessed. Generate one.');
    case 'not-headers':
      return say('Enter headers as a JSON object with text values.');
    case 'not-a-header-name':
      return say('“{0}” isn’t a valid header name. Use only letters, digits, and hyphens.', value);
    case 'not-a-header-value':
      return say(
        'The value of {0} contains a character that headers don’t allow, such as a line break. Remove the character.',
        value,
      );
    case 'duplicate-header':
      return say('The header {0} appears twice.', value);
  }
}

function missingText(field: FieldName): string {
  switch (field) {
    case 'name':
      return say('Enter a name for the instance.');
    case 'callbackUrl':
      return say('Enter a callback URL, or turn events off.');
    case 'listIds':
      return say('Choose at least one list, or turn events off.');
    case 'basicUsername':
      return say('Enter a user name for the password.');
    default:
      return say('Required.');
  }
}

/** A field's name for a sentence; undefined for one that can't be missing. */
export function fieldLabel(field: FieldName): string | undefined {
  switch (field) {
    case 'host':
      return say('Host');
    case 'userSecret':
      return say('User secret');
    case 'organizationSecret':
      return say('Organization secret');
    case 'name':
      return say('Name');
    case 'tags':
      return say('Tags');
    case 'apiKey':
      return say('Client ID');
    case 'apiSecret':
      return say('Client secret');
    case 'oauthCallbackUrl':
      return say('Registered callback URL');
    case 'campaignMonitorApiKey':
      return say('Campaign Monitor API key');
    case 'callbackUrl':
      return say('Event notification callback URL');
    case 'listIds':
      return say('List IDs');
    case 'signatureKey':
      return say('Signature key');
    case 'basicUsername':
      return say('User name');
    case 'callbackHeaders':
      return say('Headers');
    default:
      return undefined;
  }
}
