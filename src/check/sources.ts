import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { say } from '../common/say.ts';
import { webhookEventTypes } from '../campaign-monitor/event-types.ts';
import { maxEventsInDelivery, sampleDeliveries } from '../campaign-monitor/samples.ts';
import { parseJson } from '../common/parse-json.ts';
import { readPayload } from '../campaign-monitor/payload.ts';
import { sourceSchema } from '../protocol/history.ts';
import type { Result } from '../protocol/methods.ts';
import { tooMuchToRead } from '../normalizer/delivery-limits.ts';
import type { Delivery } from './messages.ts';
import { OwnFileError, readOwnFile } from './own-file.ts';
import { readRecording } from './recording.ts';
import type { Source } from './scenario.ts';
import { CheckError } from './check-error.ts';

export class SourceError extends CheckError {
  override readonly name = 'SourceError';
}

const mostFileBytes = 16_777_216;

const json = 'application/json; charset=utf-8';

export interface Sources {
  deliveries(source: Exclude<Source, { again: string }>, run: Run): Promise<Delivery[]>;
}

/** Makes the addresses of one run different from those of any other. */
export interface Run {
  readonly token: string;
  next(): number;
}

export function newRun(token = randomBytes(4).toString('hex')): Run {
  let last = 0;
  return { token, next: () => (last += 1) };
}

export interface SourceOptions {
  /** Null if the scenario has no file. */
  readonly folder: string | null;
  /** Null without a history. Errors become SourceErrors. */
  readonly fromHistory: ((id: string) => Promise<Delivery>) | null;
}

export interface ReadHistory {
  request(method: 'deliveries/get', params: { readonly id: string }): Promise<Result<'deliveries/get'>>;
}

/** @param id of a delivery, event or notification @throws the history's errors */
export async function deliveryIn(history: ReadHistory, id: string): Promise<Delivery> {
  const { delivery, headers, body } = await history.request('deliveries/get', { id });
  const contentType = headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? 'application/json';
  return { body: Buffer.from(body, 'base64'), contentType, source: delivery.source };
}

export function sourcesOf({ folder, fromHistory }: SourceOptions): Sources {
  return {
    async deliveries(source, run) {
      if ('sample' in source) return [sampleOf(source, run)];
      if ('delivery' in source) return [bodyOf(withRun(source.delivery, run))];
      if ('event' in source) {
        if (fromHistory === null) throw new SourceError(`${source.event}: ${say('no history is available')}`);
        return [
          await fromHistory(source.event).catch((error: unknown) => {
            throw new SourceError(`${source.event}: ${(error as Error).message}`);
          }),
        ];
      }
      const name = 'fixture' in source ? source.fixture : source.recording;
      if (folder === null)
        throw new SourceError(say('can’t read {0}: the scenario file isn’t in a local folder', name));
      try {
        const bytes = await readOwnFile(folder, name, mostFileBytes);
        return 'recording' in source ? readRecording(bytes.toString()) : fixtureOf(bytes);
      } catch (error) {
        if (!(error instanceof OwnFileError)) throw new SourceError(`${name}: ${(error as Error).message}`);
        throw new SourceError(error.next === undefined ? error.message : `${error.message}. ${error.next}`);
      }
    },
  };
}

export interface NotedSources {
  readonly sources: Sources;
  readonly addresses: ReadonlyMap<string, string>;
}

export function withNote(sources: Sources): NotedSources {
  const addresses = new Map<string, string>();
  const note = (value: unknown): void => {
    if (typeof value === 'string' && value !== '') addresses.set(value.toLowerCase(), value);
  };
  return {
    addresses,
    sources: {
      async deliveries(source, run) {
        const deliveries = await sources.deliveries(source, run);
        for (const { body } of deliveries) {
          const { Events } = (parseJson(body.toString(), Infinity) ?? {}) as { readonly Events?: readonly unknown[] };
          for (const event of Array.isArray(Events) ? (Events as readonly Record<string, unknown>[]) : []) {
            note(event['OldEmailAddress']);
            note(event['EmailAddress']);
          }
        }
        return deliveries;
      },
    },
  };
}

function sampleOf({ sample, events, email, list, seed }: Extract<Source, { sample: unknown }>, run: Run): Delivery {
  const [made] = sampleDeliveries({
    types: sample === 'mixed' ? webhookEventTypes : [sample],
    mixed: true,
    count: 1,
    batch: Math.min(events, maxEventsInDelivery),
    seed,
    now: new Date(),
    ...(list !== undefined && { listId: list }),
  });
  const Events = (made?.body.Events ?? []).map((event) => {
    const address = email === undefined ? fresh(event.EmailAddress, run) : withRun(email, run);
    return {
      ...event,
      EmailAddress: address,
      ...(event.Type === 'Update' && { OldEmailAddress: address }),
    };
  });
  return bodyOf({ ...made?.body, Events });
}

function fresh(address: string, run: Run): string {
  const [local = '', host = 'example.org'] = address.split('@');
  return `${local.split('.')[0] ?? local}.check-${run.token}.${run.next()}@${host}`;
}

export function withRun<T>(value: T, run: Run): T {
  if (typeof value === 'string') return value.replaceAll('{{run}}', `check-${run.token}`) as T;
  if (Array.isArray(value)) return value.map((each: unknown) => withRun(each, run)) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, withRun(each as unknown, run)])) as T;
}

function bodyOf(value: unknown): Delivery {
  return { body: Buffer.from(JSON.stringify(value)), contentType: json, source: 'campaign-monitor' };
}

const exportedFixture = z.object({
  fixture: z.literal('cm-relay'),
  deliveries: z.array(
    z.object({
      source: sourceSchema.catch('campaign-monitor'),
      format: z.enum(['json', 'xml', 'text', 'empty']),
      body: z.unknown(),
    }),
  ),
});

function fixtureOf(bytes: Buffer): Delivery[] {
  const tooMuch = tooMuchToRead(bytes);
  if (tooMuch !== null) throw new CheckError(`${tooMuch}. ${say('Split the file into smaller files.')}`);
  const text = bytes.toString();
  const exported = exportedFixture.safeParse(parseJson(text, Infinity));
  if (exported.success) {
    return exported.data.deliveries.map(({ source, format, body }) => ({
      source,
      body: Buffer.from(format === 'json' ? JSON.stringify(body) : String(body)),
      contentType: format === 'xml' ? 'application/xml; charset=utf-8' : json,
    }));
  }
  const contentType = text.trimStart().startsWith('<') ? 'application/xml; charset=utf-8' : json;
  // A scenario's author may name any file here: if it is not a delivery, it is never sent, in no shape.
  if (readPayload(bytes, contentType).kind === 'test')
    throw new CheckError(say('not a delivery: it contains no events'));
  return [{ body: bytes, contentType, source: 'campaign-monitor' }];
}
