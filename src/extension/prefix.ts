/** What every id of this extension begins with: commands, settings, views, context keys. */
export const prefix = 'campaignMonitorRelay';

/** The type of this extension's own debug sessions, which show what the relay holds; that of a launch configuration. */
export const debugType = 'campaign-monitor';

/** The request that ends a session of that type alone, also one whose lifecycle is its parent's. */
export const endRequest = 'end';
