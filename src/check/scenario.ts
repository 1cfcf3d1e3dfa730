/** Published as media/cm-scenario.schema.json. The extension's own checks use the same steps (suite.ts). */
import { z } from 'zod';
import { webhookEventTypes } from '../campaign-monitor/event-types.ts';
import { retryPolicies } from '../common/retry-policies.ts';
import { isCredentialHeader } from '../protocol/credential-headers.ts';
import { destinationSchema, environmentVariable, headerName, headerValue } from '../protocol/settings.ts';

const milliseconds = z.int().min(0).max(600_000);
const cel = z.string().min(1).max(1000);

const sampleSource = z.strictObject({
  sample: z
    .union([z.enum(webhookEventTypes), z.literal('mixed')])
    .describe('Sample events of this type. mixed: cycles through all types.'),
  events: z.int().min(1).max(1000).default(1).describe('Number of events in the delivery.'),
  email: z
    .string()
    .max(300)
    .optional()
    .describe(
      'Address for every event; {{run}} is replaced with a value that is different in each run. Default: a different address for each event.',
    ),
  list: z.string().max(100).optional().describe('List ID.'),
  seed: z.int().default(1).describe('The same number produces the same names and fields.'),
});

const deliverySource = z.strictObject({
  delivery: z
    .looseObject({ ListID: z.string().optional(), Events: z.array(z.record(z.string(), z.unknown())).min(1).max(1000) })
    .describe(
      'Delivery body, as Campaign Monitor posts it; {{run}} is replaced with a value that is different in each run.',
    ),
});

const fileName = z.string().min(1).max(500);

const fixtureSource = z.strictObject({
  fixture: fileName.describe(
    "A file in this file's folder or below: a delivery body (JSON or XML), or a file from cm-relay export --as fixture.",
  ),
});

const recordingSource = z.strictObject({
  recording: fileName.describe(
    "A recording (cm-relay record) in this file's folder or below; all its deliveries are sent in order.",
  ),
});

const historySource = z.strictObject({
  event: z
    .string()
    .regex(/^[den][1-9]\d*$/, 'expected an ID such as d7, e12, or n9')
    .describe("A delivery in the relay's history, by its ID or the ID of one of its events or notifications."),
});

const againSource = z.strictObject({
  again: z
    .string()
    .min(1)
    .describe('Name of an earlier step, whose exact bytes are sent again: a retry with the same eventId.'),
});

const sourceSchema = z.union([
  sampleSource,
  deliverySource,
  fixtureSource,
  recordingSource,
  historySource,
  againSource,
]);

export const shapes = ['notification', 'platform', 'older', 'delivery'] as const;

export const signatureFaults = [
  'tampered',
  'unsigned',
  'wrong-signature',
  'old-signature',
  'wrong-sha1-signature',
  'empty-signature',
  'cut-signature',
  'other-end-signature',
] as const;

export const namedFaults = [
  'twice',
  'reordered',
  'merged',
  'split',
  'escaped',
  'cut',
  'unanswered',
  ...signatureFaults,
] as const;

const faultSchema = z
  .union([
    z.enum(namedFaults),
    z.strictObject({ slow: milliseconds.describe('Sends the body over this many milliseconds.') }),
    z.strictObject({
      late: milliseconds.describe('Sends the first notification last, this many milliseconds after the others.'),
    }),
  ])
  .describe(
    'twice: sends each notification twice in a row; reordered: sends the notifications in reverse order; merged: sends all events in one notification; ' +
      "split: sends one notification per event; escaped: adds spaces and escapes to the delivery's JSON without changing its values; tampered: changes the body after signing; cut: closes the connection during the " +
      'body; unanswered: closes the connection before the answer; the others change the signature.',
  );

const statusText = z.string().regex(/^(?:[1-5]xx|any)$/, 'expected a status such as 200, "2xx", or "any"');
const statusSchema = z.union([z.int().min(100).max(599), statusText]);

const expectSchema = z.strictObject({
  status: z
    .union([statusSchema, z.array(statusSchema).min(1).max(20)])
    .optional()
    .describe('Status that every answer must have. Default: "2xx" for everything sent completely.'),
  withinMs: milliseconds.optional().describe('Time limit for every answer, in milliseconds.'),
  p50Ms: milliseconds.optional().describe('Time limit for half of the answers, in milliseconds.'),
  p99Ms: milliseconds.optional().describe('Time limit for 99 of 100 answers, in milliseconds.'),
  answer: z
    .union([cel, z.array(cel).max(20)])
    .optional()
    .describe('CEL conditions for every answer: answer.status, .body, .json, .headers, .ms, .attempts, .error.'),
  attempts: z.int().min(1).max(100).optional().describe('Number of attempts each notification must take.'),
  inOrder: z.literal(true).optional().describe('Answers must arrive in the order sent.'),
  kept: z
    .union([cel, z.array(cel).max(20)])
    .optional()
    .describe("Texts that must appear on the page with the callback's data, regardless of case; {{run}} is allowed."),
  probe: z
    .union([z.int().min(-100_000).max(100_000), cel])
    .optional()
    .describe(
      'Expected change in the count since its last check in this scenario, or a CEL condition on before, after, sent, and events.',
    ),
});

