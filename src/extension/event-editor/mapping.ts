import { textField, type VendorEvent } from '../../campaign-monitor/payload.ts';
import { printable } from '../ui/printable.ts';
import type { Mapping } from './messages.ts';

/** Derived from both objects, because the mapping may have been different when the event arrived. */
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

function fieldWith(vendor: VendorEvent, value: unknown, preferred: string): string | undefined {
  const holds = (name: string): boolean => textField(vendor, name) === value;
  return holds(preferred) ? preferred : Object.keys(vendor).find((name) => holds(name));
}

function valueOf(value: unknown): string {
  return typeof value === 'object' && value !== null ? '…' : printable(String(value), 300);
}
