/** What an instance says about itself, wherever the platform puts it. Knows no schema, so that it costs nothing to load. */
import type { Instance } from './answers.ts';

export interface InstanceFacts {
  readonly id: number;
  readonly name: string;
  readonly tags: readonly string[];
  readonly eventsEnabled: boolean;
  /** Where its notifications go; empty where nowhere. */
  readonly callbackUrl: string;
  readonly listIds: readonly string[];
  /** Whether the platform takes its credentials for good. */
  readonly valid: boolean;
  readonly disabled: boolean;
  /** Milliseconds since the epoch; null where the platform does not say. */
  readonly createdAt: number | null;
  /** What it has at Campaign Monitor: a consent, or an API key. */
  readonly authentication: 'oauth' | 'basic';
}

/** Reads what matters out of an instance. */
export function factsOf(instance: Instance): InstanceFacts {
  const configuration = instance.configuration ?? {};
  const text = (key: string): string => {
    const value = configuration[key];
    return typeof value === 'string' ? value : '';
  };
  const notified = instance.eventsNotificationCallbackUrl;
  const created = instance.createdDate === undefined ? NaN : new Date(instance.createdDate).getTime();
  return {
    id: instance.id,
    name: instance.name ?? '',
    tags: (instance.tags ?? []).filter((tag) => tag !== ''),
    eventsEnabled: flagOf(configuration['event.notification.enabled']) ?? instance.eventsEnabled ?? false,
    // The platform's own sample has "false" where there is none.
    callbackUrl: text('event.notification.callback.url') || (notified === 'false' ? '' : (notified ?? '')),
    listIds: text('events.list.ids')
      .split(',')
      .map((id) => id.trim())
      .filter((id) => id !== ''),
    valid: instance.valid ?? true,
    disabled: instance.disabled ?? false,
    createdAt: Number.isNaN(created) ? null : created,
    authentication: text('oauth.api.key') === '' && text('username') !== '' ? 'basic' : 'oauth',
  };
}

/** The configuration's values are text, whatever they were when they were given [live]. */
function flagOf(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value;
  if (typeof value !== 'string') return undefined;
  const text = value.toLowerCase();
  return text === 'true' ? true : text === 'false' ? false : undefined;
}
