/** An instance as text for others to see: its JSON, and curl commands. Secrets are masked. Loaded with the client. */
import { maskSecrets } from '../../export/item.ts';
import type { Instance } from '../../open-connectors/api.ts';
import {
  buildInstanceBody,
  emptyInstanceInput,
  masked,
  maskInstanceBody,
  toInstanceCurl,
} from '../../open-connectors/instance.ts';
import { listIdsOf } from './instance-facts.ts';

/** The platform's answer, indented, with secrets masked: a relay's in the callback URL too. */
export function instanceText(instance: Instance): string {
  return `${maskSecrets(JSON.stringify(maskInstanceBody(instance), null, 2))}\n`;
}

/** Reads the instance. */
export function instanceReadCurl(id: number, baseUrl: string): string {
  return [
    `curl -sS --globoff '${baseUrl.replaceAll("'", '%27')}/instances/${id}'`,
    `-H 'Authorization: User <USER_SECRET>, Organization <ORGANIZATION_SECRET>'`,
  ].join(' \\\n  ');
}

/** Makes another instance with the same settings: what the platform masks is a placeholder. */
export function instanceCurl(instance: Instance, baseUrl: string): string {
  const configuration = instance.configuration ?? {};
  const text = (key: string): string => {
    const value = configuration[key];
    return typeof value === 'string' ? value : '';
  };
  const enabled = configuration['event.notification.enabled'] ?? instance.eventsEnabled;
  const basic = text('oauth.api.key') === '' && text('username') !== '';
  const body = buildInstanceBody({
    ...emptyInstanceInput,
    name: instance.name ?? '',
    tags: instance.tags ?? [],
    listIds: listIdsOf(text('events.list.ids')),
    eventsEnabled: enabled === true || enabled === 'true',
    callbackUrl: maskSecrets(text('event.notification.callback.url')),
    authentication: basic ? 'basic' : 'oauth',
    oauthCallbackUrl: text('oauth.callback.url'),
    apiKey: masked,
    apiSecret: masked,
    code: masked,
    username: masked,
    ...(text('event.notification.signature.key') !== '' && { signatureKey: masked }),
    ...(text('event.notification.basic.username') !== '' && { basicUsername: masked, basicPassword: masked }),
  });
  return toInstanceCurl(body, { baseUrl, withSecrets: false });
}
