/** Changes of subscribers, and the webhook events that each one fires. */
import { z } from 'zod';
import type { SampleCustomField, WebhookEvent } from '../../campaign-monitor/samples.ts';
import { vendorDate } from '../../campaign-monitor/samples.ts';
import type { Subscriber } from './state.ts';
import { VendorError, vendorErrors } from './vendor-error.ts';

const emailSchema = z.email({ pattern: z.regexes.html5Email }).max(254);

/** Subscribers in one import, at most; the vendor's bound is unknown. */
const maxImported = 50_000;
/** Custom fields of a subscriber; the vendor's bounds of these are unknown. */
const maxCustomFields = 200;

/** An array whose number is looked at before its elements: each wrong one costs an explanation. */
function arrayOf<T extends z.ZodType>(element: T, max: number): z.ZodPipe<z.ZodArray<z.ZodUnknown>, z.ZodArray<T>> {
  return z.array(z.unknown()).max(max).pipe(z.array(element));
}

const customFieldsSchema = arrayOf(
  z.object({
    Key: z.string().min(1).max(250),
    Value: z
      .union([z.string().max(5000), z.number(), z.boolean()])
      .transform(String)
      .default(''),
  }),
  maxCustomFields,
);

/** What the vendor takes for a subscriber; further fields, such as `ConsentToTrack`, change nothing here. */
const subscriberSchema = z.object({
  EmailAddress: z.string(),
  Name: z.string().max(1000).nullish(),
  CustomFields: customFieldsSchema.nullish(),
  Resubscribe: z.boolean().optional(),
});
export const addSchema = subscriberSchema;
export const updateSchema = subscriberSchema.partial();
export const unsubscribeSchema = z.object({ EmailAddress: z.string() });
export const importSchema = z.object({
  Subscribers: arrayOf(subscriberSchema, maxImported),
  Resubscribe: z.boolean().default(false),
});

type SubscriberInput = z.infer<typeof subscriberSchema>;

/** Subscribers of a list, and characters of all their names, addresses and fields: more are refused. */
const maxSubscribers = 100_000;
const maxListText = 32_000_000;

/** The subscribers of a list, found by their address in any case. */
export class SubscriberList {
  readonly #byAddress = new Map<string, Subscriber>();
  #text = 0;

  get(address: string): Subscriber | undefined {
    return this.#byAddress.get(address.toLowerCase());
  }

