import { choose, exportItems, formats, type ExportFormat, type Selection } from '../../export/gather.ts';
import type { ExportItem, ExportOptions } from '../../export/item.ts';
import type { EventRow } from '../../protocol/history.ts';
import type { RelayClient } from '../../protocol/relay-client.ts';

/** In characters. JavaScript's limit for a string is twice that. */
const longestExport = 256_000_000;

/** @returns undefined if canceled @throws RangeError if the text is longer than {@link longestExport} */
export async function exportText(
  client: RelayClient,
  events: readonly Pick<EventRow, 'id' | 'deliveryId'>[],
  format: ExportFormat,
  options: {
    version: string;
    onDelivery?: () => void;
    canceled?: () => boolean;
    keepBody?: ExportOptions['keepBody'];
  },
): Promise<string | undefined> {
  const canceled = (): boolean => options.canceled?.() === true;
  const { campaignMonitorUrl, openConnectorsUrl } = await client.request('relay/status', {});
  const history = {
    request: client.request.bind(client),
    webhookEndpoint: (source: string) => (source === 'campaign-monitor' ? campaignMonitorUrl : openConnectorsUrl),
  };
  const selection: Selection = new Map();
  for (const { id, deliveryId } of events) choose(selection, deliveryId, id);
  async function* watched(): AsyncGenerator<ExportItem> {
    for await (const item of exportItems(history, selection, format)) {
      if (canceled()) return;
      yield item;
      options.onDelivery?.();
    }
  }
  const pieces: string[] = [];
  let length = 0;
  const { version, keepBody } = options;
  for await (const piece of formats[format](watched(), {
    withSecrets: false,
    version,
    ...(keepBody !== undefined && { keepBody }),
  })) {
    length += piece.length;
    if (length > longestExport) throw new RangeError(`longer than ${longestExport} characters`);
    pieces.push(piece);
  }
  return canceled() ? undefined : pieces.join('');
}
