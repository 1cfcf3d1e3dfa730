/** An instance as the platform shows it: keys, secrets and passwords masked, tokens in clear [live]. */
import { maskedConfiguration } from './configuration.ts';
import { connector } from './connector.ts';
import type { InstanceEvent, PlatformInstance } from './state.ts';
import { account } from './state.ts';

/**
 * @param valid whether the vendor still takes its access
 * @param hydrate false leaves out the configuration
 */
export function instanceAnswer(instance: PlatformInstance, valid: boolean, hydrate = true): object {
  const { access, events } = instance;
  const userTokens = access.kind === 'oauth' ? { 'oauth.user.token': access.accessToken } : {};
  return {
    id: instance.id,
    name: instance.name,
    createdDate: instance.createdDate,
    token: instance.token,
    element: connector,
    elementId: connector.id,
    tags: instance.tags,
    provisionInteractions: [],
    valid,
    disabled: instance.disabled,
    maxCacheSize: 0,
    cacheTimeToLive: 0,
    ...(hydrate && { configuration: { ...maskedConfiguration(instance.configuration), ...userTokens } }),
    eventsEnabled: events.enabled,
    ...(events.callbackUrl !== '' && { eventsNotificationCallbackUrl: events.callbackUrl }),
    ...(events.enabled && { subscriptionId: 1_157_990 + (instance.id % 100_000) }),
    traceLoggingEnabled: false,
    cachingEnabled: false,
    externalAuthentication: 'none',
    user: { id: account.userId },
  };
}

/** An event of an instance's log. */
export function eventAnswer(instance: PlatformInstance, event: InstanceEvent): object {
  return {
    id: event.id,
    instanceId: instance.id,
    elementKey: connector.key,
    eventDate: event.eventDate,
    status: event.status,
    providerData: event.providerData,
  };
}
