import { z } from 'zod';
import { vendorDate, type SampleCustomField, type WebhookEvent } from '../../campaign-monitor/samples.ts';
import { CustomFields } from './custom-fields.ts';
import type { CampaignHistory } from './history.ts';
import { VendorError, vendorErrors } from './vendor-error.ts';

export const subscriberStates = ['Active', 'Unconfirmed', 'Unsubscribed', 'Bounced', 'Deleted'] as const;
export type SubscriberState = (typeof subscriberStates)[number];

type Consent = 'Yes' | 'No';

/** All dates are in the vendor's form, in UTC. */
export interface Subscriber {
  readonly email: string;
  readonly name: string;
  readonly customFields: readonly SampleCustomField[];
  readonly state: SubscriberState;
  /** The `Date` in responses [2nd]. */
  readonly stateSince: string;
  readonly joined: string;
  readonly consentToTrack: Consent;
  /** E.164, or empty. */
  readonly mobileNumber: string;
  /** Empty if unknown. */
  readonly consentToSendSms: Consent | '';
  /** When the API starts to return it, in milliseconds since 1970; 0 for always. */
  readonly readableFrom: number;
  readonly history: readonly CampaignHistory[];
}

export const activeAgainEvents = ['Subscribe', 'Update'] as const;
export type ActiveAgain = (typeof activeAgainEvents)[number];

export interface Admission {
  /** `Unconfirmed` on a list with confirmed opt-in [2nd]: then there is no event until the confirmation [inferred]. */
  readonly joinsAs: 'Active' | 'Unconfirmed';
  readonly activeAgain: ActiveAgain;
  /** In milliseconds since 1970; 0 for at once. */
  readonly readableFrom: number;
}

const plainAdmission: Admission = { joinsAs: 'Active', activeAgain: 'Subscribe', readableFrom: 0 };

const emailSchema = z.email({ pattern: z.regexes.html5Email }).max(254);
const mobileNumberSchema = z.string().regex(/^\+[1-9]\d{1,14}$/);

/** The vendor's is 1,000 [2nd], but tests add more. */
const maxImported = 50_000;
/** The vendor's limits are unknown. */
const maxCustomFields = 200;

/** Checks the length before the elements: each wrong element costs an error message. */
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
    /** Removes the field's values, or, of several choices, the one in `Value` [2nd]. */
    Clear: z.boolean().optional(),
  }),
  maxCustomFields,
);

const subscriberSchema = z.object({
  EmailAddress: z.string(),
  Name: z.string().max(1000).nullish(),
  CustomFields: customFieldsSchema.nullish(),
  Resubscribe: z.boolean().optional(),
  ConsentToTrack: z.unknown().optional(),
  MobileNumber: z.string().max(100).nullish(),
  ConsentToSendSms: z.unknown().optional(),
});
export const addSchema = subscriberSchema;
export const updateSchema = subscriberSchema.partial();
export const unsubscribeSchema = z.object({ EmailAddress: z.string() });
export const importSchema = z.object({
  Subscribers: arrayOf(subscriberSchema, maxImported),
  Resubscribe: z.boolean().default(false),
});

type SubscriberInput = Partial<Omit<z.infer<typeof subscriberSchema>, 'EmailAddress'>> & { EmailAddress: string };

export class SubscriberList {
  readonly fields: CustomFields;
  readonly #byAddress = new Map<string, Subscriber>();

  constructor(fields = new CustomFields()) {
    this.fields = fields;
  }

  get(address: string): Subscriber | undefined {
    return this.#byAddress.get(address.toLowerCase());
  }

