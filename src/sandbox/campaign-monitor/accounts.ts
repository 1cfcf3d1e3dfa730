/** Fixed, so that documentation and tests can refer to it. */
import { documentedListId } from '../../campaign-monitor/samples.ts';
import { fixedCredentials, type SandboxCredentials } from '../credentials.ts';

export interface SandboxClient {
  readonly clientId: string;
  readonly name: string;
}

export interface SandboxList {
  readonly listId: string;
  readonly clientId: string;
  readonly title: string;
}

export interface OAuthApp {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly name: string;
  readonly redirectUri: string;
  /** The vendor registers one address per app; the sandbox's own app has several. */
  readonly otherRedirectUris?: readonly string[];
}

export function redirectUrisOf(app: OAuthApp): string[] {
  return [app.redirectUri, ...(app.otherRedirectUris ?? [])];
}

export const sandboxApiKey = fixedCredentials.campaignMonitor.apiKey;

export const sandboxClients: readonly SandboxClient[] = [
  { clientId: 'c1000000000000000000000000000001', name: 'Harbour Books' },
  { clientId: 'c2000000000000000000000000000002', name: 'Hillside Cycling Club' },
];

export const sandboxLists: readonly SandboxList[] = [
  { listId: documentedListId, clientId: 'c1000000000000000000000000000001', title: 'Newsletter' },
  { listId: 'a1000000000000000000000000000001', clientId: 'c1000000000000000000000000000001', title: "Readers' club" },
  {
    listId: 'a2000000000000000000000000000002',
    clientId: 'c1000000000000000000000000000001',
    title: 'Events & signings',
  },
  { listId: 'b1000000000000000000000000000001', clientId: 'c2000000000000000000000000000002', title: 'Members' },
  { listId: 'b2000000000000000000000000000002', clientId: 'c2000000000000000000000000000002', title: 'Races' },
];

/** One app for each way to return the code. Which of these the vendor accepts is unknown. */
export const sandboxOAuthApps: readonly OAuthApp[] = [
  {
    clientId: '100001',
    clientSecret: 'sandbox-client-secret',
    name: 'Loopback sample app',
    redirectUri: 'http://127.0.0.1/',
  },
  {
    clientId: '100002',
    clientSecret: 'sandbox-editor-secret',
    name: 'Editor sample app',
    redirectUri: 'vscode://cm-relay.campaign-monitor-relay/',
  },
  {
    clientId: '100003',
    clientSecret: 'sandbox-paste-secret',
    name: 'Paste-the-code sample app',
    redirectUri: 'https://example.org/oauth/',
  },
];

const editorSchemes = ['vscode', 'vscode-insiders', 'vscodium', 'code-oss', 'code-server', 'cursor', 'windsurf'];

export function relayApp({ campaignMonitor }: SandboxCredentials): OAuthApp {
  return {
    clientId: campaignMonitor.oauthClientId,
    clientSecret: campaignMonitor.oauthClientSecret,
    name: 'Campaign Monitor Relay',
    redirectUri: 'http://localhost/',
    otherRedirectUris: [
      'http://127.0.0.1/',
      'http://[::1]/',
      'https://example.org/oauth/',
      ...editorSchemes.map((scheme) => `${scheme}://cm-relay.campaign-monitor-relay/`),
    ],
  };
}
