/** How the normalizer mapped an element of Campaign Monitor. Loaded through deferred.ts. */
import { textField } from '../../campaign-monitor/payload.ts';
import type { VendorEvent } from '../../campaign-monitor/payload.ts';
import { printable } from '../ui/printable.ts';
import type { Mapping } from './messages.ts';

/**
 * The fields of an event object, each with the vendor's field that it was made from. Derived from both, because the
 * mapping may have been different when the event arrived.
 * @param vendor the element of `Events`
 * @param object the element of `message.events`
 * @param objectIdField the field for `objectId` in the current mapping
 */
export function mappingOf(
  vendor: VendorEvent,
  object: Readonly<Record<string, unknown>>,
  objectIdField: string,
): Mapping[] {
  const from: Readonly<Record<string, string | undefined>> = {
    eventType: 'Type',
    objectId: fieldWith(vendor, object['objectId'], objectIdField),
    date: 'Date',
  };
  const made = ['eventType', 'objectId', 'date'];
  return [...made, ...Object.keys(object).filter((name) => !made.includes(name))]
    .filter((name) => Object.hasOwn(object, name))
    .map((name) => {
      const field = from[name];
      const known = field !== undefined && Object.hasOwn(vendor, field) ? field : '';
      return {
        from: printable(known),
        fromValue: known === '' ? '' : valueOf(vendor[known]),
        to: printable(name),
        toValue: valueOf(object[name]),
      };
    });
}

/** The field that has a value: the preferred one, otherwise the first. */
function fieldWith(vendor: VendorEvent, value: unknown, preferred: string): string | undefined {
  const holds = (name: string): boolean => textField(vendor, name) === value;
  return holds(preferred) ? preferred : Object.keys(vendor).find((name) => holds(name));
}

function valueOf(value: unknown): string {
  return typeof value === 'object' && value !== null ? '…' : printable(String(value), 300);
}
