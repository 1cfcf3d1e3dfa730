/** An instance's properties, wherever its JSON has them. Has no schemas, so loading it costs nothing. */
import type { Instance } from './answers.ts';

export interface InstanceFacts {
  readonly id: number;
  readonly name: string;
  readonly tags: readonly string[];
  readonly eventsEnabled: boolean;
  readonly callbackUrl: string;
  readonly listIds: readonly string[];
  readonly valid: boolean;
  readonly disabled: boolean;
  /** Milliseconds since the epoch; null if unknown. */
  readonly createdAt: number | null;
  readonly authentication: 'oauth' | 'basic';
}

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
    // The documented sample has "false" if there is none.
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

/** The configuration's values are returned as text, whatever their type was [live]. */
function flagOf(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value;
  if (typeof value !== 'string') return undefined;
  const text = value.toLowerCase();
  return text === 'true' ? true : text === 'false' ? false : undefined;
}
