/** The prefix of every ID of this extension: commands, settings, views, context keys. */
export const prefix = 'campaignMonitorRelay';

/** The type of this extension's own debug sessions, which show what the relay holds, as in launch configurations. */
export const debugType = 'campaign-monitor';

/** The request that ends only a session of that type, even if its lifecycle is its parent's. */
export const endRequest = 'end';
