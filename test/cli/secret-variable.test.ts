import assert from 'node:assert/strict';
import { serviceAt } from '../../src/campaign-monitor/service.ts';
import { secretIn } from '../../src/cli/secret-variable.ts';
import { secretFrom } from '../../src/cli/terminal/prompts.ts';
import { apiKeyVariable, withCampaignMonitor } from '../../src/cli/vendors/campaign-monitor.ts';

describe('A secret in an environment variable', () => {
  const environment = { KEY: 'a key', EMPTY: '' };

  it('is what the variable holds', () => assert.equal(secretIn('KEY', '--signature-key-env', environment), 'a key'));

  it('that is asked for, or an API key, is told apart in the same way', async () => {
    const variable = apiKeyVariable;
    const before = process.env[variable];
    const service = serviceAt('https://api.createsend.com');
    assert.ok(service !== null);
    const asks = [
      (): Promise<unknown> => secretFrom(variable, 'user secret', 'Look there.'),
      (): Promise<unknown> => withCampaignMonitor(service, () => Promise.reject(new Error('asked'))),
    ];
    try {
      for (const ask of asks) {
        delete process.env['CAMPAIGN_MONITOR_API_KEY'];
        await assert.rejects(ask(), /: the environment variable CAMPAIGN_MONITOR_API_KEY is not set$/);
        process.env[variable] = ' ';
        await assert.rejects(ask(), /: the environment variable CAMPAIGN_MONITOR_API_KEY is empty$/);
      }
    } finally {
      if (before === undefined) delete process.env['CAMPAIGN_MONITOR_API_KEY'];
      else process.env[variable] = before;
    }
  });
});
