import { z } from 'zod';
import { CampaignMonitorApi } from '../../campaign-monitor/api.ts';
import { idForm } from '../../campaign-monitor/answers.ts';
import { serviceAt, type CampaignMonitorService } from '../../campaign-monitor/service.ts';
import { withProxy } from './environment-proxy.ts';
import { UsageError } from '../errors.ts';
import { whyMissing } from '../secret-variable.ts';
import { commandProcess } from '../terminal/command-process.ts';

/** A flag would be in the shell's history and in the list of processes. */
export const apiKeyVariable = 'CAMPAIGN_MONITOR_API_KEY';

export const vendorId = z.string().regex(idForm, 'expected an ID, usually 32 hex digits');

export const serviceOfHost = z.string().transform((text, context) => {
  const service = serviceAt(text);
  if (service !== null) return service;
  context.addIssue('expected https://…, or http://… on this machine');
  return z.NEVER;
});

export async function withCampaignMonitor<T>(
  service: CampaignMonitorService,
  use: (api: CampaignMonitorApi) => Promise<T>,
  known = '',
): Promise<T> {
  const held = commandProcess().env[apiKeyVariable]?.trim();
  const apiKey = held === undefined || held === '' ? known : held;
  if (apiKey === '') {
    throw new UsageError(
      `no API key: the environment variable ${apiKeyVariable} ${whyMissing(held)}`,
      'Find the key in Campaign Monitor under Account settings, API keys; the sandbox prints its own.',
    );
  }
  const credential = { kind: 'api-key', apiKey } as const;
  return withProxy(service.apiBase, (fetch) =>
    use(new CampaignMonitorApi({ baseUrl: service.apiBase, credential, ...(fetch !== undefined && { fetch }) })),
  );
}
