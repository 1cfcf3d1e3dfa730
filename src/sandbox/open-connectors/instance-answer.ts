/** Keys, secrets and passwords are masked, tokens not [live]. */
import { maskedConfiguration } from './configuration.ts';
import { connector } from './connector.ts';
import { failurePolicyKey } from '../../open-connectors/delivery-queue.ts';
import { account, type InstanceEvent, type PlatformInstance, type PlatformState } from './state.ts';

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

export function subscriptionOf({ id }: PlatformInstance): number {
  return 1_157_990 + (id % 100_000);
}

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

/** The account's settings [docs, live], as far as emulated. */
export function accountSettings({ failurePolicy }: Pick<PlatformState, 'failurePolicy'>): object {
  return { [failurePolicyKey]: failurePolicy };
}
