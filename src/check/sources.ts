/** Where what a scenario sends comes from. */
import { randomBytes } from 'node:crypto';
import { readFile, realpath, stat } from 'node:fs/promises';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import { z } from 'zod';
import { maxEventsInDelivery, sampleDeliveries, webhookEventTypes } from '../campaign-monitor/samples.ts';
import { parseJson } from '../common/parse-json.ts';
import type { Delivery } from './messages.ts';
import { readRecording } from './recording.ts';
import type { Source } from './scenario.ts';

/** What a step would send is not there, or cannot be read. */
export class SourceError extends Error {
  override readonly name = 'SourceError';
}

/** A file that a scenario names is not longer than this, in bytes. */
const mostFileBytes = 52_428_800;

const json = 'application/json; charset=utf-8';

/** Gives what steps send. */
export interface Sources {
  /** @throws SourceError */
  deliveries(source: Exclude<Source, { again: string }>, run: Run): Promise<Delivery[]>;
}

/** One run: what makes its addresses different from those of any other. */
export interface Run {
  /** Stands in each address. */
  readonly token: string;
  /** A number that this run has not given yet. */
  next(): number;
}

/** @param token letters and digits; another one each time where it is not given */
export function newRun(token = randomBytes(4).toString('hex')): Run {
  let last = 0;
  return { token, next: () => (last += 1) };
}

export interface SourceOptions {
  /** The folder of the file of scenarios, which its files are in or below; null where there is none. */
  readonly folder: string | null;
  /** A delivery of the relay's history by an id; null where there is no history. @throws SourceError */
  readonly fromHistory: ((id: string) => Promise<Delivery>) | null;
}

/** What steps send, from the code, from files and from the history. */
export function sourcesOf({ folder, fromHistory }: SourceOptions): Sources {
  return {
    async deliveries(source, run) {
      if ('sample' in source) return [sampleOf(source, run)];
      if ('delivery' in source) return [bodyOf(withRun(source.delivery, run))];
      if ('event' in source) {
        if (fromHistory === null) throw new SourceError(`there is no history to take ${source.event} from`);
        return [await fromHistory(source.event)];
      }
      const name = 'fixture' in source ? source.fixture : source.recording;
      const { bytes, text } = await readWithin(folder, name);
      try {
        if ('recording' in source) return readRecording(text);
        return fixtureOf(bytes, text);
      } catch (error) {
        throw new SourceError(`${name}: ${(error as Error).message}`);
      }
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

/** An address that no other run, and nothing else in this one, has. */
function fresh(address: string, run: Run): string {
  const [local = '', host = 'example.org'] = address.split('@');
  return `${local.split('.')[0] ?? local}.check-${run.token}.${run.next()}@${host}`;
}

/** A value with the run's text for each `{{run}}` in it. */
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
      source: z.enum(['campaign-monitor', 'open-connectors']).catch('campaign-monitor'),
      format: z.enum(['json', 'xml', 'text', 'empty']),
      body: z.unknown(),
    }),
  ),
});

function fixtureOf(bytes: Buffer, text: string): Delivery[] {
  const exported = exportedFixture.safeParse(parseJson(text));
  if (exported.success) {
    return exported.data.deliveries.map(({ source, format, body }) => ({
      source,
      body: Buffer.from(format === 'json' ? JSON.stringify(body) : String(body)),
      contentType: format === 'xml' ? 'application/xml; charset=utf-8' : json,
    }));
  }
  const isXml = text.trimStart().startsWith('<');
  return [{ body: bytes, contentType: isXml ? 'application/xml; charset=utf-8' : json, source: 'campaign-monitor' }];
}

/**
 * A file in or below the folder of the scenarios: they may have come with a workspace, and what they name is sent away.
 * @throws SourceError
 */
async function readWithin(folder: string | null, name: string): Promise<{ bytes: Buffer; text: string }> {
  if (folder === null) throw new SourceError(`there is no folder to look for ${name} in`);
  try {
    const [home, file] = await Promise.all([realpath(folder), realpath(resolve(folder, name))]);
    const inside = relative(home, file);
    if (inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside)) {
      throw new SourceError(`${name} is outside the folder of the scenarios`);
    }
    const { size } = await stat(file);
    if (size > mostFileBytes) throw new SourceError(`${name} is longer than ${mostFileBytes} bytes`);
    const bytes = await readFile(file);
    return { bytes, text: bytes.toString() };
  } catch (error) {
    if (error instanceof SourceError) throw error;
    throw new SourceError(`${name} cannot be read: ${(error as Error).message}`);
  }
}
