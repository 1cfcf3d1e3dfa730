/** A subscriber's actions in campaigns: only samples, and those of a control, as the sandbox sends no campaigns. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { vendorDate } from '../../campaign-monitor/samples.ts';

export interface CampaignAction {
  readonly event: string;
  /** In the vendor's form. */
  readonly date: string;
  readonly ipAddress: string;
  /** The link of a click; empty otherwise. */
  readonly detail: string;
}

/** The actions in one campaign, the newest first [vendor]. */
export interface CampaignHistory {
  readonly name: string;
  readonly actions: readonly CampaignAction[];
}

/** Maximum number of a subscriber's actions in one campaign, and of its campaigns: the oldest are removed. */
const maxActions = 100;
const maxCampaigns = 20;

export const actionSchema = z.strictObject({
  email: z.string().max(254),
  campaign: z.string().min(1).max(250).default('Sample campaign'),
  /** The vendor's names of further actions are unknown. */
  event: z.enum(['Open', 'Click']).default('Open'),
  ipAddress: z.union([z.ipv4(), z.ipv6()]).default('192.0.2.1'),
  detail: z.string().max(2000).default(''),
});

/** Adds an action, with the current time. */
export function withAction(
  history: readonly CampaignHistory[],
  { campaign: name, event, ipAddress, detail }: z.infer<typeof actionSchema>,
): CampaignHistory[] {
  const before = history.find((each) => each.name === name)?.actions ?? [];
  const actions = [{ event, date: vendorDate(new Date()), ipAddress, detail }, ...before].slice(0, maxActions);
  return [{ name, actions }, ...history.filter((each) => each.name !== name)].slice(0, maxCampaigns);
}

export function historyAnswer(history: readonly CampaignHistory[]): object[] {
  return history.map(({ name, actions }) => ({
    // The same campaign has the same ID for every subscriber.
    ID: createHash('sha256').update(name).digest('hex').slice(0, 32),
    Type: 'Campaign',
    Name: name,
    Actions: actions.map(({ event, date, ipAddress, detail }) => ({
      Event: event,
      Date: date,
      IPAddress: ipAddress,
      Detail: detail,
    })),
  }));
}

/** The history of a sample subscriber who received and read one campaign. */
export const sampleHistory: readonly CampaignHistory[] = [
  {
    name: 'Autumn newsletter',
    actions: [
      { event: 'Click', date: '2026-01-15 18:04:00', ipAddress: '192.0.2.17', detail: 'https://example.org/autumn' },
      { event: 'Open', date: '2026-01-15 18:02:00', ipAddress: '192.0.2.17', detail: '' },
    ],
  },
];
