/** Schemas of Open Connectors' responses: loose, since its documents are no specification. */
import { z } from 'zod';
import { OpenConnectorsError } from './api-error.ts';

export const looseText = z.string().optional().catch(undefined);
const looseFlag = z.union([z.boolean(), z.stringbool()]).optional().catch(undefined);
const looseId = z.union([
  z.int(),
  z
    .string()
    .regex(/^\d{1,15}$/)
    .transform(Number),
]);

/** Loose, since the documented sample is mis-nested. */
export const instanceSchema = z.looseObject({
  id: looseId,
  name: looseText,
  /** In clear: keep it as a secret, and don't show it. */
  token: looseText,
  element: z.looseObject({ key: looseText }).optional().catch(undefined),
  tags: z.array(z.string()).optional().catch(undefined),
  valid: looseFlag,
  disabled: looseFlag,
  configuration: z.record(z.string(), z.unknown()).optional().catch(undefined),
  eventsEnabled: looseFlag,
  eventsNotificationCallbackUrl: looseText,
  createdDate: z.union([z.string(), z.number()]).optional().catch(undefined),
});

export type Instance = z.output<typeof instanceSchema>;

export const createdInstanceSchema = instanceSchema.extend({ token: z.string().min(1) });

export type CreatedInstance = z.output<typeof createdInstanceSchema>;

export const instanceEventSchema = z.looseObject({
  id: z.union([z.string(), z.number().transform(String)]),
  /** NEW, RECEIVED, DISPATCHED, CONSUMED or NOTIFIED [swagger]. */
  status: looseText,
  eventDate: z.union([z.string(), z.number()]).optional().catch(undefined),
});

export type InstanceEvent = z.output<typeof instanceEventSchema>;

/** A list of the Campaign Monitor account behind an instance. */
export interface HubList {
  readonly id: string;
  readonly name: string;
  readonly clientId: string;
  readonly clientName: string;
}

export const oauthUrlSchema = z.looseObject({ oauthUrl: z.url({ protocol: /^https?$/ }) });

const idText = z.union([z.string().min(1), z.number().transform(String)]);

export const accountSchema = z.looseObject({
  BasicDetails: z.looseObject({ ClientID: idText, CompanyName: looseText }),
});

export const hubListSchema = z.looseObject({
  id: idText.optional().catch(undefined),
  ListID: idText.optional().catch(undefined),
  name: looseText,
  Name: looseText,
});

/** @param expected what it should be, for the message */
export function parsed<T>(
  schema: z.ZodType<T>,
  answer: { readonly value: unknown; readonly status: number },
  expected: string,
): T {
  const result = schema.safeParse(answer.value);
  if (result.success) return result.data;
  // Messages of zod contain names of fields, not values.
  const issue = result.error.issues[0];
  const where = issue === undefined || issue.path.length === 0 ? '' : ` (${issue.path.join('.')}: ${issue.message})`;
  const said = `it is not ${expected}${where}`;
  throw new OpenConnectorsError('unexpected-answer', 'check-host', { status: answer.status, said });
}
