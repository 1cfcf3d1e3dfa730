/** Calls of the sandbox's Open Connectors half, and instances made without a browser. */
import { documentedListId } from '../../../src/campaign-monitor/samples.ts';
import { call, type Answer, type Harness } from '../harness.ts';

export const callbackUrl = 'http://localhost:4000/oauth/callback';

export interface PlatformInstanceAnswer {
  readonly id: number;
  readonly token: string;
  readonly name: string;
  readonly tags: readonly string[];
  readonly valid: boolean;
  readonly disabled: boolean;
  readonly eventsEnabled: boolean;
  readonly configuration: Readonly<Record<string, string>>;
}

export interface Platform {
  /** A call with the user's and the organization's secret, and an instance's token where one is given. */
  api(method: string, path: string, body?: unknown, token?: string): Promise<Answer>;
  control(method: string, path: string, body?: unknown): Promise<Answer>;
  /** A grant code, as the consent page gives it. */
  code(scopes?: readonly string[]): Promise<string>;
  /** The body of the seed with a fresh code; `configuration` changes it. */
  body(configuration?: Readonly<Record<string, unknown>>, name?: string): Promise<Record<string, unknown>>;
  create(configuration?: Readonly<Record<string, unknown>>, name?: string): Promise<PlatformInstanceAnswer>;
  /** Urls of the webhooks that the sandbox's Campaign Monitor has for a list. */
  webhooks(listId?: string): Promise<string[]>;
}

export function platformOf(harness: Harness): Platform {
  const { sandbox } = harness;
  const { campaignMonitor, openConnectors } = sandbox.credentials;
  const secrets = `User ${openConnectors.userSecret}, Organization ${openConnectors.organizationSecret}`;
  const platform: Platform = {
    api: (method, path, body, token) =>
      call(method, sandbox.openConnectorsApi + path, body, {
        authorization: token === undefined ? secrets : `${secrets}, Element ${token}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      }),
    control: (method, path, body) => harness.control(method, `/open-connectors${path}`, body),
    async code(scopes) {
      const answer = await harness.control('POST', '/codes', { redirectUri: callbackUrl, ...(scopes && { scopes }) });
      return (answer.body as { code: string }).code;
    },
    body: async (configuration, name = 'API Instance') => ({
      element: { key: 'campaignmonitor' },
      providerData: { code: await platform.code() },
      configuration: {
        'oauth.callback.url': callbackUrl,
        'oauth.api.key': campaignMonitor.oauthClientId,
        'oauth.api.secret': campaignMonitor.oauthClientSecret,
        'event.notification.enabled': true,
        'event.notification.callback.url': 'http://127.0.0.1:9/hook',
        'events.list.ids': documentedListId,
        ...configuration,
      },
      tags: ['Docs'],
      name,
    }),
    async create(configuration, name) {
      const answer = await platform.api('POST', '/instances', await platform.body(configuration, name));
      if (answer.status !== 200) throw new Error(`no instance: ${answer.text}`);
      return answer.body as PlatformInstanceAnswer;
    },
    async webhooks(listId = documentedListId) {
      const answer = await harness.api('GET', `/lists/${listId}/webhooks.json`);
      return (answer.body as { Url: string }[]).map(({ Url }) => Url);
    },
  };
  return platform;
}
