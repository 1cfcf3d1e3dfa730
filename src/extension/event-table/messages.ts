import { z } from 'zod';
import { chosenEventsSchema, eventId } from '../../protocol/chosen-events.ts';
import type { ChosenEvents, LeftOfChoice } from '../../protocol/chosen-events.ts';
import { eventOrders } from '../../protocol/event-filter.ts';
import type { RowState } from '../../protocol/event-row.ts';
import type { tableTexts } from './texts.ts';

export type ColumnName = Sort['by'] | 'address' | 'list' | 'destination' | 'id' | 'waterfall';

const sortSchema = z.strictObject({ by: z.enum(eventOrders), descending: z.boolean() });
export type Sort = z.infer<typeof sortSchema>;

const position = z.int().min(0);

/** What is visible, so that a later view starts with it. */
const sightSchema = z.strictObject({
  /** The position of the first visible row. */
  first: position,
  count: z.int().min(0).max(1000),
  /** A visible row and its position, to find the place again; null to follow the newest. */
  anchor: z.strictObject({ id: eventId, at: position }).nullable(),
});
export type Sight = z.infer<typeof sightSchema>;

export type { ChosenEvents, LeftOfChoice };

/** Commands for the chosen rows that the page has keys for. */
const actionSchema = z.enum(['open', 'resend', 'release', 'discard', 'copyAsCurl']);

const pageMessageSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('ready'), sort: sortSchema.nullable(), sight: sightSchema.nullable() }),
  /** `again`: a view used an earlier visible range or choice, and another is needed. */
  z.strictObject({ type: z.literal('see'), sight: sightSchema, again: z.boolean() }),
  /** Visible rows that aren't loaded, by the positions of their windows; the first is the most urgent. */
  z.strictObject({ type: z.literal('want'), generation: position, offsets: z.array(position).max(8) }),
  /** The rows at these positions were chosen, inclusive, and aren't all loaded: asks for their IDs. */
  z.strictObject({ type: z.literal('range'), turn: position, generation: position, from: position, to: position }),
  z.strictObject({ type: z.literal('sort'), sort: sortSchema }),
  z.strictObject({ type: z.literal('pause'), on: z.boolean() }),
  /** `done`: apply the filter; otherwise it is still being typed. */
  z.strictObject({ type: z.literal('filter'), text: z.string().max(1000), done: z.boolean() }),
  /** The new choice. `turn` counts the choices: a view says which one it was read for. */
  z.strictObject({ type: z.literal('choose'), turn: position, chosen: chosenEventsSchema }),
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

export function readChosen(raw: unknown): ChosenEvents | undefined {
  return chosenEventsSchema.safeParse(raw).data;
}

export function readTableMessage(raw: unknown): PageMessage | undefined {
  return pageMessageSchema.safeParse(raw).data;
}

/** An attempt, in milliseconds since its delivery was received. */
export interface Span {
  readonly from: number;
  readonly ms: number;
  readonly outcome: 'sent' | 'retrying' | 'failed';
  /** It was sent again after it had been settled, maybe days later. */
  readonly again: boolean;
  readonly words: string;
}

export interface TableRow {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly receivedAt: number;
  readonly state: RowState;
  readonly cells: Readonly<Record<Exclude<ColumnName, 'time' | 'waterfall'>, string>>;
  /** What is too long for a cell, for the tooltip. */
  readonly details: string;
  /** For `when` clauses of the context menu, each flag between semicolons. */
  readonly flags: string;
  readonly spans: readonly Span[];
  /** When the next attempt is due, in milliseconds since receipt; null if none is. */
  readonly nextAt: number | null;
  readonly waterfallWords: string;
}

export interface RowWindow<Row = TableRow> {
  /** The position of its first row in the view. */
  readonly offset: number;
  readonly rows: readonly Row[];
}

export interface OfferedFilter {
  readonly filter: string;
  readonly description: string;
  /** Incomplete: puts it into the input to continue typing. */
  readonly begins: boolean;
}

export type TableState =
  | { readonly kind: 'stopped' }
  | { readonly kind: 'starting' }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'unreadable'; readonly message: string }
  | { readonly kind: 'running' }
  /** No relay is running; its history can be read. */
  | { readonly kind: 'readOnly' };

/** Events in each of the last minutes. */
export interface Strip {
  /** Milliseconds since the epoch. */
  readonly since: number;
  readonly counts: readonly number[];
  /** Of these, failed ones; empty if unknown because the filter asks for several states. */
  readonly failed: readonly number[];
  /** All events; empty without a filter. */
  readonly all: readonly number[];
}

export type TableTexts = ReturnType<typeof tableTexts>;

/** What the page is told about rows. */
export type RowNews<Row> =
  | {
      readonly type: 'view';
      /** Its number: later messages about another one are ignored. */
      readonly generation: number;
      readonly filter: string;
      readonly sort: Sort;
      /** Only events before this one are in the view. */
      readonly before: string;
      readonly total: number;
      /** The visible row that determined the position; null for the newest. */
      readonly anchor: string | null;
      /** The position of that row; null if it isn't in the view. */
      readonly at: number | null;
      readonly windows: readonly RowWindow<Row>[];
      /** Number of events not searched yet. */
      readonly unseen: number;
      /** What is left of the choice with this number. */
      readonly turn: number;
      readonly chosen: LeftOfChoice;
    }
  | { readonly type: 'rows'; readonly generation: number; readonly window: RowWindow<Row> }
  /** Rows above the view, newest first, and others that have changed. */
  | {
      readonly type: 'live';
      readonly generation: number;
      readonly added: readonly Row[];
      readonly changed: readonly Row[];
    }
  | { readonly type: 'strip'; readonly strip: Strip };

export type HostMessage =
  | RowNews<TableRow>
  | { readonly type: 'setup'; readonly texts: TableTexts; readonly language: string }
  | { readonly type: 'state'; readonly state: TableState }
  /**
   * That sending is paused; null if it isn't. Whether it can be continued here, that responses are forced, and whether
   * the sample receiver responds because there is no destination.
   */
  | {
      readonly type: 'sending';
      readonly paused: string | null;
      readonly canGoOn: boolean;
      readonly onPurpose: string | null;
      readonly hasSampleReceiver: boolean;
    }
  | { readonly type: 'filter'; readonly filter: string; readonly offered: readonly OfferedFilter[] }
  /** Completions of the input, and what is wrong with it; null if it is valid or incomplete. */
  | {
      readonly type: 'typed';
      readonly text: string;
      readonly ways: readonly OfferedFilter[];
      readonly problem: string | null;
    }
  /** Number of events without the filter; null if unknown. And columns with the same value in all rows. */
  | { readonly type: 'whole'; readonly all: number | null; readonly same: readonly ColumnName[] }
  /** The IDs that were asked for; none if the view is another one. */
  | { readonly type: 'range'; readonly turn: number; readonly ids: readonly string[] }
  /** Whether new events are held back, and how many have arrived since. */
  | { readonly type: 'news'; readonly paused: boolean; readonly count: number }
  | { readonly type: 'reveal'; readonly id: string; readonly generation: number; readonly place: number };