  values(): Subscriber[] {
    return [...this.#byAddress.values()];
  }

  put(subscriber: Subscriber, before?: Subscriber): void {
    const address = subscriber.email.toLowerCase();
    if (before !== undefined) this.#byAddress.delete(before.email.toLowerCase());
    this.#byAddress.delete(address);
    this.#byAddress.set(address, subscriber);
  }

  changeFields(change: (fields: readonly SampleCustomField[]) => readonly SampleCustomField[]): void {
    for (const each of this.values()) {
      this.#byAddress.set(each.email.toLowerCase(), { ...each, customFields: change(each.customFields) });
    }
  }
}

/** With the vendor's names [code]. */
export interface ImportResult {
  FailureDetails: { EmailAddress: string; Code: number; Message: string }[];
  TotalUniqueEmailsSubmitted: number;
  TotalExistingSubscribers: number;
  TotalNewSubscribers: number;
  DuplicateEmailsInSubmission: string[];
}

/** A subscriber who has left stays so unless `Resubscribe` is set; the date of joining stays [2nd]. */
export function addSubscriber(
  list: SubscriberList,
  input: SubscriberInput,
  resubscribe: boolean,
  admission = plainAdmission,
): WebhookEvent[] {
  checkContact(input.EmailAddress, input.MobileNumber);
  const known = list.get(input.EmailAddress);
  if (known?.state === 'Active') return updateSubscriber(list, known, input);
  const contact = contactOf(input, known);
  if (known !== undefined && !resubscribe) return [];
  const now = vendorDate(new Date());
  const subscriber: Subscriber = {
    email: input.EmailAddress,
    name: input.Name ?? '',
    customFields: changedFields(list, [], input.CustomFields ?? []),
    state: admission.joinsAs,
    stateSince: now,
    joined: known?.joined ?? now,
    ...contact,
    readableFrom: known?.readableFrom ?? admission.readableFrom,
    history: known?.history ?? [],
  };
  list.put(subscriber);
  if (admission.joinsAs !== 'Active') return [];
  return [known === undefined ? subscribeEvent(subscriber) : activeAgainEvent(subscriber, known.email, admission)];
}

/** @throws VendorError 211, 201 if another active subscriber has the new address, 215 or 220 */
export function updateSubscriber(
  list: SubscriberList,
  known: Subscriber,
  input: Partial<SubscriberInput>,
  admission = plainAdmission,
): WebhookEvent[] {
  const email = input.EmailAddress ?? known.email;
  if (!emailSchema.safeParse(email).success) throw vendorErrors.invalidNewEmail();
  checkContact(email, input.MobileNumber);
  const other = list.get(email);
  if (other !== undefined && other !== known && other.state === 'Active') throw vendorErrors.alreadySubscribed();
  const customFields = changedFields(list, known.customFields, input.CustomFields ?? []);
  const state = input.Resubscribe === true && known.state !== 'Active' ? admission.joinsAs : known.state;
  const subscriber = {
    ...known,
    email,
    name: input.Name ?? known.name,
    customFields,
    state,
    stateSince: state === known.state ? known.stateSince : vendorDate(new Date()),
    ...contactOf(input, known),
  };
  list.put(subscriber, known);
  const isBack = state === 'Active' && known.state !== 'Active';
  return [isBack ? activeAgainEvent(subscriber, known.email, admission) : updateEvent(subscriber, known.email)];
}

export function deactivateSubscriber(
  list: SubscriberList,
  known: Subscriber,
  state: 'Unsubscribed' | 'Bounced' | 'Deleted',
): WebhookEvent[] {
  const subscriber = { ...known, state, stateSince: vendorDate(new Date()) };
  list.put(subscriber, known);
  return [{ ...commonFields(subscriber), State: state, Type: 'Deactivate' }];
}

export function confirmSubscriber(list: SubscriberList, known: Subscriber): WebhookEvent[] {
  const subscriber: Subscriber = { ...known, state: 'Active', stateSince: vendorDate(new Date()) };
  list.put(subscriber, known);
  return [subscribeEvent(subscriber)];
}

export function isReadable({ readableFrom }: Subscriber): boolean {
  return readableFrom <= Date.now();
}

export function knownSubscriber(list: SubscriberList, email: string): Subscriber {
  const subscriber = list.get(email);
  if (subscriber === undefined) throw vendorErrors.notInList();
  return subscriber;
}

export function activeSubscriber(list: SubscriberList, email: string): Subscriber {
  const subscriber = knownSubscriber(list, email);
  if (subscriber.state !== 'Active') throw vendorErrors.notInList();
  return subscriber;
}

export function importSubscribers(
  list: SubscriberList,
  { Subscribers: inputs, Resubscribe: resubscribe }: { Subscribers: SubscriberInput[]; Resubscribe: boolean },
  admission = plainAdmission,
): { result: ImportResult; events: WebhookEvent[] } {
  if (inputs.length === 0) throw vendorErrors.nothingToImport();
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
    const isThere = list.get(address) !== undefined;
    try {
      events.push(...addSubscriber(list, input, resubscribe, admission));
    } catch (error) {
      if (!(error instanceof VendorError)) throw error;
      // In an import, the vendor's message differs from that of a single call [vendor].
      const message = error.code === 1 ? 'Invalid Email Address' : error.message;
      result.FailureDetails.push({ EmailAddress: input.EmailAddress, Code: error.code, Message: message });
      continue;
    }
    if (isThere) result.TotalExistingSubscribers++;
    else result.TotalNewSubscribers++;
  }
  return { result, events };
}

