/**
 * What the form's page and the extension say to each other. The page's messages are checked on arrival; the extension's
 * are typed. A secret goes from the page to the extension only, with one exception: the token of a new instance, when
 * the user asks to see it.
 */
import { z } from 'zod';
import type { formTexts } from './texts.ts';

const short = z.string().max(2000);

/** What is typed into the form, secrets excepted: what is kept over hiding and reloading. */
export const formFieldsSchema = z.object({
  /** The id of a region, `other` (then `host` says which), or `sandbox`. */
  region: short,
  host: short,
  name: short,
  /** Separated by commas. */
  tags: short,
  authentication: z.enum(['oauth', 'basic']),
  /** The client id of the OAuth app. */
  apiKey: short,
  /** The callback URL registered for the OAuth app. */
  oauthCallbackUrl: short,
  eventsEnabled: z.boolean(),
  callbackUrl: short,
  /** As typed or pasted: separated by commas, blanks or line ends. */
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

/** The fields that an error can stand beside. */
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
  /** The page has been drawn; `pageState` is what it had kept of an earlier life, whatever that is. */
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

/** Reads what the page says; undefined where it is nothing that the page can say. */
export function readPageMessage(message: unknown): PageMessage | undefined {
  return pageMessageSchema.safeParse(message).data;
}

/** The instance that was made. Its token is not here. */
const createdInstanceSchema = z.object({
  id: z.string().regex(/^\d{1,15}$/),
  name: short,
  /** Where it was made, as the host's setting has it. */
  host: short,
});
export type CreatedInstance = Readonly<z.infer<typeof createdInstanceSchema>>;

const formPageStateSchema = z.object({
  fields: formFieldsSchema,
  created: createdInstanceSchema.optional().catch(undefined),
});

/** Reads what a page had kept; undefined where it kept nothing, or an older version did. */
export function readFormPageState(pageState: unknown): z.infer<typeof formPageStateSchema> | undefined {
  return formPageStateSchema.safeParse(pageState).data;
}

/** Something about a field, in the user's language. */
export interface FieldNote {
  readonly severity: 'error' | 'warning';
  readonly text: string;
  /** An empty field is not scolded before the user has been there. */
  readonly empty: boolean;
}

/** All that the page draws, beside what is typed. */
export interface FormView {
  readonly notes: Readonly<Partial<Record<FieldName, FieldNote>>>;
  /** Which secrets the extension has: typed in this form, or stored. */
  readonly secretsSet: Readonly<Partial<Record<SecretField, boolean>>>;
  /** The body of `POST /instances`, secrets masked. */
  readonly preview: string;
  /** What the relay is doing, one sentence. */
  readonly relay: string;
  /** Why the instance cannot be created now; undefined where it can. */
  readonly blocked: string | undefined;
  /** What is under way, and can be cancelled; undefined where nothing is. */
  readonly busy: string | undefined;
  /** What went wrong last, and what to do. */
  readonly error: string | undefined;
  /** What has just been done, for the eyes and for a screen reader. */
  readonly done: string | undefined;
  readonly created: CreatedInstance | undefined;
}

export interface Region {
  readonly id: string;
  readonly label: string;
}

/** The texts of the page, in the user's language, by name. */
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
  /** The extension has filled something in. */
  | { readonly type: 'fill'; readonly fields: FormFields; readonly view: FormView }
  | { readonly type: 'token'; readonly token: string };
