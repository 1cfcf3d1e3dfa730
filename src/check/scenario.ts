/**
 * Scenarios: what is sent to a callback, what goes wrong on the way, and what has to come of it. The checks that ship
 * with the product are made of the same steps (suite.ts). Published as media/cm-scenario.schema.json.
 */
import { z } from 'zod';
import { webhookEventTypes } from '../campaign-monitor/event-types.ts';
import { retryPolicies } from '../common/retry-policies.ts';
import { isCredentialHeader } from '../protocol/credential-headers.ts';
import { destinationSchema, headerName, headerValue } from '../protocol/settings.ts';

const environmentVariable = z
  .strictObject({
    env: z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'not the name of an environment variable')
      .describe('The environment variable that holds the secret.'),
  })
  .describe('Where a secret is: never in this file.');

const milliseconds = z.int().min(0).max(600_000);
const cel = z.string().min(1).max(1000);

/** Samples, as `cm-relay trigger` makes them, with addresses that no other run has. */
const sampleSource = z.strictObject({
  sample: z
    .union([z.enum(webhookEventTypes), z.literal('mixed')])
    .describe('Sample events of this type; mixed: the types take turns.'),
  events: z.int().min(1).max(1000).default(1).describe('How many events the delivery has.'),
  email: z
    .string()
    .max(300)
    .optional()
    .describe('The address of every event, in which {{run}} is another text each run. Default: another one each.'),
  list: z.string().max(100).optional().describe("The list's id."),
  seed: z.int().default(1).describe('The same number makes the same names and fields.'),
});

const deliverySource = z.strictObject({
  delivery: z
    .looseObject({ ListID: z.string().optional(), Events: z.array(z.record(z.string(), z.unknown())).min(1).max(1000) })
    .describe('The body of a delivery, as Campaign Monitor posts it. In its texts {{run}} is another text each run.'),
});

const fileName = z.string().min(1).max(500);

const fixtureSource = z.strictObject({
  fixture: fileName.describe(
    'A file in or below the folder of this one: the body of a delivery (JSON or XML), or what cm-relay export --as fixture wrote.',
  ),
});

const recordingSource = z.strictObject({
  recording: fileName.describe(
    'A recording (cm-relay record) in or below the folder of this file: all of it, in order.',
  ),
});

const historySource = z.strictObject({
  event: z
    .string()
    .regex(/^[den][1-9]\d*$/, 'expected an id such as d7, e12 or n9')
    .describe("A delivery of the relay's history, by its id or that of an event or notification of it."),
});

const againSource = z.strictObject({
  again: z.string().min(1).describe('The very bytes of an earlier step, by its name: a retry, with the same eventId.'),
});

const sourceSchema = z.union([
  sampleSource,
  deliverySource,
  fixtureSource,
  recordingSource,
  historySource,
  againSource,
]);

/** In which shape a delivery is posted. */
export const shapes = ['notification', 'platform', 'older', 'delivery'] as const;

/** What may go wrong by name alone. */
export const namedFaults = [
  'twice',
  'reordered',
  'merged',
  'split',
  'escaped',
  'tampered',
  'cut',
  'unanswered',
  'unsigned',
  'wrong-signature',
  'old-signature',
  'wrong-sha1-signature',
  'empty-signature',
  'cut-signature',
  'other-end-signature',
] as const;

const faultSchema = z
  .union([
    z.enum(namedFaults),
    z.strictObject({ slow: milliseconds.describe('The body takes so many milliseconds.') }),
    z.strictObject({
      late: milliseconds.describe('The first comes last, so many milliseconds after the others.'),
    }),
  ])
  .describe(
    'twice: each is sent again at once; reordered: the last comes first; merged: all events in one notification; ' +
      'split: a notification for each event; escaped: the JSON of the delivery has spaces and escapes that mean the same; tampered: changed after it was signed; cut: the connection ends within the ' +
      'body; unanswered: it ends before the answer; the others are about the signature.',
  );

const statusText = z.string().regex(/^(?:[1-5]xx|any)$/, 'expected a status such as 200, "2xx" or "any"');
const statusSchema = z.union([z.int().min(100).max(599), statusText]);

const expectSchema = z.strictObject({
  status: z
    .union([statusSchema, z.array(statusSchema).min(1).max(20)])
    .optional()
    .describe('What every answer has to be. Default: "2xx", for what is sent whole.'),
  withinMs: milliseconds.optional().describe('Every answer has to come in so many milliseconds.'),
  p50Ms: milliseconds.optional().describe('Half of the answers have to come in so many milliseconds.'),
  p99Ms: milliseconds.optional().describe('99 of 100 answers have to come in so many milliseconds.'),
  answer: z
    .union([cel, z.array(cel).max(20)])
    .optional()
    .describe('Conditions in CEL on every answer: answer.status, .body, .json, .headers, .ms, .attempts, .error.'),
  attempts: z.int().min(1).max(100).optional().describe('How many attempts each notification has to take.'),
  inOrder: z.literal(true).optional().describe('The answers have to come in the order of what was sent.'),
  kept: z
    .union([cel, z.array(cel).max(20)])
    .optional()
    .describe(
      'Texts that have to stand in the page that shows what the callback keeps, in any letter case; with {{run}}.',
    ),
  probe: z
    .union([z.int().min(-100_000).max(100_000), cel])
    .optional()
    .describe(
      'By how much the probe has to grow since it was last asked in this scenario; or a condition in CEL on before, after, sent and events.',
    ),
});

