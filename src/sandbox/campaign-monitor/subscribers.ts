/** Changes of subscribers, and the webhook events that each one fires. */
import { z } from 'zod';
import type { SampleCustomField, WebhookEvent } from '../../campaign-monitor/samples.ts';
import { vendorDate } from '../../campaign-monitor/samples.ts';
import type { Subscriber } from './state.ts';
import { vendorErrors } from './vendor-error.ts';

const emailSchema = z.email({ pattern: z.regexes.html5Email });

const customFieldsSchema = z.array(
  z.object({
    Key: z.string().min(1),
    Value: z.union([z.string(), z.number(), z.boolean()]).transform(String).default(''),
  }),
);

/** What the vendor takes for a subscriber; further fields, such as `ConsentToTrack`, change nothing here. */
const subscriberSchema = z.object({
  EmailAddress: z.string(),
  Name: z.string().nullish(),
  CustomFields: customFieldsSchema.nullish(),
  Resubscribe: z.boolean().optional(),
});
export const addSchema = subscriberSchema;
export const updateSchema = subscriberSchema.partial();
export const unsubscribeSchema = z.object({ EmailAddress: z.string() });
export const importSchema = z.object({
  Subscribers: z.array(subscriberSchema),
  Resubscribe: z.boolean().default(false),
});

type SubscriberInput = z.infer<typeof subscriberSchema>;
type ListSubscribers = Map<string, Subscriber>;

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
 * @throws VendorError code 1 where the address is none
 */
export function addSubscriber(list: ListSubscribers, input: SubscriberInput, resubscribe: boolean): WebhookEvent[] {
  if (!emailSchema.safeParse(input.EmailAddress).success) throw vendorErrors.invalidEmail();
  const known = list.get(input.EmailAddress.toLowerCase());
  if (known?.state === 'Active') return updateSubscriber(list, known, input);
  if (known !== undefined && !resubscribe) return [];
  const subscriber: Subscriber = {
    email: input.EmailAddress,
    name: input.Name ?? '',
    customFields: withoutBrackets(input.CustomFields ?? []),
    state: 'Active',
  };
  list.set(subscriber.email.toLowerCase(), subscriber);
  // What the vendor gives as the address of a sign-up through its API is unknown.
  return [{ ...commonFields(subscriber), SignupIPAddress: 'TypeManual', Type: 'Subscribe' }];
}

/**
 * Changes a subscriber: Update, as through the vendor's API too [2nd]. Custom fields that are not named stay.
 * @throws VendorError code 1 where the new address is none
 */
export function updateSubscriber(
  list: ListSubscribers,
  subscriber: Subscriber,
  input: Partial<SubscriberInput>,
): WebhookEvent[] {
  const email = input.EmailAddress ?? subscriber.email;
  if (!emailSchema.safeParse(email).success) throw vendorErrors.invalidEmail();
  const oldEmail = subscriber.email;
  const given = withoutBrackets(input.CustomFields ?? []);
  const keys = new Set(given.map((field) => field.Key));
  list.delete(oldEmail.toLowerCase());
  subscriber.email = email;
  subscriber.name = input.Name ?? subscriber.name;
  subscriber.customFields = [...subscriber.customFields.filter((field) => !keys.has(field.Key)), ...given];
  list.set(email.toLowerCase(), subscriber);
  return [{ ...commonFields(subscriber), OldEmailAddress: oldEmail, State: subscriber.state, Type: 'Update' }];
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
export function activeSubscriber(list: ListSubscribers, email: string): Subscriber {
  const subscriber = list.get(email.toLowerCase());
  if (subscriber?.state !== 'Active') throw vendorErrors.notInList();
  return subscriber;
}

/** Adds many; addresses that are none, or come twice, are left out and named in the result. */
export function importSubscribers(
  list: ListSubscribers,
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
    if (list.has(address)) result.TotalExistingSubscribers++;
    else result.TotalNewSubscribers++;
    events.push(...addSubscriber(list, input, resubscribe));
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
