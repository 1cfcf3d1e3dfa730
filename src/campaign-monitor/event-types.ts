/** The three events that a webhook can be asked for [vendor]. */
export const webhookEventTypes = ['Subscribe', 'Update', 'Deactivate'] as const;
export type WebhookEventType = (typeof webhookEventTypes)[number];
