/**
 * Messages between the event editor's page and the extension. The page's messages are checked on arrival; the
 * extension's are typed. Text from outside is shown as text, never as markup.
 */
import { z } from 'zod';
import type { RowState } from '../../protocol/event-row.ts';
import type { Stretch } from '../event-documents/json-text.ts';
import type { editorTexts } from './texts.ts';

/** What a button or a menu item of the page does. */
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

/** The documents for **Open as Text**. */
export const textKinds = ['body', 'notification', 'answer'] as const;
export type TextKind = (typeof textKinds)[number];

const pageMessageSchema = z.discriminatedUnion('type', [
  /** The page has been drawn; `chosen` is the step it had saved before a reload, unchecked. */
  z.object({ type: z.literal('ready'), chosen: z.unknown().optional() }),
  /** A step of the timeline, by its ID. */
  z.object({ type: z.literal('choose'), step: z.string().max(1000) }),
  z.object({ type: z.literal('act'), action: z.enum(editorActions) }),
  z.object({ type: z.literal('openText'), kind: z.enum(textKinds) }),
]);
export type PageMessage = z.infer<typeof pageMessageSchema>;

export function readPageMessage(message: unknown): PageMessage | undefined {
  return pageMessageSchema.safeParse(message).data;
}

export interface Pill {
  readonly state: RowState;
  readonly text: string;
}

export interface Fact {
  readonly name: string;
  readonly value: string;
  readonly tone?: 'good' | 'bad';
}

/** Why the event isn't where it should be. */
export interface Reason {
  /** The response or the lack of one, with the destination: `500 from http://localhost:3000/callback`. */
  readonly what: string;
  /** The callback's own words, or the error; may be empty. */
  readonly words: string;
  /** What to do about it; may be empty. */
  readonly advice: string;
  /** Whether it is final, or still being retried. */
  readonly tone: 'bad' | 'busy';
}

export interface ShownBody {
  readonly text: string;
  readonly language: 'json' | 'xml' | 'txt';
  /** What the reader should know: that it isn't indented, or was cut. */
  readonly notices: readonly string[];
  /** The lines of this event, if the body has others. */
  readonly marks: readonly Stretch[];
  /** What the normalizer copied or made. */
  readonly mapped: readonly Stretch[];
}

export interface Step {
  readonly id: string;
  readonly title: string;
  /** The result, such as `500 in 3 ms`. */
  readonly detail: string;
  /** Since the previous step, such as `+1 s`; empty if not useful. */
  readonly wait: string;
  readonly tone: 'good' | 'bad' | 'busy' | 'none';
  /** Additional text for screen readers, such as the time. */
  readonly spoken: string;
  /** Milliseconds from the message until it is due. */
  readonly dueInMs: number | null;
}

export interface StepGroup {
  readonly id: string;
  /** Empty for the steps before all destinations. */
  readonly label: string;
  readonly pill: Pill | null;
  readonly steps: readonly Step[];
  /** The number of omitted older steps, and how to see them; empty if none are. */
  readonly leftOut: string;
}

/** What the relay made of a vendor's field. */
export interface Mapping {
  /** The vendor's field; empty if the connector sets the value. */
  readonly from: string;
  readonly fromValue: string;
  readonly to: string;
  readonly toValue: string;
}

export interface Column {
  readonly title: string;
  readonly pill: Pill | null;
  readonly facts: readonly Fact[];
  readonly mapping: readonly Mapping[];
  readonly headers: readonly (readonly [string, string])[] | null;
  /** If null, `nothing` says why. */
  readonly body: ShownBody | null;
  readonly nothing: string;
  /** The document that shows all of it as text. */
  readonly asText: TextKind | null;
}

export type ColumnName = 'cameIn' | 'sent' | 'answered';

/** The event and its timeline, without bodies. */
export interface EventView {
  readonly eventId: string;
  readonly heading: string;
  readonly pill: Pill;
  /** Null if there is nothing to explain. */
  readonly reason: Reason | null;
  readonly facts: readonly Fact[];
  /** IDs and similar, shown on demand. */
  readonly details: readonly Fact[];
  readonly actions: readonly EditorAction[];
  /** Whether it still waits for a response: then it isn't sent again but tried now. */
  readonly waits: boolean;
  readonly texts: readonly TextKind[];
  readonly groups: readonly StepGroup[];
  /** The step whose response is shown. */
  readonly chosen: string;
  /** The column to read first. */
  readonly first: ColumnName;
  /** Why it may be outdated, and what helps; null if it is current. */
  readonly stale: Obstacle | null;
}

export interface Obstacle {
  readonly text: string;
  readonly action: EditorAction | null;
}

export type EditorTexts = ReturnType<typeof editorTexts>;

export type HostMessage =
  | {
      readonly type: 'event';
      readonly texts: EditorTexts;
      readonly view: EventView;
      /** Only those that have changed since the last message. */
      readonly columns: Readonly<Partial<Record<ColumnName, Column>>>;
    }
  | { readonly type: 'obstacle'; readonly texts: EditorTexts; readonly obstacle: Obstacle };