const sendSchema = z.strictObject({
  name: z.string().min(1).max(100).optional().describe('Name of the step, for "again".'),
  send: sourceSchema.describe('What to send.'),
  as: z
    .enum(shapes)
    .default('notification')
    .describe(
      "notification: as the relay posts it; platform: as Open Connectors posts it; older: in Open Connectors' older format; delivery: as Campaign Monitor posts it.",
    ),
  partSize: z.int().min(1).max(1000).default(20).describe('Maximum events in one notification.'),
  trouble: z.array(faultSchema).max(10).default([]).describe('What goes wrong on the way.'),
  atOnce: z.int().min(1).max(100).default(1).describe('Number of parallel requests.'),
  retry: z
    .enum(retryPolicies)
    .default('none')
    .describe('Retry policy, as in the relay; applies to 408, 425, 429, 5xx, timeouts, and broken connections.'),
  timeoutMs: z.int().min(1).max(600_000).optional().describe('How long to wait for an answer.'),
  expect: expectSchema.optional().describe('The expected result.'),
});

const waitSchema = z.strictObject({ wait: milliseconds.describe('Waits this many milliseconds.') });

const repeatSchema = z.strictObject({
  repeat: z.strictObject({
    times: z.int().min(1).max(10_000),
    perSecond: z
      .number()
      .min(0.01)
      .max(1000)
      .optional()
      .describe('Starts this many repetitions per second, however long answers take.'),
    atMostMs: milliseconds.optional().describe('Starts no more repetitions after this many milliseconds.'),
  }),
  steps: z
    .array(z.union([sendSchema, waitSchema]))
    .min(1)
    .max(50),
  expect: expectSchema.optional().describe('The expected result for everything that was sent.'),
});

export const stepSchema = z.union([sendSchema, waitSchema, repeatSchema]);

export const scenarioSchema = z.strictObject({
  name: z.string().min(1).max(200),
  why: z.string().max(2000).optional().describe('Why this scenario matters; shown if the scenario fails.'),
  timeoutMs: z.int().min(1).max(3_600_000).default(60_000).describe('Time limit for the whole scenario.'),
  steps: z.array(stepSchema).min(1).max(200),
});

const probeSchema = z
  .union([
    z.strictObject({
      url: destinationSchema.shape.url.describe('Requested with GET; returns a number or JSON.'),
      value: cel
        .optional()
        .describe('CEL expression that gets the number from answer.json or answer.body, such as answer.json.count.'),
      headers: z.record(headerName, environmentVariable).optional().describe('Credential headers.'),
    }),
    z.strictObject({
      command: z
        .array(z.string())
        .min(1)
        .max(50)
        .describe("Program and its arguments; the program prints a number and runs in this file's folder."),
    }),
  ])
  .describe('Counts what your callback has created, such as contacts.');

const keptSchema = z
  .strictObject({
    url: destinationSchema.shape.url,
    headers: z.record(headerName, environmentVariable).optional().describe('Credential headers.'),
  })
  .describe('A page with the data your callback keeps, such as contacts; requested with GET and searched for texts.');

const targetSchema = z.strictObject({
  url: destinationSchema.shape.url.optional().describe('Your callback.'),
  headers: z
    .record(
      headerName.refine((name) => !isCredentialHeader(name), 'contains a credential; use "credentials" instead'),
      headerValue,
    )
    .optional()
    .describe('Extra headers.'),
  credentials: z.record(headerName, environmentVariable).optional().describe('Credential headers.'),
  signatureKey: environmentVariable.optional().describe('The key for signing notifications.'),
  timeoutMs: z.int().min(1).max(600_000).optional().describe('How long to wait for an answer. Default: 10 s.'),
  insecureTls: z.boolean().optional().describe('Accept any certificate, such as a self-signed one.'),
});

export const scenarioFileSchema = z
  .strictObject({
    $schema: z.string().optional(),
    destination: targetSchema.optional(),
    probe: probeSchema.optional(),
    kept: keptSchema.optional(),
    scenarios: z.array(scenarioSchema).min(1).max(200),
  })
  .describe('Scenarios for cm-relay scenario: what to send to a callback, and what to expect.');

export type ScenarioFile = z.output<typeof scenarioFileSchema>;
export type Scenario = z.output<typeof scenarioSchema>;
export type Step = z.output<typeof stepSchema>;
export type SendStep = z.output<typeof sendSchema>;
export type RepeatStep = z.output<typeof repeatSchema>;
export type Expected = z.output<typeof expectSchema>;
export type Source = z.output<typeof sourceSchema>;
export type Shape = (typeof shapes)[number];
export type Fault = z.output<typeof faultSchema>;

export type WrittenScenario = z.input<typeof scenarioSchema>;

export function scenario(written: WrittenScenario): Scenario {
  return scenarioSchema.parse(written);
}
