/** What the table's page and the extension say to each other. What the page says is checked. */
import { z } from 'zod';
import { chosenEventsSchema } from '../../protocol/chosen-events.ts';
import type { ChosenEvents, Stretch } from '../../protocol/chosen-events.ts';
import { eventOrders } from '../../protocol/event-filter.ts';
import type { RowState } from '../events/forwarding-state.ts';
import type { tableTexts } from './texts.ts';

export type ColumnName = Sort['by'] | 'address' | 'list' | 'destination' | 'id' | 'waterfall';

/** The orders that the relay knows. */
const sortSchema = z.strictObject({
  by: z.enum(eventOrders),
  descending: z.boolean(),
});
export type Sort = z.infer<typeof sortSchema>;

const eventId = z.string().regex(/^e[1-9]\d*$/);

/** What of the table is in sight, so that a later snapshot begins with that. */
const sightSchema = z.strictObject({
  /** The position of the first row in sight. */
  first: z.int().min(0),
  count: z.int().min(0).max(1000),
  /** A row in sight and its position, by which the place is found again; null where the newest are followed. */
  anchor: z.strictObject({ id: eventId, at: z.int().min(0) }).nullable(),
});
export type Sight = z.infer<typeof sightSchema>;

export type { ChosenEvents, Stretch };

/** Commands that the page's keys run on what is chosen. */
const actionSchema = z.enum(['open', 'resend', 'release', 'discard', 'copyAsCurl']);

const pageMessageSchema = z.discriminatedUnion('type', [
  /** The page is there; with what it kept from before it was hidden. */
  z.strictObject({ type: z.literal('ready'), sort: sortSchema.nullable(), sight: sightSchema.nullable() }),
  /** `again`: a snapshot went by what was in sight before, and another is wanted. */
  z.strictObject({ type: z.literal('see'), sight: sightSchema, again: z.boolean() }),
  /** Rows that are in sight and not there, by the positions at which their windows begin; the first is wanted most. */
  z.strictObject({
    type: z.literal('want'),
    snapshot: z.string().max(100),
    offsets: z.array(z.int().min(0)).max(8),
  }),
  z.strictObject({ type: z.literal('sort'), sort: sortSchema }),
  z.strictObject({ type: z.literal('pause'), on: z.boolean() }),
  /** `done`: it is to be in force as it stands; else it is being typed. */
  z.strictObject({ type: z.literal('filter'), text: z.string().max(1000), done: z.boolean() }),
  /** What is chosen from now on. `turn` counts the choices: a snapshot says for which it was taken. */
  z.strictObject({ type: z.literal('choose'), turn: z.int().min(0), chosen: chosenEventsSchema }),
  z.strictObject({ type: z.literal('act'), action: actionSchema, chosen: chosenEventsSchema }),
  z.strictObject({ type: z.literal('start') }),
  z.strictObject({ type: z.literal('sample') }),
  z.strictObject({ type: z.literal('addDestination') }),
  z.strictObject({ type: z.literal('continueSending') }),
  z.strictObject({ type: z.literal('sendNext') }),
  z.strictObject({ type: z.literal('answerDeliveries') }),
  z.strictObject({ type: z.literal('retry') }),
  z.strictObject({ type: z.literal('showLog') }),
]);
export type PageMessage = z.infer<typeof pageMessageSchema>;
export type TableAction = z.infer<typeof actionSchema>;

/** Reads what the menu of a row is about. @returns undefined where it is nothing that the page can have chosen */
export function readChosen(raw: unknown): ChosenEvents | undefined {
  return chosenEventsSchema.safeParse(raw).data;
}

/** Reads what the page says. @returns undefined where it is nothing that it may say */
export function readTableMessage(raw: unknown): PageMessage | undefined {
  return pageMessageSchema.safeParse(raw).data;
}

/** An attempt on the row's clock, in milliseconds since its delivery was received. */
export interface Span {
  readonly from: number;
  readonly ms: number;
  readonly outcome: 'sent' | 'retrying' | 'failed';
  /** It was sent again when it had been settled, which may be days later. */
  readonly again: boolean;
  /** In words, for the pointer. */
  readonly words: string;
}

