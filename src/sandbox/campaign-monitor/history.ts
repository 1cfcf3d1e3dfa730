/** Only samples and actions added by a control, since the sandbox sends no campaigns. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { vendorDate } from '../../campaign-monitor/samples.ts';

export interface CampaignAction {
  readonly event: string;
  readonly date: string;
  readonly ipAddress: string;
  readonly detail: string;
}

/** The newest action first [vendor]. */
export interface CampaignHistory {
  readonly name: string;
  readonly actions: readonly CampaignAction[];
}

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

export const sampleHistory: readonly CampaignHistory[] = [
  {
    name: 'Autumn newsletter',
    actions: [
      { event: 'Click', date: '2026-01-15 18:04:00', ipAddress: '192.0.2.17', detail: 'https://example.org/autumn' },
      { event: 'Open', date: '2026-01-15 18:02:00', ipAddress: '192.0.2.17', detail: '' },
    ],
  },
];
