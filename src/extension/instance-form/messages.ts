/** Secrets go only from the page to the extension, except a new instance's token if the user asks to see it. */
import { z } from 'zod';
import type { formTexts } from './texts.ts';

const short = z.string().max(2000);

/** Without secrets, because VS Code stores these fields when the page is hidden or reloaded. */
export const formFieldsSchema = z.object({
  /** A region's ID, `sandbox`, or `other` (then `host` is set). */
  region: short,
  host: short,
  name: short,
  tags: short,
  authentication: z.enum(['oauth', 'basic']),
  /** OAuth client ID. */
  apiKey: short,
  oauthCallbackUrl: short,
  eventsEnabled: z.boolean(),
  callbackUrl: short,
  /** Separated by commas, spaces or line breaks. */
  listIds: z.string().max(100_000),
  signDirect: z.boolean(),
  basicUsername: short,
});
export type FormFields = z.infer<typeof formFieldsSchema>;

export const secretFields = [
  'userSecret',
  'organizationSecret',
  'apiSecret',
  'campaignMonitorApiKey',
  'signatureKey',
  'basicPassword',
  'callbackHeaders',
] as const;
export type SecretField = (typeof secretFields)[number];

export type FieldName = keyof FormFields | SecretField;

const formActions = [
  'useSandbox',
  'fillCallback',
  'useThisMachine',
  'generateKey',
  'copyKey',
  'pickLists',
  'copyJson',
  'copyCurl',
  'create',
  'cancel',
  'showLog',
  'copyId',
  'copyToken',
  'copyInstanceCurl',
  'showToken',
  'another',
] as const;
export type FormAction = (typeof formActions)[number];

const pageMessageSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready'), pageState: z.unknown().optional() }),
  z.object({ type: z.literal('changed'), fields: formFieldsSchema }),
  /** `done`: the user has left the field. */
  z.object({
    type: z.literal('secret'),
    field: z.enum(secretFields),
    value: z.string().max(20_000),
    done: z.boolean(),
  }),
  z.object({ type: z.literal('action'), action: z.enum(formActions) }),
  z.object({ type: z.literal('createdShown') }),
]);
export type PageMessage = z.infer<typeof pageMessageSchema>;

export function readPageMessage(message: unknown): PageMessage | undefined {
  return pageMessageSchema.safeParse(message).data;
}

const createdInstanceSchema = z.object({
  id: z.string().regex(/^\d{1,15}$/),
  name: short,
  /** In the form of the host setting. */
  host: short,
});
export type CreatedInstance = Readonly<z.infer<typeof createdInstanceSchema>>;

const formPageStateSchema = z.object({
  fields: formFieldsSchema,
  created: createdInstanceSchema.optional().catch(undefined),
});

/** Undefined if there is none, or an older version stored it. */
export function readFormPageState(pageState: unknown): z.infer<typeof formPageStateSchema> | undefined {
  return formPageStateSchema.safeParse(pageState).data;
}

export interface FieldNote {
  readonly severity: 'error' | 'warning';
  readonly text: string;
  /** Don't show "required" for fields that the user hasn't visited. */
  readonly empty: boolean;
}

export interface FormView {
  readonly notes: Readonly<Partial<Record<FieldName, FieldNote>>>;
  readonly secretsSet: Readonly<Partial<Record<SecretField, boolean>>>;
  readonly preview: string;
  readonly relay: string;
  /** Undefined if the instance can be created. */
  readonly blocked: string | undefined;
  readonly busy: string | undefined;
  readonly error: string | undefined;
  readonly done: string | undefined;
  readonly created: CreatedInstance | undefined;
}

export interface Region {
  readonly id: string;
  readonly label: string;
}

export type FormTexts = ReturnType<typeof formTexts>;
export type FormText = keyof FormTexts;

export type HostMessage =
  | {
      readonly type: 'show';
      readonly texts: FormTexts;
      readonly regions: readonly Region[];
      readonly fields: FormFields;
      readonly view: FormView;
    }
  | { readonly type: 'view'; readonly view: FormView }
  | { readonly type: 'fill'; readonly fields: FormFields; readonly view: FormView }
  | { readonly type: 'token'; readonly token: string };
