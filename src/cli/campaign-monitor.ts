/** Campaign Monitor's API for a command: the key from the environment, the environment's proxy. */
import { EnvHttpProxyAgent, fetch } from 'undici';
import { CampaignMonitorApi } from '../campaign-monitor/api.ts';
import type { Fetch } from '../campaign-monitor/http.ts';
import type { CampaignMonitorService } from '../campaign-monitor/service.ts';
import { isLoopback } from '../common/loopback.ts';
import { UsageError } from './errors.ts';

/** The environment variable with the key: a flag would stand in the shell's history and in the list of processes. */
export const apiKeyVariable = 'CAMPAIGN_MONITOR_API_KEY';

/**
 * Runs something with the API.
 * @throws UsageError where the environment holds no key
 */
export async function withCampaignMonitor<T>(
  service: CampaignMonitorService,
  use: (api: CampaignMonitorApi) => Promise<T>,
): Promise<T> {
  const apiKey = process.env[apiKeyVariable]?.trim() ?? '';
  if (apiKey === '') {
    throw new UsageError(
      `no API key: the environment variable ${apiKeyVariable} is not set`,
      'Campaign Monitor shows the key under Account settings, API keys. The sandbox has sandbox-api-key.',
    );
  }
  const credential = { kind: 'api-key', apiKey } as const;
  if (isLoopback(new URL(service.apiBase).hostname))
    return use(new CampaignMonitorApi({ baseUrl: service.apiBase, credential }));
  const dispatcher = new EnvHttpProxyAgent();
  // undici's types of requests and answers are its own; the values are the same.
  const throughProxy = ((url: string, init: object) => fetch(url, { ...init, dispatcher })) as unknown as Fetch;
  try {
    return await use(new CampaignMonitorApi({ baseUrl: service.apiBase, credential, fetch: throughProxy }));
  } finally {
    await dispatcher.destroy();
  }
}
