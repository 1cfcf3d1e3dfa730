/** The sandbox's credentials: obvious placeholders, or random ones, which distinguish sandboxes. */
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

/** The default in every sandbox. Those of Open Connectors are base64-like, with `+ / =` [docs]. */
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

/** New ones in the vendors' formats. */
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