const sendSchema = z.strictObject({
  name: z.string().min(1).max(100).optional().describe('What the step is called: "again" names it.'),
  send: sourceSchema.describe('What is sent.'),
  as: z
    .enum(shapes)
    .default('notification')
    .describe(
      "notification: as the relay posts it; platform: as Open Connectors itself does; older: the platform's older shape; delivery: as Campaign Monitor posts it.",
    ),
  partSize: z.int().min(1).max(1000).default(20).describe('Events in one notification, at most.'),
  trouble: z.array(faultSchema).max(10).default([]).describe('What goes wrong on the way.'),
  atOnce: z.int().min(1).max(100).default(1).describe('How many are under way at once.'),
  retry: z
    .enum(retryPolicies)
    .default('none')
    .describe('Whether 408, 425, 429, 5xx, time-outs and broken connections are tried again, as the relay does.'),
  timeoutMs: z.int().min(1).max(600_000).optional().describe('How long an answer may take.'),
  expect: expectSchema.optional().describe('What has to come of it.'),
});

const waitSchema = z.strictObject({ wait: milliseconds.describe('Waits so many milliseconds.') });

const repeatSchema = z.strictObject({
  repeat: z.strictObject({
    times: z.int().min(1).max(10_000),
    perSecond: z
      .number()
      .min(0.01)
      .max(1000)
      .optional()
      .describe('Begins so many a second, however long answers take.'),
    atMostMs: milliseconds.optional().describe('Begins no more after so many milliseconds.'),
  }),
  steps: z
    .array(z.union([sendSchema, waitSchema]))
    .min(1)
    .max(50),
  expect: expectSchema.optional().describe('What has to come of all that was sent.'),
});

export const stepSchema = z.union([sendSchema, waitSchema, repeatSchema]);

export const scenarioSchema = z.strictObject({
  name: z.string().min(1).max(200),
  why: z.string().max(2000).optional().describe('Why it matters: shown where it fails.'),
  timeoutMs: z.int().min(1).max(3_600_000).default(60_000).describe('How long it may take in all.'),
  steps: z.array(stepSchema).min(1).max(200),
});

const probeSchema = z
  .union([
    z.strictObject({
      url: destinationSchema.shape.url.describe('Asked by GET: a number, or JSON.'),
      value: cel
        .optional()
        .describe('An expression in CEL on its answer that gives the number: answer.json, answer.body.'),
      headers: z.record(headerName, environmentVariable).optional().describe('Headers with credentials.'),
    }),
    z.strictObject({
      command: z
        .array(z.string())
        .min(1)
        .max(50)
        .describe('A program and its arguments, run in the folder of this file, that prints a number.'),
    }),
  ])
  .describe('Counts what the callback has made, such as its contacts.');

const keptSchema = z
  .strictObject({
    url: destinationSchema.shape.url,
    headers: z.record(headerName, environmentVariable).optional().describe('Headers with credentials.'),
  })
  .describe('A page that shows what the callback keeps, such as its contacts: asked by GET, and searched for texts.');

const targetSchema = z.strictObject({
  url: destinationSchema.shape.url.optional().describe('The callback.'),
  headers: z
    .record(
      headerName.refine((name) => !isCredentialHeader(name), 'carries a credential: name it in "credentials"'),
      headerValue,
    )
    .optional()
    .describe('Further headers to send.'),
  credentials: z.record(headerName, environmentVariable).optional().describe('Headers with credentials.'),
  signatureKey: environmentVariable.optional().describe('The key that signs what is sent.'),
  timeoutMs: z.int().min(1).max(600_000).optional().describe('How long an answer may take. Default: 10 s.'),
  insecureTls: z.boolean().optional().describe('Accept a self-signed certificate.'),
});

/** A file of scenarios, `*.cm-scenario.json`. */
export const scenarioFileSchema = z
  .strictObject({
    $schema: z.string().optional(),
    destination: targetSchema.optional(),
    probe: probeSchema.optional(),
    kept: keptSchema.optional(),
    scenarios: z.array(scenarioSchema).min(1).max(200),
  })
  .describe('Scenarios of cm-relay scenario: what is sent to a callback, and what has to come of it.');

export type ScenarioFile = z.output<typeof scenarioFileSchema>;
export type Scenario = z.output<typeof scenarioSchema>;
export type Step = z.output<typeof stepSchema>;
export type SendStep = z.output<typeof sendSchema>;
export type RepeatStep = z.output<typeof repeatSchema>;
export type Expected = z.output<typeof expectSchema>;
export type Source = z.output<typeof sourceSchema>;
export type Shape = (typeof shapes)[number];
export type Fault = z.output<typeof faultSchema>;

/** How a scenario is written, defaults left out. */
export type WrittenScenario = z.input<typeof scenarioSchema>;

/** Reads a scenario that was written in the code. */
export function scenario(written: WrittenScenario): Scenario {
  return scenarioSchema.parse(written);
}
