/** Text from outside is shown as text, never as markup. */
import { z } from 'zod';
import type { checkTexts } from './texts.ts';

export const reportFormats = ['junit', 'json', 'text'] as const;
export type ReportFormat = (typeof reportFormats)[number];

const pageMessageSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready') }),
  z.object({ type: z.literal('run'), only: z.array(z.string().max(100)).max(200).nullable() }),
  z.object({ type: z.literal('stop') }),
  z.object({ type: z.literal('chooseProbe') }),
  z.object({ type: z.literal('save'), format: z.enum(reportFormats) }),
]);
export type PageMessage = z.infer<typeof pageMessageSchema>;

export function readCheckMessage(message: unknown): PageMessage | undefined {
  return pageMessageSchema.safeParse(message).data;
}

export type CheckState = 'passed' | 'failed' | 'undecided' | 'skipped' | 'running' | 'waiting' | 'notRun';

export interface FindingView {
  readonly verdict: 'met' | 'unmet' | 'undecided';
  readonly word: string;
  readonly what: string;
  readonly expected: string;
  readonly actual: string;
}

export interface ShownText {
  readonly text: string;
  /** Empty if the text isn't cut. */
  readonly notice: string;
}

export interface AttemptView {
  readonly title: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Null if there was no response. */
  readonly body: ShownText | null;
}

export interface RequestView {
  readonly title: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: ShownText;
  readonly attempts: readonly AttemptView[];
}

export interface StepView {
  readonly title: string;
  readonly facts: string;
  readonly findings: readonly FindingView[];
  readonly requests: readonly RequestView[];
}

export interface CheckView {
  readonly id: string;
  readonly title: string;
  readonly state: CheckState;
  readonly word: string;
  readonly took: string;
  /** Empty if the check passed, or if a cause above the checks explains it. */
  readonly reason: string;
  readonly why: string;
  readonly platform: string;
  readonly fix: string;
  readonly steps: readonly StepView[];
}

export interface CauseView {
  readonly text: string;
  readonly ids: readonly string[];
}

export interface SuiteView {
  readonly callback: string;
  readonly heading: string;
  readonly running: boolean;
  readonly status: string;
  readonly facts: readonly (readonly [name: string, value: string])[];
  readonly causes: readonly CauseView[];
  readonly failed: number;
  readonly saveable: boolean;
}

export type CheckTexts = ReturnType<typeof checkTexts>;

export type HostMessage =
  | {
      readonly type: 'suite';
      readonly texts: CheckTexts;
      readonly suite: SuiteView;
      readonly checks: readonly CheckView[];
    }
  | { readonly type: 'changed'; readonly suite: SuiteView; readonly checks: readonly CheckView[] };
