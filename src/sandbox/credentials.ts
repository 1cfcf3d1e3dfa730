/** What opens the sandbox: obvious stand-ins, or random ones, so that no two sandboxes can be mistaken for each other. */
import { randomBytes, randomInt } from 'node:crypto';

export interface SandboxCredentials {
  readonly campaignMonitor: {
    /** Campaign Monitor's API key: the user name of Basic authentication. */
    readonly apiKey: string;
    /** The OAuth app whose registered callbacks are this machine's and an editor's. */
    readonly oauthClientId: string;
    readonly oauthClientSecret: string;
  };
  readonly openConnectors: {
    readonly userSecret: string;
    readonly organizationSecret: string;
  };
}

/** The same in every sandbox that is given no others. The platform's are base64-like, with `+ / =` [docs]. */
export const fixedCredentials: SandboxCredentials = {
  campaignMonitor: {
    apiKey: 'sandbox-api-key',
    oauthClientId: '100004',
    oauthClientSecret: 'sandbox-relay-secret',
  },
  openConnectors: {
    userSecret: 'sandbox+user/secret=',
    organizationSecret: 'sandbox+organization/secret=',
  },
};

/** New ones, of the vendors' forms. */
export function randomCredentials(): SandboxCredentials {
  return {
    campaignMonitor: {
      apiKey: randomBytes(20).toString('hex'),
      oauthClientId: String(randomInt(100_000_000, 1_000_000_000)),
      oauthClientSecret: randomBytes(24).toString('hex'),
    },
    openConnectors: {
      userSecret: `U+/${randomBytes(31).toString('base64')}`,
      organizationSecret: `O+/${randomBytes(32).toString('base64')}`,
    },
  };
}
