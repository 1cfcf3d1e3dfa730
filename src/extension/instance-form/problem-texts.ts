import * as vscode from 'vscode';
import type { FormProblem } from './fields.ts';
import type { FieldName } from './messages.ts';

export function problemText({ field, code, value = '' }: FormProblem): string {
  switch (code) {
    case 'missing':
      return missingText(field);
    case 'surrounding-space':
      return vscode.l10n.t('Remove the space at the beginning or end.');
    case 'not-a-host':
      return vscode.l10n.t('Not a valid host. Enter a host name or an https:// URL.');
    case 'not-a-url':
      return vscode.l10n.t('Not a valid URL. Enter a full URL, such as https://example.com/callback.');
    case 'not-http':
      return vscode.l10n.t('Use an http or https URL.');
    case 'url-with-fragment':
      return vscode.l10n.t('Remove # and everything after it. This part of a URL is never sent.');
    case 'url-with-credentials':
      return vscode.l10n.t('Remove the user name and password from the URL. Anyone who sees the URL can read them.');
    case 'loopback-url':
      return vscode.l10n.t(
        'This URL points to this machine, which only the sandbox can reach. For Open Connectors, use a public URL.',
      );
    case 'private-url':
      return vscode.l10n.t(
        'This URL points to a private network, which Open Connectors can’t reach. Use a public URL.',
      );
    case 'unencrypted-url':
      return vscode.l10n.t('With http, subscriber names and addresses are sent unencrypted. Use https.');
    case 'not-a-list-id':
      return vscode.l10n.t('“{0}” isn’t a list ID. A list ID has 32 characters: digits and a to f.', value);
    case 'duplicate-list-id':
      return vscode.l10n.t('The list {0} appears twice.', value);
    case 'empty-tag':
      return vscode.l10n.t('Remove the empty tag.');
    case 'duplicate-tag':
      return vscode.l10n.t('The tag “{0}” appears twice.', value);
    case 'short-key':
      return vscode.l10n.t('This key is short and could be guessed. Generate one.');
    case 'not-headers':
      return vscode.l10n.t('Enter headers as a JSON object with text values.');
    case 'not-a-header-name':
      return vscode.l10n.t('“{0}” isn’t a valid header name. Use only letters, digits, and hyphens.', value);
    case 'not-a-header-value':
      return vscode.l10n.t(
        'The value of {0} contains a character that headers don’t allow, such as a line break. Remove the character.',
        value,
      );
    case 'duplicate-header':
      return vscode.l10n.t('The header {0} appears twice.', value);
  }
}

function missingText(field: FieldName): string {
  switch (field) {
    case 'name':
      return vscode.l10n.t('Enter a name for the instance.');
    case 'callbackUrl':
      return vscode.l10n.t('Enter a callback URL, or turn events off.');
    case 'listIds':
      return vscode.l10n.t('Choose at least one list, or turn events off.');
    case 'basicUsername':
      return vscode.l10n.t('Enter a user name for the password.');
    default:
      return vscode.l10n.t('Required.');
  }
}

/** A field's name for a sentence; undefined for one that can't be missing. */
export function fieldLabel(field: FieldName): string | undefined {
  switch (field) {
    case 'host':
      return vscode.l10n.t('Host');
    case 'userSecret':
      return vscode.l10n.t('User secret');
    case 'organizationSecret':
      return vscode.l10n.t('Organization secret');
    case 'name':
      return vscode.l10n.t('Name');
    case 'tags':
      return vscode.l10n.t('Tags');
    case 'apiKey':
      return vscode.l10n.t('Client ID');
    case 'apiSecret':
      return vscode.l10n.t('Client secret');
    case 'oauthCallbackUrl':
      return vscode.l10n.t('Registered callback URL');
    case 'campaignMonitorApiKey':
      return vscode.l10n.t('Campaign Monitor API key');
    case 'callbackUrl':
      return vscode.l10n.t('Event notification callback URL');
    case 'listIds':
      return vscode.l10n.t('List IDs');
    case 'signatureKey':
      return vscode.l10n.t('Signature key');
    case 'basicUsername':
      return vscode.l10n.t('User name');
    case 'callbackHeaders':
      return vscode.l10n.t('Headers');
    default:
      return undefined;
  }
}
