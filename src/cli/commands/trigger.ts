import { Argument, Option, type Command } from 'commander';
import { z } from 'zod';
import { webhookFormats } from '../../campaign-monitor/answers.ts';
import { webhookEventTypes } from '../../campaign-monitor/event-types.ts';
import { maxEventsInDelivery, sampleDeliveries, toXml } from '../../campaign-monitor/samples.ts';
import type { SampleDelivery, SampleOptions } from '../../campaign-monitor/samples.ts';
import { readBeginning } from '../../common/bounded-body.ts';
import type { RelayClient } from '../../protocol/relay-client.ts';
import { withRelay } from '../connection.ts';
import { CommandError } from '../errors.ts';
import { checkedBy, jsonFlag, newCommand, wholeNumber, type CommonOptions } from '../flags.ts';
import { toAnswerAsUsual } from '../terminal/answering-text.ts';
import { print, printJson, Progress } from '../terminal/output.ts';
import { count as counted, duration, printable } from '../terminal/text.ts';
import { commandProcess, styleText } from '../terminal/command-process.ts';

interface TriggerOptions extends CommonOptions {
  count: number;
  batch: number;
  list?: string;
  email?: string;
  seed?: number;
  format: WebhookFormat;
  json?: boolean;
}

type WebhookFormat = (typeof webhookFormats)[number];

const contentTypes: Readonly<Record<WebhookFormat, string>> = {
  json: 'application/json; charset=utf-8',
  xml: 'text/xml; charset=utf-8',
};

const types = new Map(webhookEventTypes.map((type) => [type.toLowerCase(), type]));

const answerTimeout = 30_000;
/** In bytes. The endpoint responds with one line, but another program may use its port by now. */
const longestAnswer = 4096;

const listedAtMost = 20;

export function triggerCommand(): Command {
  return newCommand(
    'trigger',
    'send sample deliveries to the running relay',
    "Posts sample deliveries to the running relay's webhook endpoint, as Campaign Monitor would, and prints each answer.",
    [
      'cm-relay trigger subscribe                            one delivery with one event',
      'cm-relay trigger update --batch 50                    one delivery with 50 events',
      'cm-relay trigger deactivate --count 1000 --seed 7     1,000 deliveries, the same each time',
    ],
    'cm-relay events lists the results. Exits with 1 if any answer was not 200.',
  )
    .addArgument(new Argument('<type>', 'event type').choices([...types.keys()]))
    .option('--count <n>', 'number of deliveries', wholeNumber(z.int().min(1).max(1_000_000)), 1)
    .option('--batch <n>', 'number of events in each delivery', wholeNumber(z.int().min(1).max(maxEventsInDelivery)), 1)
    .option(
      '--list <id>',
      "list ID (default: the list used in Campaign Monitor's examples)",
      checkedBy(z.string().regex(/^[\x21-\x7e]{1,100}$/, 'expected a list ID, usually 32 hex digits')),
    )
    .option(
      '--email <address>',
      'address for every event (default: a different address for each event)',
      checkedBy(z.string().regex(/^[^@\s]+@[^@\s]+$/, 'expected an email address')),
    )
    .option(
      '--seed <n>',
      'number that makes the sample data repeatable (default: new data each time)',
      wholeNumber(z.int()),
    )
    .addOption(new Option('--format <format>', 'webhook format').choices(webhookFormats).default('json'))
    .addOption(jsonFlag('print one JSON object per line for each answer'))
    .action(trigger);
}

async function trigger(type: string, options: TriggerOptions): Promise<void> {
  await withRelay(options, (client) => send(client, type, options));
}

