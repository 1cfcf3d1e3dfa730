import { anonymize } from '../campaign-monitor/anonymize.ts';
import { escapedJson } from '../common/unprintable.ts';
import { indentJson } from './indented-json.ts';
import type { ExportItem } from './item.ts';

/**
 * Deliveries as a JSON document for a bug report or a pull request: nothing personal is left, and what the vendors
 * leave undocumented is still visible (see campaign-monitor/anonymize.ts). Why a delivery was rejected is left out: the
 * reason quotes its body.
 */
export async function* toFixture(items: AsyncIterable<ExportItem> | Iterable<ExportItem>): AsyncGenerator<string> {
  const captures: Pick<ExportItem, 'delivery' | 'headers' | 'body'>[] = [];
  for await (const { delivery, headers, body } of items) captures.push({ delivery, headers, body });
  yield '{\n  "fixture": "cm-relay",\n  "version": 1,\n  "deliveries": [';
  for (const [i, { headers, format, body }] of anonymize(captures).entries()) {
    const delivery = captures[i]?.delivery;
    const text = JSON.stringify({
      source: delivery?.source,
      receivedAt: delivery?.receivedAt,
      answered: delivery?.httpStatus,
      ...(delivery?.truncated === true ? { truncated: true } : {}),
      headers,
      format,
      body,
    });
    const json = escapedJson(text);
    const indented = indentJson(json, 4);
    yield `${i === 0 ? '' : ','}\n    ${indented.kind === 'indented' ? indented.text : json}`;
  }
  yield captures.length === 0 ? ']\n}\n' : '\n  ]\n}\n';
}
