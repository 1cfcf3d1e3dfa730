import type { RunningSandbox } from './shared-sandbox.ts';

/** The sandbox's URLs and credentials for the user's programs: lines for a shell, with less common ones as comments. */
export function sandboxFacts(running: RunningSandbox): string {
  const { campaignMonitor, openConnectors } = running.credentials;
  return [
    `export CAMPAIGN_MONITOR_API=${running.campaignMonitorApi}`,
    `export API_KEY=${campaignMonitor.apiKey}`,
    `# OAuth: ${running.campaignMonitorOAuth}`,
    `# OAuth client ID: ${campaignMonitor.oauthClientId}`,
    `# OAuth client secret: ${campaignMonitor.oauthClientSecret}`,
    `# Open Connectors API: ${running.openConnectorsApi}`,
    `# User secret: ${openConnectors.userSecret}`,
    `# Organization secret: ${openConnectors.organizationSecret}`,
    `# Controls: ${running.control}`,
    '',
  ].join('\n');
}