  values(): Subscriber[] {
    return [...this.#byAddress.values()];
  }

  /**
   * Puts a subscriber on the list, in place of whoever has the address.
   * @param before who it was until now, who leaves the list
   * @throws VendorError where the list keeps no more
   */
  put(subscriber: Subscriber, before?: Subscriber): void {
    const leaving = new Set([before, this.get(subscriber.email)].filter((each) => each !== undefined));
    const text = [...leaving].reduce((sum, each) => sum - textOf(each), this.#text + textOf(subscriber));
    if (this.#byAddress.size - leaving.size >= maxSubscribers || text > maxListText) {
      throw vendorErrors.tooMany('subscribers');
    }
    for (const each of leaving) this.#byAddress.delete(each.email.toLowerCase());
    this.#byAddress.set(subscriber.email.toLowerCase(), subscriber);
    this.#text = text;
  }
}

function textOf({ email, name, customFields }: Subscriber): number {
  return customFields.reduce((sum, { Key, Value }) => sum + Key.length + Value.length, email.length + name.length);
}

/** How an import went, in the vendor's names [code]. */
export interface ImportResult {
  FailureDetails: { EmailAddress: string; Code: number; Message: string }[];
  TotalUniqueEmailsSubmitted: number;
  TotalExistingSubscribers: number;
  TotalNewSubscribers: number;
  DuplicateEmailsInSubmission: string[];
}

/**
 * Adds a subscriber, or updates the one with this address: Subscribe or Update. One who has left stays so, without an
 * event, unless `Resubscribe` is set.
 * @throws VendorError code 1 where the address is none; 400 where the list keeps no more
 */
export function addSubscriber(list: SubscriberList, input: SubscriberInput, resubscribe: boolean): WebhookEvent[] {
  if (!emailSchema.safeParse(input.EmailAddress).success) throw vendorErrors.invalidEmail();
  const known = list.get(input.EmailAddress);
  if (known?.state === 'Active') return updateSubscriber(list, known, input);
  if (known !== undefined && !resubscribe) return [];
  const subscriber: Subscriber = {
    email: input.EmailAddress,
    name: input.Name ?? '',
    customFields: withoutBrackets(input.CustomFields ?? []),
    state: 'Active',
  };
  list.put(subscriber);
  // What the vendor gives as the address of a sign-up through its API is unknown.
  return [{ ...commonFields(subscriber), SignupIPAddress: 'TypeManual', Type: 'Subscribe' }];
}

/**
 * Changes a subscriber: Update, as through the vendor's API too [2nd]. Custom fields that are not named stay.
 * @throws VendorError code 1 where the new address is none; 400 where it has too many fields, or the list no room
 */
export function updateSubscriber(
  list: SubscriberList,
  known: Subscriber,
  input: Partial<SubscriberInput>,
): WebhookEvent[] {
  const email = input.EmailAddress ?? known.email;
  if (!emailSchema.safeParse(email).success) throw vendorErrors.invalidEmail();
  const given = withoutBrackets(input.CustomFields ?? []);
  const keys = new Set(given.map((field) => field.Key));
  const customFields = [...known.customFields.filter((field) => !keys.has(field.Key)), ...given];
  if (customFields.length > maxCustomFields) throw vendorErrors.tooMany('custom fields of a subscriber');
  const subscriber = { email, name: input.Name ?? known.name, customFields, state: known.state };
  list.put(subscriber, known);
  return [{ ...commonFields(subscriber), OldEmailAddress: known.email, State: subscriber.state, Type: 'Update' }];
}

/** Takes an active subscriber off the list: Deactivate with the state that is reached. */
export function deactivateSubscriber(subscriber: Subscriber, state: 'Unsubscribed' | 'Deleted'): WebhookEvent[] {
  subscriber.state = state;
  return [{ ...commonFields(subscriber), State: state, Type: 'Deactivate' }];
}

/**
 * The active subscriber with this address.
 * @throws VendorError code 203 where there is none
 */
export function activeSubscriber(list: SubscriberList, email: string): Subscriber {
  const subscriber = list.get(email);
  if (subscriber?.state !== 'Active') throw vendorErrors.notInList();
  return subscriber;
}

/** Adds many; those that cannot be added, or come twice, are left out and named in the result. */
export function importSubscribers(
  list: SubscriberList,
  { Subscribers: inputs, Resubscribe: resubscribe }: z.infer<typeof importSchema>,
): { result: ImportResult; events: WebhookEvent[] } {
  const result: ImportResult = {
    FailureDetails: [],
    TotalUniqueEmailsSubmitted: 0,
    TotalExistingSubscribers: 0,
    TotalNewSubscribers: 0,
    DuplicateEmailsInSubmission: [],
  };
  const events: WebhookEvent[] = [];
  const seen = new Set<string>();
  for (const input of inputs) {
    const address = input.EmailAddress.toLowerCase();
    if (seen.has(address)) {
      result.DuplicateEmailsInSubmission.push(input.EmailAddress);
      continue;
    }
    seen.add(address);
    result.TotalUniqueEmailsSubmitted++;
    if (!emailSchema.safeParse(input.EmailAddress).success) {
      result.FailureDetails.push({ EmailAddress: input.EmailAddress, Code: 1, Message: 'Invalid Email Address' });
      continue;
    }
    const isThere = list.get(address) !== undefined;
    try {
      events.push(...addSubscriber(list, input, resubscribe));
    } catch (error) {
      if (!(error instanceof VendorError)) throw error;
      result.FailureDetails.push({ EmailAddress: input.EmailAddress, Code: error.code, Message: error.message });
      continue;
    }
    if (isThere) result.TotalExistingSubscribers++;
    else result.TotalNewSubscribers++;
  }
  return { result, events };
}

function commonFields(subscriber: Subscriber): {
  CustomFields: readonly SampleCustomField[];
  Date: string;
  EmailAddress: string;
  Name: string;
} {
  return {
    CustomFields: subscriber.customFields,
    Date: vendorDate(new Date()),
    EmailAddress: subscriber.email,
    Name: subscriber.name,
  };
}

/** The API also takes keys as `[website]`; a webhook's carry no brackets [vendor]. */
function withoutBrackets(fields: readonly SampleCustomField[]): SampleCustomField[] {
  return fields.map(({ Key, Value }) => ({ Key: Key.replace(/^\[(.*)\]$/, '$1'), Value }));
}
