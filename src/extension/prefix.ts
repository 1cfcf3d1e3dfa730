/** What every id of this extension begins with: commands, settings, views, context keys. */
export const prefix = 'campaignMonitorRelay';

/** The type of this extension's own debug sessions, which show what the relay holds; that of a launch configuration. */
export const debugType = 'campaign-monitor';