export function takeOver(list: SubscriberList, events: readonly WebhookEvent[]): void {
  for (const event of events) {
    const { EmailAddress: email, Name: name, CustomFields: customFields, Date: date } = event;
    const known = list.get(event.Type === 'Update' ? event.OldEmailAddress : email) ?? list.get(email);
    const said = event.Type === 'Subscribe' ? 'Active' : event.State;
    const state = subscriberStates.find((each) => each === said) ?? 'Active';
    list.put(
      {
        consentToTrack: 'Yes',
        mobileNumber: '',
        consentToSendSms: '',
        readableFrom: 0,
        history: [],
        joined: date,
        ...known,
        email,
        name,
        customFields,
        state,
        stateSince: state === known?.state ? known.stateSince : date,
      },
      known,
    );
  }
}

export function checkContact(email: string, mobileNumber?: string | null): void {
  const isEmail = emailSchema.safeParse(email).success;
  const isNumber = isNone(mobileNumber) || mobileNumberSchema.safeParse(mobileNumber).success;
  if (!isEmail && !isNumber) throw vendorErrors.invalidEmailAndMobileNumber();
  if (!isEmail) throw vendorErrors.invalidEmail();
  if (!isNumber) throw vendorErrors.invalidMobileNumber();
}

function isNone(text: string | null | undefined): boolean {
  return text === undefined || text === null || text === '';
}

/** Consent to tracking is the default; without a number, no consent to SMS is stored [2nd]. @throws VendorError 215 */
function contactOf(
  input: Partial<SubscriberInput>,
  known: Subscriber | undefined,
): Pick<Subscriber, 'consentToTrack' | 'mobileNumber' | 'consentToSendSms'> {
  const sms = consentOf(input.ConsentToSendSms) ?? known?.consentToSendSms ?? '';
  const mobileNumber = isNone(input.MobileNumber) ? (known?.mobileNumber ?? '') : (input.MobileNumber ?? '');
  return {
    consentToTrack: consentOf(input.ConsentToTrack) ?? known?.consentToTrack ?? 'Yes',
    mobileNumber,
    consentToSendSms: mobileNumber === '' ? '' : sms,
  };
}

/** Null for no change. @throws VendorError 215, of SMS too [inferred] */
function consentOf(given: unknown): Consent | null {
  if (given === undefined || given === null || given === '' || given === 'Unchanged') return null;
  if (given !== 'Yes' && given !== 'No') throw vendorErrors.invalidConsent();
  return given;
}

function subscribeEvent(subscriber: Subscriber): WebhookEvent {
  // The vendor's value for a sign-up through its API is unknown.
  return { ...commonFields(subscriber), SignupIPAddress: 'TypeManual', Type: 'Subscribe' };
}

function updateEvent(subscriber: Subscriber, oldAddress: string): WebhookEvent {
  return { ...commonFields(subscriber), OldEmailAddress: oldAddress, State: subscriber.state, Type: 'Update' };
}

function activeAgainEvent(subscriber: Subscriber, oldAddress: string, { activeAgain }: Admission): WebhookEvent {
  return activeAgain === 'Subscribe' ? subscribeEvent(subscriber) : updateEvent(subscriber, oldAddress);
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

/** The API also accepts keys such as `[website]`; responses contain none. Given values replace all of a field. */
function changedFields(
  list: SubscriberList,
  before: readonly SampleCustomField[],
  given: z.infer<typeof customFieldsSchema>,
): SampleCustomField[] {
  const named = given.map((field) => ({ ...field, Key: list.fields.nameOf(field.Key) }));
  const isCleared = ({ Key, Value }: SampleCustomField): boolean =>
    named.some(
      (each) =>
        each.Clear === true &&
        each.Key === Key &&
        (each.Value === '' || !list.fields.takesSeveral(Key) || each.Value === Value),
    );
  const replaced = new Set(named.filter(({ Clear }) => Clear !== true).map(({ Key }) => Key));
  return [
    ...before.filter((field) => !replaced.has(field.Key) && !isCleared(field)),
    ...named.filter(({ Clear }) => Clear !== true).map(({ Key, Value }) => ({ Key, Value })),
  ];
}
