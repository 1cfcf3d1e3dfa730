import { z } from 'zod';
import { chosenEventsSchema, eventId, type ChosenEvents, type LeftOfChoice } from '../../protocol/history.ts';
import { eventOrders } from '../../protocol/event-filter.ts';
import type { RowState } from '../../protocol/event-row.ts';
import type { tableTexts } from './texts.ts';

export type ColumnName = Sort['by'] | 'address' | 'list' | 'destination' | 'id' | 'waterfall';

const sortSchema = z.strictObject({ by: z.enum(eventOrders), descending: z.boolean() });
export type Sort = z.infer<typeof sortSchema>;

const position = z.int().min(0);

const sightSchema = z.strictObject({
  first: position,
  count: z.int().min(0).max(1000),
  /** A visible row and its position, to find the place again; null to follow the newest. */
  anchor: z.strictObject({ id: eventId, at: position }).nullable(),
});
export type Sight = z.infer<typeof sightSchema>;

export type { ChosenEvents, LeftOfChoice };

const actionSchema = z.enum(['open', 'resend', 'release', 'discard', 'copyAsCurl']);

const pageMessageSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('ready'), sort: sortSchema.nullable(), sight: sightSchema.nullable() }),
  /** `again`: the view was read for an earlier visible range or choice, so another is needed. */
  z.strictObject({ type: z.literal('see'), sight: sightSchema, again: z.boolean() }),
  /** The positions of windows that have visible rows but aren't loaded, the most urgent first. */
  z.strictObject({ type: z.literal('want'), generation: position, offsets: z.array(position).max(8) }),
  z.strictObject({ type: z.literal('range'), turn: position, generation: position, from: position, to: position }),
  z.strictObject({ type: z.literal('sort'), sort: sortSchema }),
  z.strictObject({ type: z.literal('pause'), on: z.boolean() }),
  /** `done`: apply the filter; otherwise it is still being typed. */
  z.strictObject({ type: z.literal('filter'), text: z.string().max(1000), done: z.boolean() }),
  /** `turn` counts the choices: a view says which one it was read for. */
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

/** In milliseconds since the delivery was received. */
export interface Span {
  readonly from: number;
  readonly ms: number;
  readonly outcome: 'sent' | 'retrying' | 'failed';
  readonly again: boolean;
  readonly words: string;
}

export interface TableRow {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly receivedAt: number;
  readonly state: RowState;
  readonly cells: Readonly<Record<Exclude<ColumnName, 'time' | 'waterfall'>, string>>;
  readonly details: string;
  readonly flags: string;
  readonly spans: readonly Span[];
  /** Milliseconds from receipt to the next attempt; null if none is due. */
  readonly nextAt: number | null;
  readonly waterfallWords: string;
}

export interface RowWindow<Row = TableRow> {
  readonly offset: number;
  readonly rows: readonly Row[];
}

export interface OfferedFilter {
  readonly filter: string;
  readonly description: string;
  readonly begins: boolean;
}

export type TableState =
  | { readonly kind: 'stopped' }
  | { readonly kind: 'starting' }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'unreadable'; readonly message: string }
  | { readonly kind: 'running' }
  | { readonly kind: 'readOnly' };

export interface Strip {
  /** Milliseconds since the epoch. */
  readonly since: number;
  readonly counts: readonly number[];
  /** Empty if unknown, because the filter asks for several states. */
  readonly failed: readonly number[];
  /** All events; empty without a filter. */
  readonly all: readonly number[];
}

export type TableTexts = ReturnType<typeof tableTexts>;

export type RowNews<Row> =
  | {
      readonly type: 'view';
      /** The page ignores later messages about another generation. */
      readonly generation: number;
      readonly filter: string;
      readonly sort: Sort;
      readonly before: string;
      readonly total: number;
      readonly anchor: string | null;
      /** The position of the anchor; null if it isn't in the view. */
      readonly at: number | null;
      readonly windows: readonly RowWindow<Row>[];
      readonly unseen: number;
      readonly turn: number;
      readonly chosen: LeftOfChoice;
    }
  | { readonly type: 'rows'; readonly generation: number; readonly window: RowWindow<Row> }
  /** New rows above the view, newest first, and others that have changed. */
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
  /** `paused` is null if sending isn't paused, and `onPurpose` if no responses are forced. */
  | {
      readonly type: 'sending';
      readonly paused: string | null;
      readonly canGoOn: boolean;
      readonly onPurpose: string | null;
      readonly hasSampleReceiver: boolean;
    }
  | { readonly type: 'filter'; readonly filter: string; readonly offered: readonly OfferedFilter[] }
  /** `problem` is null if the input is valid or incomplete. */
  | {
      readonly type: 'typed';
      readonly text: string;
      readonly ways: readonly OfferedFilter[];
      readonly problem: string | null;
    }
  /** `all` counts events without the filter; null if unknown. `same` has the columns with only one value. */
  | { readonly type: 'whole'; readonly all: number | null; readonly same: readonly ColumnName[] }
  | { readonly type: 'range'; readonly turn: number; readonly ids: readonly string[] }
  | { readonly type: 'news'; readonly paused: boolean; readonly count: number }
  | { readonly type: 'reveal'; readonly id: string; readonly generation: number; readonly place: number };
