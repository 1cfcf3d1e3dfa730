/** Instances as the platform answers with them, for tests. */
import type { Instance } from '../../../../src/open-connectors/answers.ts';

export const secret = '0123456789abcdef0123456789abcdef';
export const otherSecret = 'fedcba9876543210fedcba9876543210';
export const listId = '96c0bbdaa54760c8d9e62a2b7ffa2e13';

/** The relay's two URLs, with a public address of that name. */
export function relayAt(host: string | null): { local: string; public: string | null } {
  return {
    local: `http://127.0.0.1:4000/hooks/${secret}/open-connectors`,
    public: host === null ? null : callbackAt(host),
  };
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
