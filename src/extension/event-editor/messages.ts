/** Text from outside is shown as text, never as markup. */
import { z } from 'zod';
import type { RowState } from '../../protocol/event-row.ts';
import type { Stretch } from '../event-documents/json-text.ts';
import type { editorTexts } from './texts.ts';

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

export const textKinds = ['body', 'notification', 'answer'] as const;
export type TextKind = (typeof textKinds)[number];

const pageMessageSchema = z.discriminatedUnion('type', [
  /** `chosen` is the step that the page had saved before a reload, unchecked. */
  z.object({ type: z.literal('ready'), chosen: z.unknown().optional() }),
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

export type Fact = readonly [name: string, value: string, tone?: 'good' | 'bad'];

export interface Reason {
  readonly what: string;
  /** The callback's own words, or the error; may be empty. */
  readonly words: string;
  readonly advice: string;
  readonly tone: 'bad' | 'busy';
}

export interface ShownBody {
  readonly text: string;
  readonly language: 'json' | 'xml' | 'txt';
  readonly notices: readonly string[];
  /** The lines of this event, if the body has others. */
  readonly marks: readonly Stretch[];
  readonly mapped: readonly Stretch[];
}

export interface Step {
  readonly id: string;
  readonly title: string;
  readonly detail: string;
  /** Since the previous step, such as `+1 s`; empty if not useful. */
  readonly wait: string;
  readonly tone: 'good' | 'bad' | 'busy' | 'none';
  readonly spoken: string;
  /** Milliseconds from the message until the step is due. */
  readonly dueInMs: number | null;
}

export interface StepGroup {
  readonly id: string;
  /** Empty for the steps before all destinations. */
  readonly label: string;
  readonly pill: Pill | null;
  readonly steps: readonly Step[];
  /** Empty if no older steps are omitted. */
  readonly leftOut: string;
}

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
  readonly asText: TextKind | null;
}

export type ColumnName = 'cameIn' | 'sent' | 'answered';

export interface EventView {
  readonly eventId: string;
  readonly heading: string;
  readonly pill: Pill;
  /** Null if there is nothing to explain. */
  readonly reason: Reason | null;
  readonly facts: readonly Fact[];
  readonly details: readonly Fact[];
  readonly actions: readonly EditorAction[];
  /** The event still waits for a response: it isn't sent again but tried now. */
  readonly waits: boolean;
  readonly texts: readonly TextKind[];
  readonly groups: readonly StepGroup[];
  readonly chosen: string;
  readonly first: ColumnName;
  /** Null if the view is current. */
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
