/**
 * What the page of Check My Callback and the extension say to each other. The page's messages are checked on arrival;
 * the extension's are typed. Texts from outside are text for the page, never markup.
 */
import { z } from 'zod';
import type { checkTexts } from './texts.ts';

/** In which forms the outcome is saved. */
export const reportFormats = ['junit', 'json', 'text'] as const;
export type ReportFormat = (typeof reportFormats)[number];

const pageMessageSchema = z.discriminatedUnion('type', [
  /** The page has been drawn, and listens. */
  z.object({ type: z.literal('ready') }),
  /** Runs checks again; all of them where none is named. */
  z.object({ type: z.literal('run'), only: z.array(z.string().max(100)).max(200).nullable() }),
  z.object({ type: z.literal('stop') }),
  z.object({ type: z.literal('chooseProbe') }),
  z.object({ type: z.literal('save'), format: z.enum(reportFormats) }),
]);
export type PageMessage = z.infer<typeof pageMessageSchema>;

/** Reads what the page says; undefined where it is nothing that the page can say. */
export function readCheckMessage(message: unknown): PageMessage | undefined {
  return pageMessageSchema.safeParse(message).data;
}

/** How a check is: what it came to, or that it is still to come. */
export type CheckState = 'passed' | 'failed' | 'undecided' | 'skipped' | 'running' | 'waiting' | 'notRun';

/** What was looked at, and whether it is as expected. */
export interface FindingView {
  readonly verdict: 'met' | 'unmet' | 'undecided';
  /** The verdict in a word. */
  readonly word: string;
  readonly what: string;
  readonly expected: string;
  readonly actual: string;
}

/** Text of outside, as far as it is shown. */
export interface ShownText {
  readonly text: string;
  /** That it is not whole; empty where it is. */
  readonly notice: string;
}

/** One try of a request. */
export interface AttemptView {
  /** Such as `200 in 3 ms`. */
  readonly title: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Null where there was no answer. */
  readonly body: ShownText | null;
}

/** One request. */
export interface RequestView {
  readonly title: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: ShownText;
  readonly attempts: readonly AttemptView[];
}

/** A step of a check. */
export interface StepView {
  readonly title: string;
  /** How many requests, and how fast they were answered. */
  readonly facts: string;
  readonly findings: readonly FindingView[];
  readonly requests: readonly RequestView[];
}

/** A check, and what it came to. */
export interface CheckView {
  readonly id: string;
  readonly title: string;
  readonly state: CheckState;
  /** The state in a word. */
  readonly word: string;
  /** How long it took; empty where it did not run. */
  readonly took: string;
  /** Why it is not passed; empty where it is, and where that is said above the checks. */
  readonly reason: string;
  readonly why: string;
  readonly platform: string;
  readonly fix: string;
  readonly steps: readonly StepView[];
}

/** Why several checks could not be decided, or not run. */
export interface CauseView {
  readonly text: string;
  /** The checks that it holds up. */
  readonly ids: readonly string[];
}

/** How all of it stands. */
export interface SuiteView {
  /** The callback, by the name that its results are kept by: the page keeps it, to be found again after a reload. */
  readonly callback: string;
  readonly heading: string;
  /** Whether checks are being run. */
  readonly running: boolean;
  /** How far it is, or what it came to. */
  readonly status: string;
  readonly facts: readonly (readonly [name: string, value: string])[];
  /** Said once, above the checks. */
  readonly causes: readonly CauseView[];
  /** How many have failed. */
  readonly failed: number;
  /** Whether there is something to save. */
  readonly saveable: boolean;
}

/** The texts of the page, in the user's language, by name. */
export type CheckTexts = ReturnType<typeof checkTexts>;

export type HostMessage =
  /** All of it. */
  | {
      readonly type: 'suite';
      readonly texts: CheckTexts;
      readonly suite: SuiteView;
      readonly checks: readonly CheckView[];
    }
  /** What has changed. */
  | { readonly type: 'changed'; readonly suite: SuiteView; readonly checks: readonly CheckView[] };
