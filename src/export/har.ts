import { STATUS_CODES } from 'node:http';
import { escapedJson } from '../common/unprintable.ts';
import { maskedForExport, textOf, type ExportItem, type ExportOptions } from './item.ts';
import type { AttemptDetail, Headers } from '../protocol/history.ts';

/** HAR 1.2. Written in pieces, so that a long history need not fit in memory. */
export async function* toHar(
  items: AsyncIterable<ExportItem> | Iterable<ExportItem>,
  options: ExportOptions,
): AsyncGenerator<string> {
  const creator = { name: 'Campaign Monitor Relay', version: options.version };
  yield `{"log":{"version":"1.2","creator":${JSON.stringify(creator)},"entries":[`;
  let separator = '\n';
  for await (const item of items) {
    for (const entry of entriesOf(item, options)) {
      yield `${separator}${escapedJson(JSON.stringify(entry))}`;
      separator = ',\n';
    }
  }
  yield '\n]}}\n';
}

function entriesOf(item: ExportItem, options: ExportOptions): object[] {
  const { delivery } = item;
  const received = {
    startedDateTime: delivery.receivedAt,
    time: 0,
    request: request(item.webhookEndpoint, item.headers, item.body, options),
    response: response(delivery.httpStatus, [], new Uint8Array(), options),
    cache: {},
    timings: { send: 0, wait: 0, receive: 0 },
    comment: `${delivery.id} received${delivery.truncated ? ', body truncated after 64 KiB' : ''}`,
  };
  const sent = item.notifications.flatMap(({ notification, url, headers, body, attempts }) =>
    attempts.map((attempt) => ({
      startedDateTime: attempt.at,
      time: attempt.durationMs,
      request: request(url ?? attempt.destination, headers, body, options),
      response: answer(attempt, options),
      cache: {},
      timings: { send: 0, wait: attempt.durationMs, receive: 0 },
      comment: `${notification.id} of ${delivery.id}, attempt ${attempt.number}`,
    })),
  );
  return [received, ...sent];
}

function request(url: string, headers: Headers, body: Uint8Array, options: ExportOptions): object {
  const target = maskedForExport(url, options);
  const text = textOf(body);
  return {
    method: 'POST',
    url: target,
    httpVersion: 'HTTP/1.1',
    cookies: [],
    headers: pairs(headers, options),
    queryString: [...new URL(target).searchParams].map(([name, value]) => ({ name, value })),
    // HAR has no field for the encoding of a request's body.
    postData: {
      mimeType: contentType(headers),
      params: [],
      ...(text === undefined ? { text: Buffer.from(body).toString('base64'), _encoding: 'base64' } : { text }),
    },
    headersSize: -1,
    bodySize: body.length,
  };
}

function answer(attempt: AttemptDetail, options: ExportOptions): object {
  const body = Buffer.from(attempt.answerBody, 'base64');
  // 0 if no answer arrived, as browsers write it.
  const said = response(attempt.status ?? 0, attempt.answerHeaders, body, options);
  return attempt.error === null ? said : { ...said, _error: maskedForExport(attempt.error, options) };
}

function response(status: number, headers: Headers, body: Uint8Array, options: ExportOptions): object {
  const text = textOf(body);
  const location = headers.find(([name]) => name.toLowerCase() === 'location')?.[1];
  return {
    status,
    statusText: STATUS_CODES[status] ?? '',
    httpVersion: 'HTTP/1.1',
    cookies: [],
    headers: pairs(headers, options),
    content: {
      size: body.length,
      mimeType: contentType(headers),
      ...(text === undefined ? { text: Buffer.from(body).toString('base64'), encoding: 'base64' } : { text }),
    },
    redirectURL: location === undefined ? '' : maskedForExport(location, options),
    headersSize: -1,
    bodySize: body.length,
  };
}

function pairs(headers: Headers, options: ExportOptions): { name: string; value: string }[] {
  return headers.map(([name, value]) => ({ name, value: maskedForExport(value, options) }));
}

function contentType(headers: Headers): string {
  return headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? '';
}
