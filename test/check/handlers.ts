/** A handler that is right, within this process, and what is wrong with others: each differs from it by one fault. */
import { createHash } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { sign } from '../../src/open-connectors/signature.ts';

/** What a handler gets of a request. */
export interface Received {
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** The body as it came. */
  readonly pieces?: readonly Buffer[];
  /** How long the body took, in milliseconds. */
  readonly bodyMs?: number;
}

/** Waits so many milliseconds of the handler's time. */
export type Waiting = (ms: number) => Promise<unknown>;

/** What one event says. */
export interface Change {
  readonly kind: 'keep' | 'remove';
  readonly address: string;
  readonly earlierAddress: string | null;
  readonly name: string | null;
  /** Of the event, in milliseconds since the epoch. */
  readonly at: number;
}

interface Contact {
  readonly address: string;
  readonly name: string;
  readonly isGone: boolean;
  readonly at: number;
}

interface VendorEvent {
  readonly Type?: string;
  readonly EmailAddress?: string;
  readonly OldEmailAddress?: string;
  readonly Name?: string;
  readonly State?: string;
}

interface Notification {
  readonly eventId: string | null;
  readonly events: readonly { readonly eventType: string; readonly objectId: string; readonly date?: string }[];
  readonly raw: { readonly Events: readonly VendorEvent[] } | undefined;
}

const vendorTypes: Readonly<Record<string, string>> = {
  CREATED: 'Subscribe',
  UPDATED: 'Update',
  DELETED: 'Deactivate',
};

function keyOf(address: string): string {
  return address.trim().toLowerCase();
}

/** Keeps a contact for each address, as examples/right-handler does. */
export class RightHandler {
  protected readonly contacts = new Map<string, Contact>();
  protected readonly done = new Set<string>();
  protected readonly key: string;
  protected readonly wait: Waiting;

  constructor(key: string, waiting: Waiting = wait) {
    this.key = key;
    this.wait = waiting;
  }

  /** How many are subscribed. */
  get count(): number {
    return this.listed().length;
  }

  /** What the page of contacts shows, in the order in which they came. */
  get page(): readonly { readonly address: string; readonly name: string; readonly at: number }[] {
    return this.listed().map(({ address, name, at }) => ({ address, name, at }));
  }

  /** Takes a request whose body is whole. @returns the status of the answer */
  async take(received: Received): Promise<number> {
    if (!this.isSigned(received)) return 401;
    const notification = this.read(received.body);
    if (notification === null) return 400;
    const name = this.nameOf(notification);
    if (name !== null && this.done.has(name)) return 200;
    if (name !== null) this.done.add(name);
    return this.work(notification);
  }

  /** A connection that was cut within the body: nobody was answered, so it comes again. @returns the bytes passed over */
  cut({ body }: Received): number {
    return body.byteLength;
  }

  protected listed(): readonly Contact[] {
    return [...this.contacts.values()].filter(({ isGone }) => !isGone);
  }

  protected isSigned({ headers, body }: Received): boolean {
    return headers['elements-webhook-signature'] === sign(body, this.key);
  }

  /** What a notification is known by when it comes again. */
  protected nameOf({ eventId }: Notification): string | null {
    return eventId;
  }

  protected work(notification: Notification): Promise<number> | number {
    for (const change of this.changesOf(notification)) this.apply(change);
    return 200;
  }

  protected read(body: Buffer): Notification | null {
    try {
      const { message, eventId, response } = JSON.parse(body.toString()) as {
        message?: Notification;
        eventId?: string;
        response?: { events: Notification['events'] };
      };
      const events = message?.events ?? response?.events;
      if (events === undefined) return null;
      return { eventId: message?.eventId ?? eventId ?? null, events, raw: message?.raw };
    } catch {
      return null;
    }
  }

  protected changesOf({ events, raw }: Notification): Change[] {
    return events.flatMap(({ eventType, objectId, date }) => {
      const type = vendorTypes[eventType];
      if (type === undefined || !this.hasAddress(objectId)) return [];
      const own = this.detailsOf(raw?.Events ?? [], objectId, type);
      const isGone = type === 'Deactivate' || (own?.State ?? 'Active') !== 'Active';
      return [
        {
          kind: isGone ? ('remove' as const) : ('keep' as const),
          address: objectId,
          earlierAddress: own?.OldEmailAddress ?? null,
          name: own?.Name ?? null,
          at: date === undefined ? 0 : Date.parse(date),
        },
      ];
    });
  }

