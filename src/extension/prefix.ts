export const prefix = 'campaignMonitorRelay';

export const debugType = 'campaign-monitor';

/** A custom request: ends only the relay's debug session, even if its lifecycle is its parent's. */
export const endRequest = 'end';
