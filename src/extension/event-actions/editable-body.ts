/** Loaded with the client. */
import { readPayload } from '../../campaign-monitor/payload.ts';
import { indentJson } from '../../export/indented-json.ts';
import type { Delivery } from '../../protocol/history.ts';
import { readableBody } from '../event-documents/content.ts';

/** The body as JSON if possible (XML is converted); otherwise unchanged. */
export function editableBody(delivery: Pick<Delivery, 'source' | 'contentType'>, body: Buffer): string {
  if (delivery.source === 'campaign-monitor') {
    const payload = readPayload(body, delivery.contentType);
    if (payload.kind === 'events') {
      const text = payload.json.toString('utf8');
      const indented = indentJson(text);
      return indented.kind === 'indented' ? indented.text : text;
    }
  }
  return readableBody(body, delivery.contentType).text;
}
