/** Names of configuration keys are from the documentation [docs]. */
import { elementKey, hubKey } from '../../open-connectors/notification.ts';

/** As in an instance's response [live]. */
export const connector = {
  id: 3928,
  name: 'Campaign Monitor',
  key: elementKey,
  active: true,
  deleted: false,
  typeOauth: false,
  trialAccount: false,
  resources: [],
  transformationsEnabled: true,
  bulkDownloadEnabled: true,
  bulkUploadEnabled: true,
  cloneable: true,
  extendable: false,
  beta: false,
  authentication: { type: 'oauth2' },
  extended: false,
  hub: hubKey,
  protocolType: 'http',
  parameters: [],
  private: false,
};

const entry = (key: string, name: string, type: string, required: boolean): object => ({
  key,
  name,
  type,
  required,
  hideFromConsole: false,
});

/** `GET /elements/campaignmonitor`: which configuration keys the connector exposes is inferred. */
export const connectorDescription = {
  ...connector,
  configuration: [
    entry('oauth.api.key', 'API Key', 'TEXTFIELD', true),
    entry('oauth.api.secret', 'API Secret', 'TEXTFIELD', true),
    entry('oauth.callback.url', 'Callback URL', 'TEXTFIELD', true),
    entry('username', 'API Key (basic authentication)', 'TEXTFIELD', false),
    entry('event.notification.enabled', 'Events Enabled', 'BOOLEAN', false),
    entry('event.notification.callback.url', 'Event Notification Callback URL', 'TEXTFIELD', false),
    entry('event.notification.callback.headers', 'Callback Notification Headers', 'TEXTAREA', false),
    entry('event.notification.signature.key', 'Callback Notification Signature Key', 'TEXTFIELD', false),
    entry('event.notification.basic.username', 'Callback User Name', 'TEXTFIELD', false),
    entry('event.notification.basic.password', 'Callback Password', 'PASSWORD', false),
    entry('events.list.ids', 'List IDs', 'TEXTFIELD', false),
  ],
};

/** `GET /elements/campaignmonitor/metadata`: the event types of each resource [swagger]. */
export const connectorMetadata = {
  element: elementKey,
  hub: hubKey,
  events: { webhook: { contacts: { eventTypes: ['CREATED', 'UPDATED', 'DELETED'] } } },
};
