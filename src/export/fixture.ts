import { anonymise } from '../campaign-monitor/anonymise.ts';
import type { ExportItem } from './item.ts';

/**
 * Deliveries as a JSON document that is fit for a bug report or a pull request: nothing personal is left, and what the
 * vendors leave undocumented still shows (see campaign-monitor/anonymise.ts). Why a delivery was rejected is left out:
 * the reason quotes its body.
 */
export async function* toFixture(items: AsyncIterable<ExportItem> | Iterable<ExportItem>): AsyncGenerator<string> {
  const captures: Pick<ExportItem, 'delivery' | 'headers' | 'body'>[] = [];
  for await (const { delivery, headers, body } of items) captures.push({ delivery, headers, body });
  const deliveries = anonymise(captures).map(({ headers, format, body }, i) => {
    const delivery = captures[i]?.delivery;
    return {
      source: delivery?.source,
      receivedAt: delivery?.receivedAt,
      answered: delivery?.httpStatus,
      ...(delivery?.truncated === true ? { truncated: true } : {}),
      headers,
      format,
      body,
    };
  });
  yield `${JSON.stringify({ fixture: 'cm-relay', version: 1, deliveries }, null, 2)}\n`;
}