async function send(client: RelayClient, type: string, options: TriggerOptions): Promise<void> {
  const { campaignMonitorUrl: url, answering } = await client.request('relay/status', {});
  const timeoutMs = answerTimeout + (answering.state === 'on-purpose' ? answering.delayMs : 0);
  const relay = new AbortController();
  const ended = client.closed.then(() => relay.abort());
  const listed = options.json === true || !commandProcess().stderr.isTTY || options.count <= listedAtMost;
  const progress = new Progress('deliveries', options.count);
  let sent = 0;
  let refused = 0;
  let status: Answer['status'] = null;
  const started = performance.now();
  for (const delivery of samples(type, options)) {
    const answer = await post(
      url,
      options.format === 'xml' ? toXml(delivery.body) : delivery.text,
      options.format,
      timeoutMs,
    );
    sent++;
    if (answer.status !== 200) {
      refused++;
      ({ status } = answer);
    }
    if (options.json === true) {
      await printJson({ type: 'answer', number: sent, events: delivery.body.Events.length, ...answer });
    } else if (listed || answer.status !== 200) {
      await print(`${answerLine(sent, delivery, answer)}\n`);
    }
    if (!listed) progress.update(sent);
    if (answer.status === null) await Promise.race([client.request('relay/status', {}).catch(() => ended), ended]);
    // The URL contains the secret, and another program may use the port by now.
    if (relay.signal.aborted) {
      progress.end();
      throw new CommandError(
        `the relay stopped after ${counted(sent - refused, 'delivery')}`,
        'Start it with cm-relay listen, and then try again.',
      );
    }
  }
  progress.end();
  if (options.json !== true && options.count > 1) {
    await print(
      `${counted(sent, 'delivery')} in ${duration(performance.now() - started)}, ${sent - refused} answered 200\n`,
    );
  }
  if (refused > 0) {
    throw new CommandError(
      `${refused} of ${counted(sent, 'delivery')} not answered with 200`,
      answering.state === 'on-purpose'
        ? `The relay answered on purpose. ${toAnswerAsUsual}`
        : await whyRefused(client, status),
    );
  }
}

/** Only a delivery rejected for its content is in the history. @param status the last one but 200 */
async function whyRefused(client: RelayClient, status: Answer['status']): Promise<string> {
  if (status !== null && status < 500)
    return 'To see why a delivery was rejected, run cm-relay events --filter kind:rejected.';
  const { notices } = await client.request('relay/status', {});
  return [...notices, 'To see the state of the relay, run cm-relay status.'].join('\n  ');
}

/** A generator, since a million deliveries may not fit in memory. */
function* samples(type: string, { count, batch, list, email, seed }: TriggerOptions): Generator<SampleDelivery> {
  const atOnce = Math.max(1, Math.floor(10_000 / batch));
  const first = seed ?? Math.floor(Math.random() * 2 ** 31);
  for (let made = 0; made < count; made += atOnce) {
    const sample: SampleOptions = {
      types: [types.get(type) ?? 'Subscribe'],
      count: Math.min(atOnce, count - made),
      batch,
      seed: first + made,
      ...(list !== undefined && { listId: list }),
      ...(email !== undefined && { email }),
      // With the user's seed, nothing else may affect the bytes.
      ...(seed === undefined && { now: new Date() }),
    };
    yield* sampleDeliveries(sample);
  }
}

interface Answer {
  /** Null without a response. */
  readonly status: number | null;
  readonly durationMs: number;
  readonly message: string;
}

async function post(url: string, body: string, format: WebhookFormat, timeoutMs: number): Promise<Answer> {
  const started = performance.now();
  const took = (): number => Math.round((performance.now() - started) * 10) / 10;
  try {
    const response = await fetch(url, {
      method: 'POST',
      body,
      headers: { 'content-type': contentTypes[format] },
      signal: AbortSignal.timeout(timeoutMs),
    });
    const message = (await readBeginning(response.body, longestAnswer)).trim();
    return { status: response.status, durationMs: took(), message };
  } catch (error) {
    const { message, cause } = error as Error;
    return { status: null, durationMs: took(), message: cause instanceof Error ? cause.message : message };
  }
}

function answerLine(number: number, { body }: SampleDelivery, { status, durationMs, message }: Answer): string {
  const [event] = body.Events;
  const what =
    body.Events.length === 1 && event !== undefined
      ? `${event.Type}  ${event.EmailAddress}`
      : `batch of ${body.Events.length} ${event?.Type ?? ''} events`;
  const answer =
    status === null
      ? styleText('red', 'no answer from the relay')
      : `relay answered ${styleText(status === 200 ? 'green' : 'red', String(status))}`;
  const rest = message === '' ? '' : `  ${printable(message)}`;
  return `${number}  ${printable(what)}  ${answer} in ${duration(durationMs)}${rest}`;
}
