/**
 * The messages between the form's page and the extension. The page's messages are validated on arrival; the extension's
 * are typed. Secrets are only sent from the page to the extension, with one exception: the token of a new instance,
 * when the user asks to see it.
 */
import { z } from 'zod';
import type { formTexts } from './texts.ts';

const short = z.string().max(2000);

/** The fields of the form without secrets: stored when the page is hidden or reloaded. */
export const formFieldsSchema = z.object({
  /** The ID of a region, `other` (then `host` says which), or `sandbox`. */
  region: short,
  host: short,
  name: short,
  /** Separated by commas. */
  tags: short,
  authentication: z.enum(['oauth', 'basic']),
  /** The client ID of the OAuth app. */
  apiKey: short,
  oauthCallbackUrl: short,
  eventsEnabled: z.boolean(),
  callbackUrl: short,
  /** As typed or pasted: separated by commas, spaces or line breaks. */
  listIds: z.string().max(100_000),
  /** The signature key also signs what the relay sends in direct mode. */
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
  /** The page is ready; `pageState` is its stored state, not validated. */
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
  /** The created instance is on the page, and its heading has the focus. */
  z.object({ type: z.literal('createdShown') }),
]);
export type PageMessage = z.infer<typeof pageMessageSchema>;

/** Undefined for an invalid message. */
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

/** Reads a page's stored state; undefined if there is none, or it is an older version's. */
export function readFormPageState(pageState: unknown): z.infer<typeof formPageStateSchema> | undefined {
  return formPageStateSchema.safeParse(pageState).data;
}

/** In the user's language. */
export interface FieldNote {
  readonly severity: 'error' | 'warning';
  readonly text: string;
  /** Don't show "required" for fields that the user hasn't visited. */
  readonly empty: boolean;
}

export interface FormView {
  readonly notes: Readonly<Partial<Record<FieldName, FieldNote>>>;
  /** Which secrets the extension has: typed in this form, or stored. */
  readonly secretsSet: Readonly<Partial<Record<SecretField, boolean>>>;
  /** The body of `POST /instances`, secrets masked. */
  readonly preview: string;
  readonly relay: string;
  /** Why the instance can't be created now; undefined if it can. */
  readonly blocked: string | undefined;
  /** The current task, which can be cancelled; undefined if there is none. */
  readonly busy: string | undefined;
  /** What last went wrong, and what to do. */
  readonly error: string | undefined;
  /** What was just done, for display and for screen readers. */
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
