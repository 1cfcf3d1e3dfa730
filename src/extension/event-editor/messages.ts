/**
 * What the event editor's page and the extension say to each other. The page's messages are checked on arrival; the
 * extension's are typed. Texts from outside are text for the page, never markup.
 */
import { z } from 'zod';
import type { RowState } from '../events/forwarding-state.ts';
import type { Stretch } from '../event-documents/json-text.ts';
import type { editorTexts } from './texts.ts';

/** What a button or a menu of the page does. */
export const editorActions = [
  'release',
  'editAndRelease',
  'resend',
  'resendTo',
  'resendOnSave',
  'editAndResend',
  'discard',
  'copyAsCurl',
  'copyAsHttp',
  'copyAsHar',
  'copyAsFixture',
  'copyAddress',
  'compareWithNotification',
  'compareAnswers',
  'createTest',
  'manageSecrets',
  'start',
  'showLog',
  'tryAgain',
] as const;
export type EditorAction = (typeof editorActions)[number];

/** The documents that **Open as Text** leads to. */
export const textKinds = ['body', 'notification', 'answer'] as const;
export type TextKind = (typeof textKinds)[number];

const pageMessageSchema = z.discriminatedUnion('type', [
  /** The page has been drawn; `chosen` is the step that it had kept of an earlier life, whatever that is. */
  z.object({ type: z.literal('ready'), chosen: z.unknown().optional() }),
  /** A step of the timeline, by its id. */
  z.object({ type: z.literal('choose'), step: z.string().max(1000) }),
  z.object({ type: z.literal('act'), action: z.enum(editorActions) }),
  z.object({ type: z.literal('openText'), kind: z.enum(textKinds) }),
]);
export type PageMessage = z.infer<typeof pageMessageSchema>;

/** Reads what the page says; undefined where it is nothing that the page can say. */
export function readPageMessage(message: unknown): PageMessage | undefined {
  return pageMessageSchema.safeParse(message).data;
}

/** A state in word and colour. */
export interface Pill {
  readonly state: RowState;
  readonly text: string;
}

/** A fact of the head or of an answer. */
export interface Fact {
  readonly name: string;
  readonly value: string;
  /** A fact that is good or bad has a colour beside its words. */
  readonly tone?: 'good' | 'bad';
}

/** Why the event is not where it should be. */
export interface Reason {
  /** What was answered, or that nothing was, and by whom: `500 from http://localhost:3000/callback`. */
  readonly what: string;
  /** The callback's own words, or the error; empty where there are none. */
  readonly words: string;
  /** What to do about it; empty where nothing is said of that. */
  readonly advice: string;
  /** Whether that is the end of it, or it is still on its way. */
  readonly tone: 'bad' | 'busy';
}

/** A body as far as it is shown. */
export interface ShownBody {
  readonly text: string;
  readonly language: 'json' | 'xml' | 'txt';
  /** What a reader should know of it: that it is not indented, or not whole. */
  readonly notices: readonly string[];
  /** The lines of this event, where others stand beside it. */
  readonly marks: readonly Stretch[];
  /** What the normaliser took over, or made. */
  readonly mapped: readonly Stretch[];
}

/** A step on the way of the event to a destination. */
export interface Step {
  readonly id: string;
  readonly title: string;
  /** What came of it, such as `500 in 3 ms`. */
  readonly detail: string;
  /** Since the step before, such as `+1 s`; empty where that says nothing. */
  readonly wait: string;
  readonly tone: 'good' | 'bad' | 'busy' | 'none';
  /** What a screen reader is told besides, such as the time. */
  readonly spoken: string;
  /** When it is due: in so many milliseconds from the message on. */
  readonly dueInMs: number | null;
}

/** The steps to one destination. */
export interface StepGroup {
  readonly id: string;
  /** The destination; empty for what precedes them all. */
  readonly label: string;
  readonly pill: Pill | null;
  readonly steps: readonly Step[];
  /** How many older steps are left out, and how to see them; empty if none are. */
  readonly leftOut: string;
}

/** What the relay made of a field of the vendor's. */
export interface Mapping {
  /** The vendor's field; empty where the value is the connector's own. */
  readonly from: string;
  readonly fromValue: string;
  readonly to: string;
  readonly toValue: string;
}

/** One of the three columns. */
export interface Column {
  /** What it shows, in one line. */
  readonly title: string;
  readonly pill: Pill | null;
  readonly facts: readonly Fact[];
  readonly mapping: readonly Mapping[];
  readonly headers: readonly (readonly [string, string])[] | null;
  /** Null where there is none; then `nothing` says why. */
  readonly body: ShownBody | null;
  readonly nothing: string;
  /** The document that shows all of it as text. */
  readonly asText: TextKind | null;
}

export type ColumnName = 'cameIn' | 'sent' | 'answered';

/** The event and its way, without bodies. */
export interface EventView {
  readonly eventId: string;
  readonly heading: string;
  readonly pill: Pill;
  /** Null where there is nothing to explain. */
  readonly reason: Reason | null;
  readonly facts: readonly Fact[];
  /** Ids and the like, which few look for. */
  readonly details: readonly Fact[];
  /** What can be done with it now. */
  readonly actions: readonly EditorAction[];
  /** Whether it still waits for an answer: then it is not sent again but tried now. */
  readonly waits: boolean;
  readonly texts: readonly TextKind[];
  readonly groups: readonly StepGroup[];
  /** The step whose answer is shown. */
  readonly chosen: string;
  /** Where a reader begins. */
  readonly first: ColumnName;
  /** Why it may not be as it is now, with what helps; null where it is. */
  readonly stale: Obstacle | null;
}

/** What stands in the way, and the action that may remove it. */
export interface Obstacle {
  readonly text: string;
  readonly action: EditorAction | null;
}

/** The texts of the page, in the user's language, by name. */
export type EditorTexts = ReturnType<typeof editorTexts>;

export type HostMessage =
  | {
      readonly type: 'event';
      readonly texts: EditorTexts;
      readonly view: EventView;
      /** Those that have changed since the message before. */
      readonly columns: Readonly<Partial<Record<ColumnName, Column>>>;
    }
  | { readonly type: 'obstacle'; readonly texts: EditorTexts; readonly obstacle: Obstacle };