  protected hasAddress(objectId: string): boolean {
    return objectId !== '';
  }

  protected detailsOf(all: readonly VendorEvent[], address: string, type: string): VendorEvent | undefined {
    return all.findLast(({ Type, EmailAddress = '' }) => Type === type && keyOf(EmailAddress) === keyOf(address));
  }

  protected apply(change: Change): void {
    const key = keyOf(change.address);
    const earlierKey = change.earlierAddress === null ? key : keyOf(change.earlierAddress);
    const earlier = earlierKey === key ? undefined : this.contacts.get(earlierKey);
    const before = this.contacts.get(key) ?? earlier;
    if (earlierKey !== key && !this.isOlder(change, earlier)) this.moved(earlierKey, change);
    if (this.isOlder(change, this.contacts.get(key))) return;
    this.put(key, {
      address: change.address,
      name: change.name ?? before?.name ?? '',
      isGone: change.kind === 'remove',
      at: change.at,
    });
  }

  protected isOlder(change: Change, known: Contact | undefined): boolean {
    return known !== undefined && known.at > change.at;
  }

  protected moved(earlierKey: string, { earlierAddress, at }: Change): void {
    this.contacts.set(earlierKey, { address: earlierAddress ?? '', name: '', isGone: true, at });
  }

  protected put(key: string, contact: Contact): void {
    this.contacts.set(key, contact);
  }
}

/** A handler that is wrong, what is wrong with it, and the checks that find it, of which the first names the fault. */
export interface WrongHandler {
  readonly fault: string;
  readonly foundBy: readonly string[];
  readonly Handler: typeof RightHandler;
}

