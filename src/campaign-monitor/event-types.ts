/** The events of a webhook [vendor]. */
export const webhookEventTypes = ['Subscribe', 'Update', 'Deactivate'] as const;
export type WebhookEventType = (typeof webhookEventTypes)[number];
