/** One line of JSON per delivery. The only header is Content-Type, since any other may contain a credential. */
import { isUtf8 } from 'node:buffer';
import { z } from 'zod';
import { say } from '../common/say.ts';
import { anonymize } from '../campaign-monitor/anonymize.ts';
import { maskedValue } from '../common/masking.ts';
import { parseJson } from '../common/parse-json.ts';
import { sourceSchema } from '../protocol/history.ts';
import { headerValue } from '../protocol/settings.ts';
import type { Delivery } from './messages.ts';
import { CheckError } from './check-error.ts';

export class RecordingError extends CheckError {
  override readonly name = 'RecordingError';
}

export interface RecordedDelivery extends Delivery {
  /** Milliseconds since the first. */
  readonly atMs: number;
}

const headSchema = z.object({ recording: z.literal('cm-relay'), version: z.literal(1) });

const lineSchema = z.object({
  atMs: z.number().min(0),
  source: sourceSchema,
  contentType: headerValue.max(1000),
  body: z.union([z.object({ text: z.string() }), z.object({ base64: z.base64() })]),
});

export function* writeRecording(deliveries: Iterable<RecordedDelivery>, recordedAt: Date): Generator<string> {
  yield `${JSON.stringify({ recording: 'cm-relay', version: 1, recordedAt: recordedAt.toISOString() })}\n`;
  for (const { atMs, source, contentType, body } of deliveries) {
    const written = isUtf8(body) ? { text: body.toString() } : { base64: body.toString('base64') };
    yield `${JSON.stringify({ atMs, source, contentType, body: written })}\n`;
  }
}

export function readRecording(text: string): RecordedDelivery[] {
  const deliveries: RecordedDelivery[] = [];
  let number = 0;
  // One at a time: there may be millions of empty lines.
  for (const line of linesOf(text)) {
    number += 1;
    if (number === 1) {
      if (headSchema.safeParse(parseJson(line)).success) continue;
      throw new RecordingError(say('not a cm-relay recording'));
    }
    if (line.trim() === '') continue;
    const result = lineSchema.safeParse(parseJson(line));
    if (!result.success) {
      throw new RecordingError(say('line {0}: {1}', number, z.prettifyError(result.error).replaceAll('\n', ' ')));
    }
    const { body, ...rest } = result.data;
    deliveries.push({ ...rest, body: 'text' in body ? Buffer.from(body.text) : Buffer.from(body.base64, 'base64') });
  }
  return deliveries;
}

const contentTypes = { json: 'application/json', xml: 'text/xml', text: 'text/plain', empty: 'text/plain' } as const;

function* linesOf(text: string): Generator<string> {
  let start = 0;
  for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', start)) {
    yield text.slice(start, end);
    start = end + 1;
  }
  yield text.slice(start);
}

export function anonymized(deliveries: readonly RecordedDelivery[]): RecordedDelivery[] {
  const replaced = anonymize(
    deliveries.map(({ contentType, body }) => ({ headers: [['content-type', contentType]], body })),
  );
  return deliveries.map(({ atMs, source }, index) => {
    const { headers = [], format = 'empty', body = '' } = replaced[index] ?? {};
    return {
      atMs,
      source,
      contentType: headers.find(([, value]) => value !== maskedValue)?.[1] ?? contentTypes[format],
      body: Buffer.from(typeof body === 'string' && format !== 'json' ? body : JSON.stringify(body)),
    };
  });
}