/** Wrong in ways in which those of examples/ are not. */
export const wrongHandlers: readonly WrongHandler[] = [
  {
    fault: 'forgets those who left, so that an older subscription brings them back',
    foundBy: ['older-subscription-late'],
    Handler: class extends RightHandler {
      protected override put(key: string, contact: Contact): void {
        if (contact.isGone) this.contacts.delete(key);
        else super.put(key, contact);
      }
    },
  },
  {
    fault: 'compares the first ten characters of the signature',
    foundBy: ['signature-part'],
    Handler: class extends RightHandler {
      protected override isSigned({ headers, body }: Received): boolean {
        const given = headers['elements-webhook-signature'];
        return given !== undefined && sign(body, this.key).slice(0, 10).startsWith(given.slice(0, 10));
      }
    },
  },
  {
    fault: 'takes an event of the same minute for one that it knows',
    foundBy: ['same-minute'],
    Handler: class extends RightHandler {
      protected override isOlder(change: Change, known: Contact | undefined): boolean {
        return known !== undefined && known.at >= change.at;
      }
    },
  },
  {
    fault: 'lets nobody back in who has left',
    foundBy: ['leaves-and-returns'],
    Handler: class extends RightHandler {
      protected override put(key: string, contact: Contact): void {
        super.put(key, { ...contact, isGone: contact.isGone || this.contacts.get(key)?.isGone === true });
      }
    },
  },
  {
    fault: 'makes nothing of a deactivation',
    foundBy: ['leaves-and-returns'],
    Handler: class extends RightHandler {
      protected override changesOf(notification: Notification): Change[] {
        return super.changesOf(notification).filter(({ kind }) => kind === 'keep');
      }
    },
  },
  {
    fault: 'writes a name into a statement of SQL as it is',
    foundBy: ['quotes', 'every-event', 'large-batch', 'parts-out-of-order', 'twenty-at-once'],
    Handler: class extends RightHandler {
      protected override work(notification: Notification): Promise<number> | number {
        const isBroken = this.changesOf(notification).some(({ name }) => name?.includes("'") === true);
        return isBroken ? 500 : super.work(notification);
      }
    },
  },
  {
    fault: 'looks up the details of an event by its address alone',
    foundBy: ['one-address-twice'],
    Handler: class extends RightHandler {
      protected override detailsOf(all: readonly VendorEvent[], address: string): VendorEvent | undefined {
        return all.find(({ EmailAddress = '' }) => keyOf(EmailAddress) === keyOf(address));
      }
    },
  },
  {
    fault: 'forgets an address that was changed, so that an older subscription makes a second contact of it',
    foundBy: ['changed-address-first'],
    Handler: class extends RightHandler {
      protected override moved(earlierKey: string): void {
        this.contacts.delete(earlierKey);
      }
    },
  },
  {
    fault: 'answers 401 to a wrong signature, and goes on all the same',
    foundBy: ['signature-wrong', 'signature-missing', 'signature-old', 'signature-part', 'tampered'],
    Handler: class extends RightHandler {
      override async take(received: Received): Promise<number> {
        const isSigned = super.isSigned(received);
        const status = await super.take(received);
        return isSigned ? status : 401;
      }

      protected override isSigned(): boolean {
        return true;
      }
    },
  },
  {
    fault: 'knows a notification by the delivery that it is a part of',
    foundBy: ['parts-out-of-order', 'large-batch', 'own-details', 'twenty-at-once'],
    Handler: class extends RightHandler {
      protected override nameOf({ eventId, raw }: Notification): string | null {
        return raw === undefined ? eventId : createHash('sha256').update(JSON.stringify(raw)).digest('hex');
      }
    },
  },
  {
    fault: 'notes the id of a notification before its body is there',
    foundBy: ['cut-connection'],
    Handler: class extends RightHandler {
      override cut(received: Received): number {
        this.done.add(received.headers['elements-webhook-id'] ?? '');
        return super.cut(received);
      }
    },
  },
  {
    fault: 'reads all contacts, and writes all of them back a little later',
    foundBy: ['twenty-at-once'],
    Handler: class extends RightHandler {
      protected override async work(notification: Notification): Promise<number> {
        const read = new Map(this.contacts);
        await this.wait(5);
        this.contacts.clear();
        for (const [key, contact] of read) this.contacts.set(key, contact);
        return super.work(notification);
      }
    },
  },
  {
    fault: 'compares the times at which events came, not their dates',
    foundBy: [
      'older-update-late',
      'older-subscription-late',
      'older-event-late',
      'update-first',
      'changed-address-first',
    ],
    Handler: class extends RightHandler {
      #came = 0;
      protected override apply(change: Change): void {
        this.#came += 1;
        super.apply({ ...change, at: this.#came });
      }
    },
  },
  {
    fault: 'gives up a body that takes longer than two seconds',
    foundBy: ['slow-body'],
    Handler: class extends RightHandler {
      override take(received: Received): Promise<number> {
        return (received.bodyMs ?? 0) > 2000 ? Promise.resolve(408) : super.take(received);
      }
    },
  },
  {
    fault: 'takes any signature that begins with sha1=',
    foundBy: ['signature-old'],
    Handler: class extends RightHandler {
      protected override isSigned(received: Received): boolean {
        return received.headers['elements-webhook-signature']?.startsWith('sha1=') === true || super.isSigned(received);
      }
    },
  },
  {
    fault: 'decodes a body as Latin-1',
    foundBy: ['scripts'],
    Handler: class extends RightHandler {
      protected override read(body: Buffer): ReturnType<RightHandler['read']> {
        return super.read(Buffer.from(body.toString('latin1')));
      }
    },
  },
  {
    fault: 'decodes each piece of a body by itself',
    foundBy: ['scripts'],
    Handler: class extends RightHandler {
      override take(received: Received): Promise<number> {
        this.#pieces = received.pieces ?? [received.body];
        return super.take(received);
      }
      #pieces: readonly Buffer[] = [];
      protected override read(): ReturnType<RightHandler['read']> {
        return super.read(Buffer.from(this.#pieces.map((piece) => piece.toString()).join('')));
      }
    },
  },
  {
    fault: 'makes a contact of an event without an address',
    foundBy: ['missing-field'],
    Handler: class extends RightHandler {
      protected override hasAddress(): boolean {
        return true;
      }
    },
  },
];
