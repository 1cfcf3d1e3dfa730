/** What Open Connectors posts, and what it says of contacts. */

/** The body is none that this handler knows; trying again would not help. */
export class NotANotification extends Error {}

/**
 * Reads a notification in either documented shape: `message`, or the older one with `response`.
 * @param {Uint8Array} body
 * @returns {{ eventId: string | null, raw: unknown, events: object[] }}
 * @throws NotANotification
 */
export function readNotification(body) {
  let value;
  try {
    value = JSON.parse(new TextDecoder().decode(body));
  } catch (error) {
    throw new NotANotification(`not JSON: ${error.message}`);
  }
  const eventId = textOf(value?.message?.eventId) ?? textOf(value?.eventId);
  const events = value?.message?.events ?? value?.response?.events;
  if (!Array.isArray(events)) throw new NotANotification('not a notification: it has no events');
  return { eventId, raw: value.message?.raw, events: events.filter((event) => event !== null) };
}

/** The vendor's name of what Open Connectors calls otherwise. */
const vendorTypes = { CREATED: 'Subscribe', UPDATED: 'Update', DELETED: 'Deactivate' };

/**
 * What a notification changes, in its order. What it says nothing about, and events of other types, are left out:
 * a type that is new tomorrow is no error.
 */
export function changesOf({ raw, events }) {
  const vendorEvents = Array.isArray(raw?.Events) ? raw.Events : [];
  const byAddress = Map.groupBy(vendorEvents, (each) => `${each?.Type} ${keyOf(textOf(each?.EmailAddress) ?? '')}`);
  return events.flatMap((event) => {
    const address = textOf(event.objectId);
    const vendorType = vendorTypes[event.eventType];
    // Nobody is a contact without an address.
    if (address === null || address.trim() === '' || vendorType === undefined) return [];
    // `raw` is the whole delivery, of which this notification may be the third part: by address, not by place.
    const vendorEvent = byAddress.get(`${vendorType} ${keyOf(address)}`)?.at(-1);
    const state = textOf(vendorEvent?.State);
    const isGone = vendorType === 'Deactivate' || (state !== null && state !== 'Active');
    const at = Date.parse(event.date);
    return [
      {
        kind: isGone ? 'remove' : 'keep',
        address,
        earlierAddress: textOf(vendorEvent?.OldEmailAddress),
        name: textOf(vendorEvent?.Name),
        // A pair each, since a field with several values comes several times.
        fields: Array.isArray(vendorEvent?.CustomFields) ? vendorEvent.CustomFields : null,
        at: Number.isNaN(at) ? Date.now() : at,
      },
    ];
  });
}

/** What an address is known by, however it is written. */
export function keyOf(address) {
  return address.trim().toLowerCase();
}

function textOf(value) {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' ? value : null;
}