/** One row, ready to be drawn. All of it is text. */
export interface TableRow {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly receivedAt: number;
  readonly state: RowState;
  readonly cells: Readonly<Record<Exclude<ColumnName, 'time' | 'waterfall'>, string>>;
  /** What is too long for a cell, for the pointer. */
  readonly details: string;
  /** What a context menu knows of it, each flag between semicolons. */
  readonly flags: string;
  readonly spans: readonly Span[];
  /** When the next attempt is due, on the row's clock; null where none is. */
  readonly nextAt: number | null;
  /** The waterfall in words. */
  readonly waterfallWords: string;
}

/** Rows from a position of the snapshot on; null where one was removed. */
export interface RowWindow {
  readonly offset: number;
  readonly rows: readonly (TableRow | null)[];
}

/** A filter on offer. */
export interface OfferedFilter {
  readonly filter: string;
  readonly description: string;
  /** It is to be typed on. */
  readonly begins: boolean;
}

/** How the table stands where it shows no rows. */
export type TableState =
  | { readonly kind: 'stopped' }
  | { readonly kind: 'starting' }
  | { readonly kind: 'failed'; readonly message: string }
  /** The history could not be read. */
  | { readonly kind: 'unreadable'; readonly message: string }
  | { readonly kind: 'running' }
  /** No relay runs; what it received can be read. */
  | { readonly kind: 'readOnly' };

/** Events in each of the last minutes. */
export interface Strip {
  /** Milliseconds since the epoch. */
  readonly since: number;
  /** Those that the filter finds. */
  readonly counts: readonly number[];
  /** Of these, those that failed; empty where that is not known, since the filter asks for several states. */
  readonly failed: readonly number[];
  /** All of them, whatever the filter; empty where there is none. */
  readonly all: readonly number[];
}

/** The texts of the page, in the user's language, by name. */
export type TableTexts = ReturnType<typeof tableTexts>;

export type HostMessage =
  | { readonly type: 'setup'; readonly texts: TableTexts; readonly language: string }
  | { readonly type: 'state'; readonly state: TableState }
  /**
   * That sending is paused, in words; null where it is not. It goes on here where a relay runs. And that deliveries are
   * answered on purpose, and whether the sample receiver answers, since there is no destination.
   */
  | {
      readonly type: 'sending';
      readonly paused: string | null;
      readonly canGoOn: boolean;
      readonly onPurpose: string | null;
      readonly hasSampleReceiver: boolean;
    }
  | { readonly type: 'filter'; readonly filter: string; readonly offered: readonly OfferedFilter[] }
  /** How what was typed may go on, and what is wrong with it; null where nothing is, or it is still being typed. */
  | {
      readonly type: 'typed';
      readonly text: string;
      readonly ways: readonly OfferedFilter[];
      readonly problem: string | null;
    }
  /** How many events there are without the filter; null where that is not known. And columns that say one thing alone. */
  | { readonly type: 'whole'; readonly all: number | null; readonly same: readonly ColumnName[] }
  | {
      readonly type: 'snapshot';
      readonly snapshot: string;
      readonly total: number;
      readonly sort: Sort;
      /** The row in sight that it goes by; null: by the newest. */
      readonly anchor: string | null;
      /** Where that row stands; null where it is not in the snapshot. */
      readonly at: number | null;
      readonly windows: readonly RowWindow[];
      /** How many events were not looked at yet. */
      readonly unseen: number;
      /** Where what is chosen stands in it, for the choice of this number. */
      readonly turn: number;
      readonly chosen: readonly Stretch[];
      /** The active row's place; null where it is not in the snapshot. */
      readonly active: number | null;
    }
  | { readonly type: 'rows'; readonly snapshot: string; readonly window: RowWindow }
  /** Rows that come above the snapshot, newest first, and others that have changed. */
  | {
      readonly type: 'live';
      readonly snapshot: string;
      readonly added: readonly TableRow[];
      readonly changed: readonly TableRow[];
    }
  /** Whether new events are held back, and how many have come since. */
  | { readonly type: 'news'; readonly paused: boolean; readonly count: number }
  | { readonly type: 'strip'; readonly strip: Strip }
  /** What the tree has selected, where the table holds it. */
  | { readonly type: 'reveal'; readonly id: string; readonly snapshot: string; readonly place: number };
