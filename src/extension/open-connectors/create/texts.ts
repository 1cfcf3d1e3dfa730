/** The texts of the form's page. The help is that of the vendor's parameter table and of its set-up steps. */
import * as vscode from 'vscode';
import type { FormTexts } from './messages.ts';

/** All texts, in the user's language. */
export function formTexts(): FormTexts {
  return {
    title: vscode.l10n.t('New Instance'),
    intro: vscode.l10n.t(
      'An Open Connectors instance connects one Campaign Monitor account. With events on, Open Connectors sends what happens on the account’s lists to a URL of yours: to this relay, if you like.',
    ),
    useSandbox: vscode.l10n.t('Use the Sandbox'),
    useSandboxHelp: vscode.l10n.t(
      'Fills in everything: both vendors, emulated on this machine. Nothing leaves it, and no account is needed.',
    ),
    platform: vscode.l10n.t('Open Connectors'),
    region: vscode.l10n.t('Region'),
    regionHelp: vscode.l10n.t('Where your Open Connectors runs. The API documentation there names the host.'),
    otherRegion: vscode.l10n.t('Another host'),
    host: vscode.l10n.t('Host'),
    hostHelp: vscode.l10n.t('Such as api.openconnectors.us2.ext.hana.ondemand.com'),
    userSecret: vscode.l10n.t('User secret'),
    organizationSecret: vscode.l10n.t('Organization secret'),
    platformSecretsHelp: vscode.l10n.t(
      'Both are in Open Connectors, in the menu of your user. They are kept in VS Code’s secret storage, for this host.',
    ),
    set: vscode.l10n.t('Set.'),
    notSet: vscode.l10n.t('Not set.'),
    replace: vscode.l10n.t('Type to replace it'),
    instance: vscode.l10n.t('Instance'),
    name: vscode.l10n.t('Name'),
    nameHelp: vscode.l10n.t('The name for the connector instance.'),
    tags: vscode.l10n.t('Tags'),
    tagsHelp: vscode.l10n.t('Optional. They further identify the instance; separate them by commas.'),
    authentication: vscode.l10n.t('Access to Campaign Monitor'),
    oauth: vscode.l10n.t('OAuth: the account’s owner grants access in the browser'),
    basic: vscode.l10n.t('API key of the account'),
    authenticationHelp: vscode.l10n.t(
      'Open Connectors documents OAuth. Whether it takes an API key for Campaign Monitor is an assumption.',
    ),
    apiKey: vscode.l10n.t('Client ID'),
    apiKeyHelp: vscode.l10n.t(
      'In Campaign Monitor: your name, Account settings, Manage connected apps, OAuth registration. It is shown there once your app is registered.',
    ),
    apiSecret: vscode.l10n.t('Client secret'),
    apiSecretHelp: vscode.l10n.t('It stands in the same place, below the client ID.'),
    oauthCallbackUrl: vscode.l10n.t('Registered callback URL'),
    oauthCallbackUrlHelp: vscode.l10n.t(
      'The URL to which Campaign Monitor sends the browser after access was granted: “Redirect to here after granted access” in the OAuth registration, exactly as it stands there. Register this machine’s, and the code arrives here by itself; with any other you paste the URL at which the browser ends.',
    ),
    useThisMachine: vscode.l10n.t('Use This Machine’s'),
    campaignMonitorApiKey: vscode.l10n.t('Campaign Monitor API key'),
    campaignMonitorApiKeyHelp: vscode.l10n.t(
      'In Campaign Monitor: your name, Account settings, API keys. The key of a client reaches that client’s lists only.',
    ),
    events: vscode.l10n.t('Events'),
    eventsEnabled: vscode.l10n.t('Events on'),
    eventsEnabledHelp: vscode.l10n.t(
      'Open Connectors then registers a webhook on each of the lists. Without events the instance is for requests alone.',
    ),
    callbackUrl: vscode.l10n.t('Event notification callback URL'),
    callbackUrlHelp: vscode.l10n.t('The URL to which Open Connectors sends the events.'),
    fillCallback: vscode.l10n.t('Use This Relay'),
    listIds: vscode.l10n.t('List IDs'),
    listIdsHelp: vscode.l10n.t(
      'The API subscriber list IDs of the lists to watch, separated by commas. In Campaign Monitor: Lists & subscribers, the list, “Change name/type”, at the bottom; 32 digits and letters, not the ID in the browser’s address.',
    ),
    pickLists: vscode.l10n.t('Pick Lists…'),
    signatureKey: vscode.l10n.t('Signature key'),
    signatureKeyHelp: vscode.l10n.t(
      'Optional. With it Open Connectors signs each notification. The relay verifies the signature with the same key, kept for this instance; your callback can, too.',
    ),
    generateKey: vscode.l10n.t('Generate'),
    copyKey: vscode.l10n.t('Copy Key'),
    signDirect: vscode.l10n.t('Also sign with it what the relay itself makes'),
    signDirectHelp: vscode.l10n.t(
      'For Campaign Monitor’s webhooks that come straight to the relay. Destinations name the key: signatureKeyName is the instance’s name.',
    ),
    more: vscode.l10n.t('Credentials for the callback'),
    basicUsername: vscode.l10n.t('User name'),
    basicPassword: vscode.l10n.t('Password'),
    basicHelp: vscode.l10n.t('Optional. Open Connectors sends them to the callback as basic authentication.'),
    callbackHeaders: vscode.l10n.t('Headers'),
    callbackHeadersHelp: vscode.l10n.t(
      'Optional. Sent to the callback with each notification, as a JSON object such as {0}',
      '{"X-Api-Key": "…"}',
    ),
    preview: vscode.l10n.t('Body of POST /instances'),
    previewHelp: vscode.l10n.t('As it will be sent, secrets masked.'),
    copyJson: vscode.l10n.t('Copy as JSON'),
    copyCurl: vscode.l10n.t('Copy as cURL'),
    createOauth: vscode.l10n.t('Authorise and Create'),
    createBasic: vscode.l10n.t('Create'),
    cancel: vscode.l10n.t('Cancel'),
    showLog: vscode.l10n.t('Show Log'),
    created: vscode.l10n.t('The instance has been created'),
    createdHelp: vscode.l10n.t(
      'Every request for this instance needs its token. It is kept in VS Code’s secret storage, and the instance is in the view.',
    ),
    id: vscode.l10n.t('ID'),
    token: vscode.l10n.t('Token'),
    copyId: vscode.l10n.t('Copy ID'),
    copyToken: vscode.l10n.t('Copy Token'),
    copyInstanceCurl: vscode.l10n.t('Copy a Request as cURL'),
    showToken: vscode.l10n.t('Show Token'),
    hideToken: vscode.l10n.t('Hide Token'),
    another: vscode.l10n.t('Another Instance'),
    error: vscode.l10n.t('Error:'),
    warning: vscode.l10n.t('Note:'),
  };
}
