/** An instance as the platform shows it: keys, secrets and passwords masked, tokens in clear [live]. */
import { maskedConfiguration } from './configuration.ts';
import { connector } from './connector.ts';
import type { InstanceEvent, PlatformInstance, PlatformState } from './state.ts';
import { failurePolicyKey } from '../../open-connectors/delivery-queue.ts';
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
    ...(events.enabled && { subscriptionId: subscriptionOf(instance) }),
    traceLoggingEnabled: false,
    cachingEnabled: false,
    externalAuthentication: 'none',
    user: { id: account.userId },
  };
}

/** The id of the subscription by which the platform posts an instance's notifications. */
export function subscriptionOf({ id }: PlatformInstance): number {
  return 1_157_990 + (id % 100_000);
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

/** The account's settings [docs, live]: those that the sandbox has. */
export function accountSettings({ failurePolicy }: Pick<PlatformState, 'failurePolicy'>): object {
  return { [failurePolicyKey]: failurePolicy };
}
