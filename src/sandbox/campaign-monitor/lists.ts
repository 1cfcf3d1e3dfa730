import { z } from 'zod';
import type { SandboxList } from './accounts.ts';
import type { SubscriberList, SubscriberState } from './subscribers.ts';
import { vendorErrors } from './vendor-error.ts';

export interface ListSettings {
  readonly title: string;
  readonly unsubscribePage: string;
  readonly unsubscribeSetting: 'AllClientLists' | 'OnlyThisList';
  readonly confirmedOptIn: boolean;
  readonly confirmationSuccessPage: string;
}

export interface KeptList extends SandboxList, ListSettings {
  readonly subscribers: SubscriberList;
}

export const sampleListSettings: Omit<ListSettings, 'title'> = {
  unsubscribePage: '',
  unsubscribeSetting: 'OnlyThisList',
  confirmedOptIn: false,
  confirmationSuccessPage: '',
};

const titleSchema = z.string().trim().min(1).max(250);
const settingSchema = z.enum(['AllClientLists', 'OnlyThisList']);
const pageSchema = z
  .string()
  .max(4096)
  .nullish()
  .transform((page) => page ?? '');
const restSchema = z.object({
  UnsubscribePage: pageSchema,
  ConfirmedOptIn: z.boolean().default(false),
  ConfirmationSuccessPage: pageSchema,
});

/** Omitted settings get their defaults [vendor]. @throws VendorError 251, 250 or 261, in this order, or 400 */
export function readListSettings(body: unknown, others: readonly string[]): ListSettings {
  const given = z.record(z.string(), z.unknown()).safeParse(body).data ?? {};
  const title = titleSchema.safeParse(given['Title']);
  if (!title.success) throw vendorErrors.emptyListTitle();
  const isTaken = others.some((other) => other.toLowerCase() === title.data.toLowerCase());
  if (isTaken) throw vendorErrors.duplicateListTitle();
  // The default of the vendor's own clients [code].
  const setting = settingSchema.safeParse(given['UnsubscribeSetting'] ?? 'AllClientLists');
  if (!setting.success) throw vendorErrors.invalidUnsubscribeSetting();
  const rest = restSchema.safeParse(given);
  if (!rest.success) throw vendorErrors.unreadableBody(400, z.prettifyError(rest.error));
  return {
    title: title.data,
    unsubscribePage: rest.data.UnsubscribePage,
    unsubscribeSetting: setting.data,
    confirmedOptIn: rest.data.ConfirmedOptIn,
    confirmationSuccessPage: rest.data.ConfirmationSuccessPage,
  };
}

export function listAnswer(list: KeptList): object {
  return {
    ConfirmedOptIn: list.confirmedOptIn,
    Title: list.title,
    UnsubscribePage: list.unsubscribePage,
    UnsubscribeSetting: list.unsubscribeSetting,
    ListID: list.listId,
    ConfirmationSuccessPage: list.confirmationSuccessPage,
  };
}

const counted: readonly (readonly [state: SubscriberState, total: string, since: string])[] = [
  ['Active', 'TotalActiveSubscribers', 'NewActiveSubscribers'],
  ['Unsubscribed', 'TotalUnsubscribes', 'Unsubscribes'],
  ['Deleted', 'TotalDeleted', 'Deleted'],
  ['Bounced', 'TotalBounces', 'Bounces'],
];

/** Days are those of UTC, and weeks begin on Monday [inferred]. */
export function listStats(list: SubscriberList, now: Date): Record<string, number> {
  const day = (daysAgo: number): string => new Date(now.getTime() - daysAgo * 86_400_000).toISOString().slice(0, 10);
  const today = day(0);
  const periods: readonly (readonly [name: string, from: string, to: string])[] = [
    ['Today', today, today],
    ['Yesterday', day(1), day(1)],
    ['ThisWeek', day((now.getUTCDay() + 6) % 7), today],
    ['ThisMonth', `${today.slice(0, 8)}01`, today],
    ['ThisYear', `${today.slice(0, 5)}01-01`, today],
  ];
  const subscribers = list.values();
  const stats: Record<string, number> = {};
  for (const [state, total, since] of counted) {
    const days = subscribers.filter((each) => each.state === state).map((each) => each.stateSince.slice(0, 10));
    stats[total] = days.length;
    for (const [name, from, to] of periods) {
      stats[since + name] = days.filter((each) => each >= from && each <= to).length;
    }
  }
  return stats;
}
