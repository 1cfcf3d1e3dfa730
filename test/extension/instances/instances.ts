/** Instances as the platform answers with them, for tests. */
import { readRelayUrl } from '../../../src/extension/public-url/url-place.ts';
import type { AroundInstance } from '../../../src/extension/instances/instance-node.ts';
import type { Instance } from '../../../src/open-connectors/answers.ts';

export const secret = '0123456789abcdef0123456789abcdef';
export const otherSecret = 'fedcba9876543210fedcba9876543210';
export const listId = '96c0bbdaa54760c8d9e62a2b7ffa2e13';

/** A window whose relay is public at a host, or nowhere. */
export function aroundRelay(host: string | null): AroundInstance {
  const urlContext = {
    path: 'open-connectors' as const,
    localUrl: `http://127.0.0.1:4000/hooks/${secret}/open-connectors`,
    publicUrl: host === null ? null : callbackAt(host),
    own: readRelayUrl(callbackAt('any.example'), 'open-connectors')?.relay,
    relays: [],
  };
  return { urlContext, isSandbox: false, managed: true };
}

export function callbackAt(host: string, key = secret): string {
  return `https://${host}/hooks/${key}/open-connectors`;
}

/** One instance; `configuration` is put over the usual one. */
export function instance(changes: Partial<Instance> = {}, configuration: Record<string, unknown> = {}): Instance {
  return {
    id: 50634,
    name: 'API Instance',
    token: 'instance-token-in-clear=',
    element: { key: 'campaignmonitor' },
    tags: ['Docs'],
    valid: true,
    disabled: false,
    createdDate: '2026-03-01T10:00:00Z',
    ...changes,
    configuration: {
      'oauth.callback.url': 'http://localhost:8788/oauth/callback',
      'oauth.api.key': '********',
      'oauth.api.secret': '********',
      'event.notification.enabled': 'true',
      'event.notification.callback.url': callbackAt('one.example'),
      'events.list.ids': listId,
      ...configuration,
    },
  };
}
