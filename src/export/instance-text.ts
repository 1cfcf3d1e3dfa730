/** Loaded with the client. */
import { maskedValue } from '../common/masking.ts';
import { indentJson } from './indented-json.ts';
import { maskSecrets } from './item.ts';
import type { Instance } from '../open-connectors/answers.ts';
import { buildInstanceBody, emptyInstanceInput } from '../open-connectors/instance-body.ts';
import { toInstanceCurl } from '../open-connectors/instance-curl.ts';
import { maskInstanceBody } from '../open-connectors/instance-mask.ts';
import { factsOf } from '../open-connectors/instance-facts.ts';

export function instanceText(instance: Instance): string {
  const json = maskSecrets(JSON.stringify(maskInstanceBody(instance)));
  const indented = indentJson(json);
  return `${indented.kind === 'indented' ? indented.text : json}\n`;
}

export function instanceReadCurl(id: number, baseUrl: string): string {
  return [
    `curl -sS --globoff '${baseUrl.replaceAll("'", '%27')}/instances/${id}'`,
    `-H 'Authorization: User <USER_SECRET>, Organization <ORGANIZATION_SECRET>'`,
  ].join(' \\\n  ');
}

/** Creates another instance with the same settings; what Open Connectors masks is a placeholder. */
export function instanceCurl(instance: Instance, baseUrl: string): string {
  const configuration = instance.configuration ?? {};
  const text = (key: string): string => {
    const value = configuration[key];
    return typeof value === 'string' ? value : '';
  };
  const { name, tags, listIds, eventsEnabled, callbackUrl, authentication } = factsOf(instance);
  const body = buildInstanceBody({
    ...emptyInstanceInput,
    name,
    tags,
    listIds,
    eventsEnabled,
    callbackUrl: maskSecrets(callbackUrl),
    authentication,
    oauthCallbackUrl: text('oauth.callback.url'),
    apiKey: maskedValue,
    apiSecret: maskedValue,
    code: maskedValue,
    username: maskedValue,
    ...(text('event.notification.signature.key') !== '' && { signatureKey: maskedValue }),
    ...(text('event.notification.basic.username') !== '' && { basicUsername: maskedValue, basicPassword: maskedValue }),
  });
  return toInstanceCurl(body, { baseUrl, withSecrets: false });
}
