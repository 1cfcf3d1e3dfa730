import { z } from 'zod';
import { isReadable, type Subscriber, type SubscriberList, type SubscriberState } from './subscribers.ts';
import { vendorErrors } from './vendor-error.ts';

export type Query = Readonly<Partial<Record<string, string>>>;

/** Returned only on request [vendor]. */
interface Wanted {
  readonly tracking: boolean;
  readonly sms: boolean;
}

export function wantedPreferences(query: Query): Wanted {
  const isSet = (name: string): boolean => query[name]?.toLowerCase() === 'true';
  return { tracking: isSet('includetrackingpreference'), sms: isSet('includesmspreference') };
}

export function subscriberAnswer(subscriber: Subscriber, { tracking, sms }: Wanted): object {
  const { mobileNumber } = subscriber;
  return {
    EmailAddress: subscriber.email,
    Name: subscriber.name,
    ...(mobileNumber !== '' && { MobileNumber: mobileNumber }),
    Date: subscriber.stateSince,
    ListJoinedDate: subscriber.joined,
    State: subscriber.state,
    CustomFields: subscriber.customFields,
    // The vendor derives it from opened emails, which don't exist here.
    ReadsEmailWith: '',
    ...(tracking && { ConsentToTrack: subscriber.consentToTrack }),
    ...(sms && mobileNumber !== '' && { ConsentToSendSms: subscriber.consentToSendSms }),
  };
}

const orders = {
  email: ({ email }: Subscriber): string => email.toLowerCase(),
  name: ({ name }: Subscriber): string => name.toLowerCase(),
  date: ({ stateSince }: Subscriber): string => stateSince,
} as const;

const pageSchema = z.coerce.number().int().min(1);
/** The vendor's limits [2nd]. */
const pageSizeSchema = z.coerce.number().int().min(10).max(1000);
const orderFieldSchema = z
  .string()
  .toLowerCase()
  .pipe(z.enum(['email', 'name', 'date']));
const orderDirectionSchema = z
  .string()
  .toLowerCase()
  .pipe(z.enum(['asc', 'desc']));
/** To the minute, like the dates in responses [inferred]. */
const dateSchema = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}(?:[ T]\d{2}:\d{2}(?::\d{2})?)?$/)
  .transform((date) => date.slice(0, 16).replace('T', ' '))
  .refine((date) => !Number.isNaN(Date.parse(date.length === 10 ? date : `${date.replace(' ', 'T')}Z`)));

/** Those who entered the state at `date` or later; default: all, by date [2nd]. @throws VendorError 5, 800 to 803 */
export function subscriberPage(list: SubscriberList, state: SubscriberState, query: Query): object {
  const date = read(dateSchema, query['date'], '', vendorErrors.invalidDate);
  const page = read(pageSchema, query['page'], 1, vendorErrors.invalidPage);
  const pageSize = read(pageSizeSchema, query['pagesize'], 1000, vendorErrors.invalidPageSize);
  const orderField = read(orderFieldSchema, query['orderfield'], 'date', vendorErrors.invalidOrderField);
  const direction = read(orderDirectionSchema, query['orderdirection'], 'asc', vendorErrors.invalidOrderDirection);
  const rows = list
    .values()
    .filter((each) => each.state === state && each.stateSince >= date && isReadable(each))
    // Addresses are unique, so a row is only on one page.
    .map((subscriber) => ({ subscriber, key: orders[orderField](subscriber), email: orders.email(subscriber) }))
    .sort((a, b) => compare(a.key, b.key) || compare(a.email, b.email));
  if (direction === 'desc') rows.reverse();
  const onPage = rows.slice((page - 1) * pageSize, page * pageSize);
  const wanted = wantedPreferences(query);
  return {
    Results: onPage.map(({ subscriber }) => subscriberAnswer(subscriber, wanted)),
    ResultsOrderedBy: orderField,
    OrderDirection: direction,
    PageNumber: page,
    PageSize: pageSize,
    RecordsOnThisPage: onPage.length,
    TotalNumberOfRecords: rows.length,
    NumberOfPages: Math.ceil(rows.length / pageSize),
  };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The default also replaces an empty value, which the vendor's clients send [code]. */
function read<T>(schema: z.ZodType<T>, given: string | undefined, otherwise: NoInfer<T>, error: () => Error): T {
  if (given === undefined || given === '') return otherwise;
  const parsed = schema.safeParse(given);
  if (!parsed.success) throw error();
  return parsed.data;
}
