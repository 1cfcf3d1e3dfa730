/** What is wrong with a field of the form, in words: what, and what to do about it. */
import * as vscode from 'vscode';
import type { FormProblem } from './fields.ts';
import type { FieldName } from './messages.ts';

/** A problem as it stands beside its field. */
export function problemText({ field, code, value = '' }: FormProblem): string {
  switch (code) {
    case 'missing':
      return missingText(field);
    case 'surrounding-space':
      return vscode.l10n.t('There is a blank before or after it.');
    case 'not-a-host':
      return vscode.l10n.t('This is no host. Give its name, or a URL that begins with https://.');
    case 'not-a-url':
      return vscode.l10n.t('This is no URL. It begins with https:// and the name of a host.');
    case 'not-http':
      return vscode.l10n.t('A URL of another kind than http or https cannot be used here.');
    case 'url-with-fragment':
      return vscode.l10n.t('What stands behind # never arrives. Leave it out.');
    case 'url-with-credentials':
      return vscode.l10n.t('The URL holds a user name or password, which is seen wherever the URL is.');
    case 'loopback-url':
      return vscode.l10n.t('This URL means this machine: Open Connectors cannot reach it. The sandbox can.');
    case 'private-url':
      return vscode.l10n.t('This URL is of a private network: Open Connectors cannot reach it.');
    case 'unencrypted-url':
      return vscode.l10n.t('With http, names and addresses of subscribers travel in clear. Use https.');
    case 'not-a-list-id':
      return vscode.l10n.t('“{0}” is no list ID: 32 digits and letters from a to f.', value);
    case 'duplicate-list-id':
      return vscode.l10n.t('The list {0} is there twice.', value);
    case 'empty-tag':
      return vscode.l10n.t('A tag is empty.');
    case 'duplicate-tag':
      return vscode.l10n.t('The tag “{0}” is there twice.', value);
    case 'short-key':
      return vscode.l10n.t('The key is short: anybody may guess it. Generate one.');
    case 'not-headers':
      return vscode.l10n.t('These are no headers: give a JSON object whose values are texts.');
    case 'not-a-header-name':
      return vscode.l10n.t('“{0}” is not the name of a header.', value);
    case 'not-a-header-value':
      return vscode.l10n.t('The value of {0} cannot stand in a header.', value);
    case 'duplicate-header':
      return vscode.l10n.t('The header {0} is there twice.', value);
  }
}

function missingText(field: FieldName): string {
  switch (field) {
    case 'name':
      return vscode.l10n.t('Give the instance a name.');
    case 'callbackUrl':
      return vscode.l10n.t('With events on, a callback URL is needed.');
    case 'listIds':
      return vscode.l10n.t('With events on, at least one list is needed.');
    case 'basicUsername':
      return vscode.l10n.t('The password needs a user name.');
    default:
      return vscode.l10n.t('Fill this in.');
  }
}

/** A field's name for a sentence; undefined for one that cannot be missing. */
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
