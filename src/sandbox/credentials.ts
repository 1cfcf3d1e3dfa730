import { randomBytes, randomInt } from 'node:crypto';

export interface SandboxCredentials {
  readonly campaignMonitor: {
    readonly apiKey: string;
    readonly oauthClientId: string;
    readonly oauthClientSecret: string;
  };
  readonly openConnectors: {
    readonly userSecret: string;
    readonly organizationSecret: string;
  };
}

/** Those of Open Connectors are base64-like, with `+ / =` [docs]. */
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
