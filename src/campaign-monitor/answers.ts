import { z } from 'zod';
import { webhookEventTypes } from './event-types.ts';

export interface CampaignMonitorClient {
  readonly clientId: string;
  readonly name: string;
}

export interface CampaignMonitorList {
  readonly listId: string;
  readonly name: string;
}

export const webhookFormats = ['json', 'xml'] as const;
export type WebhookFormat = (typeof webhookFormats)[number];

export interface Webhook {
  readonly webhookId: string;
  readonly listId: string;
  /** `Subscribe`, `Update`, `Deactivate`; unknown names are unchanged. */
  readonly events: readonly string[];
  readonly url: string;
  readonly active: boolean;
  /** The vendor's word; its word for an inactive webhook is unknown. */
  readonly status: string;
  /** Null if unknown. */
  readonly format: WebhookFormat | null;
}

/** Opaque, but without characters that would change a path. */
export const idForm = /^[A-Za-z0-9_-]{1,128}$/;

export const idSchema = z
  .union([z.string(), z.number()])
  .transform(String)
  .pipe(z.string().regex(idForm, 'expected an ID of letters and digits'));
const looseName = z.string().catch('').default('');

export const clientsSchema = z.array(
  z
    .object({ ClientID: idSchema, Name: looseName })
    .transform((client) => ({ clientId: client.ClientID, name: client.Name })),
);
export const listsSchema = z.array(
  z.object({ ListID: idSchema, Name: looseName }).transform((list) => ({ listId: list.ListID, name: list.Name })),
);
/** One list: here it is `Title`, elsewhere `Name` [vendor]. */
export const listSchema = z.object({ Title: z.string().optional(), Name: z.string().optional() });

const eventNames = new Map<string, string>(webhookEventTypes.map((type) => [type.toLowerCase(), type]));
export const webhooksSchema = z.array(
  z.object({
    WebhookID: idSchema,
    Events: z.array(z.string().transform((event) => eventNames.get(event.toLowerCase()) ?? event)).catch([]),
    Url: z.string(),
    Status: z.string().catch('').default(''),
    PayloadFormat: z.string().toLowerCase().pipe(z.enum(webhookFormats)).nullable().catch(null),
  }),
);
export const systemDateSchema = z.object({ SystemDate: z.string() });

export const nothing = z.unknown().transform(() => undefined);
