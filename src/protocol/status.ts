import { z } from 'zod';
import { answeringSchema } from './answering.ts';
import { sendingSchema } from './debug.ts';
import { destinationId, destinationModes } from './history.ts';
import { settingsSchema } from './settings.ts';
import type { Words } from '../common/words.ts';

const time = z.iso.datetime();

const words: z.ZodType<Words> = z.lazy(() =>
  z.object({ text: z.string(), values: z.array(z.union([z.string(), words])) }),
);

const tunnelFacts = {
  kind: z.string(),
  reason: z.string().describe('The reason, in English sentences.'),
  said: z.array(words).describe('The same to be translated: each sentence, and the values of its places.'),
};

/** `open` only after a request through the public URL has come back. */
export const tunnelStatusSchema = z.discriminatedUnion('state', [
  z.object({ state: z.literal('closed'), ...tunnelFacts }),
  z.object({ state: z.literal('opening'), ...tunnelFacts }),
  z.object({ state: z.literal('verifying'), url: z.string(), ...tunnelFacts }),
  z.object({
    state: z.literal('open'),
    url: z.string(),
    ...tunnelFacts,
    since: time,
    previousUrl: z.string().nullable(),
  }),
  z.object({ state: z.literal('degraded'), url: z.string(), ...tunnelFacts }),
  z.object({ state: z.literal('failed'), ...tunnelFacts }),
]);
export type TunnelStatus = z.infer<typeof tunnelStatusSchema>;

const countsSchema = z.object({
  deliveries: z.int(),
  events: z.int(),
  rejected: z.int(),
  tests: z.int(),
  waiting: z.int(),
  held: z.int(),
  sent: z.int(),
  failed: z.int(),
  discarded: z.int(),
  /** Requests without the secret: counted, never recorded. */
  strangers: z.int(),
  storedBytes: z.int().describe('Size of the history on disk, including its index, in bytes.'),
});
export type Counts = z.infer<typeof countsSchema>;

export const destinationStatusSchema = z.object({
  destinationId,
  url: z.string(),
  mode: z.enum(destinationModes),
  signatureKeyName: z.string().optional(),
  credentialsName: z.string().optional(),
  insecureTls: z.boolean().optional(),
  configured: z
    .boolean()
    .describe('false: the destination was removed from the settings, but notifications are still waiting for it.'),
  state: z
    .enum(['untried', 'up', 'failing', 'down', 'held'])
    .describe(
      'By the last attempt since the relay started: untried: none yet; up: a 2xx; failing: another status, or the connection broke; down: could not be reached. held: nothing is sent.',
    ),
  lastStatus: z.int().nullable().describe('HTTP status of the last attempt; null if untried, or without a response.'),
  failed: z.int().describe('Notifications that failed since the last 2xx, or since the relay started.'),
  detail: z.string().nullable(),
  downSince: time.optional().describe('When the destination went down; missing if it is not down.'),
  nextTryAt: time.optional().describe('When the next waiting notification is tried; missing if not scheduled.'),
  waiting: z.int().describe('All queued notifications, including those being retried.'),
  retrying: z.int().describe('Notifications that wait for their next attempt, or are being sent again; none held.'),
  underWay: z.array(z.string()).describe('IDs of the notifications being sent right now, at most 100.'),
  timeoutLifted: z
    .literal(true)
    .optional()
    .describe(
      "A client has suspended the destination's timeout because the destination is being debugged (debug/patience).",
    ),
});
export type DestinationStatus = z.infer<typeof destinationStatusSchema>;

/** `failing`, `6 failed`, `last 500`. */
export function stateWords({ state, failed, retrying, lastStatus }: DestinationStatus): [string, ...string[]] {
  return [
    state === 'untried' ? 'not yet tried' : state,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(retrying > 0 ? [`${retrying} retrying`] : []),
    ...(state === 'failing' ? [lastStatus === null ? 'no response' : `last ${lastStatus}`] : []),
  ];
}

export const statusSchema = z.object({
  protocolVersion: z.int(),
  version: z.string(),
  pid: z.int(),
  dataDir: z.string(),
  startedAt: time,
  campaignMonitorUrl: z.string().describe('The webhook endpoint on this machine, including its secret.'),
  openConnectorsUrl: z.string(),
  publicUrl: z.string().nullable().describe('Base of the public URL; null if the tunnel is not open.'),
  publicCampaignMonitorUrl: z.string().nullable(),
  publicOpenConnectorsUrl: z.string().nullable(),
  earlierOpenConnectorsUrls: z
    .array(z.string())
    .default([])
    .describe('Public URLs that this relay had before, for Open Connectors; the latest first.'),
  tunnel: tunnelStatusSchema,
  settings: settingsSchema,
  destinations: z
    .array(destinationStatusSchema)
    .describe(
      'Destinations in the order of the settings, then other destinations that still have queued notifications.',
    ),
  counts: countsSchema,
  sending: sendingSchema.describe('Whether sending is paused, by whom, and what is held.'),
  answering: answeringSchema
    .default({ state: 'as-usual' })
    .describe('How the webhook endpoint answers deliveries: as usual, or on purpose.'),
  index: z
    .object({
      events: z.int(),
      of: z.int(),
      failure: z
        .string()
        .nullable()
        .describe('The error that keeps the history index from being up to date; null if there is none.'),
    })
    .describe(
      'Number of events in the history index, and in total. Search is slow or incomplete for events that are not in the index.',
    ),
  missingKeys: z
    .array(z.string())
    .describe('Names of keys and credentials that destinations use and no client has supplied.'),
  clients: z.int(),
  notices: z.array(z.string()).describe('What the user should know, such as a history that was set aside.'),
});
export type Status = z.infer<typeof statusSchema>;
