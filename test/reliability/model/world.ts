/**
 * A plain model of the relay: what was posted and where it goes, what has come, and what may come now. It knows nothing
 * of how the relay does it. What a callback receives is judged as it comes, and said in `wrong`.
 */
import { createHash } from 'node:crypto';
import type { Breakpoint, HeldForwarding, Stop } from '../../../src/protocol/debug.ts';
import type { Attempt, EventRow, ForwardingState } from '../../../src/protocol/history.ts';
import type { Destination } from '../../../src/protocol/settings.ts';
import { verify } from '../../../src/open-connectors/signature.ts';
import type { Answering, Arrival } from './rig.ts';

/** Events in one notification, as the relay's default is. */
const partSize = 20;

/** The signature keys that a client may give, by name. */
export const keys = { mine: 'the key of mine', later: 'the key of later' } as const;
export type KeyName = keyof typeof keys;

/** Attempts of one round under the policy `fast`. */
const mostAttempts = 6;

export const eventTypes = ['Subscribe', 'Update', 'Deactivate'] as const;
export type EventType = (typeof eventTypes)[number];

/** What a delivery holds. An address that begins with `stop` is what conditions ask for. */
export interface Content {
  readonly source: 'campaign-monitor' | 'open-connectors';
  readonly events: number;
  readonly type: EventType;
  readonly stops: boolean;
}

/** A destination of the settings, or one that was in them. */
export interface KnownDestination {
  readonly id: string;
  readonly mode: 'normalized' | 'raw';
  readonly strictOrder: boolean;
  types: readonly EventType[] | undefined;
  keyName: KeyName | undefined;
  held: boolean;
  configured: boolean;
  /** How what is sent there may be signed now: by a key's name, or not at all. */
  signedBy: Set<KeyName | undefined>;
  /** Nothing may be sent there for sure: its key is missing, or it is held, and what was under way is done. */
  closed: boolean;
  /** It could not be reached, and has not been reached since. */
  dark: boolean;
}

/** The way of one notification to one destination. */
export class KnownForwarding {
  readonly delivery: KnownDelivery;
  readonly destination: KnownDestination;
  readonly part: number;
  readonly arrivals: Arrival[] = [];
  state: Exclude<ForwardingState, 'waiting' | 'held'> | 'open' = 'open';
  notificationId: string | undefined;
  /** The step in which its round began. */
  roundSince: number;
  /** Arrivals before its round. */
  roundStart = 0;
  /** Its round began while sending was paused. */
  begunPaused: boolean;
  /** It was released since sending was paused. */
  released = false;
  /** Breakpoints are not asked about it any more in this round. */
  passed: boolean;
  /** It was discarded while it may have been under way. */
  racing = false;
  /** It was asked for out of its turn: replayed, edited, or stepped to by its id. */
  outOfTurn: boolean;
  /** It may come once more though it was taken: it is replayed. */
  again = false;
  /** Arrivals of which the relay may know nothing, since it ended before it had written them. */
  lost = 0;
  /** A connection broke before it had come, so that others may have passed it. */
  broke = false;
  /** Attempts that the relay said to have recorded, and whether that is the one that ended it. */
  recorded = 0;
  settledRecorded = false;

  constructor(delivery: KnownDelivery, destination: KnownDestination, part: number, begun: Begun) {
    this.delivery = delivery;
    this.destination = destination;
    this.part = part;
    this.roundSince = begun.step;
    this.begunPaused = begun.paused;
    this.passed = begun.edit;
    this.outOfTurn = begun.edit;
  }

  get lastAnswer(): Arrival['answered'] | undefined {
    return this.arrivals.at(-1)?.answered;
  }

  /** It has come, and has not been answered yet. */
  get hangs(): boolean {
    return this.lastAnswer === null;
  }

  /** How often it has come in this round. */
  get tries(): number {
    return this.arrivals.length - this.roundStart;
  }

  get tried(): boolean {
    return this.tries > 0;
  }

  /** The relay says that it failed: it has come as often as it may. */
  gaveUp(): void {
    if (this.state === 'open' && this.tries >= mostAttempts) this.state = 'failed';
  }

  get name(): string {
    const { marker, content } = this.delivery;
    return `m${marker}${content.events > partSize ? `/${this.part}` : ''} for ${this.destination.id}`;
  }
}

interface Begun {
  readonly step: number;
  readonly paused: boolean;
  readonly edit: boolean;
}

/** A delivery that was accepted, as far as is known. */
export interface KnownDelivery {
  readonly marker: number;
  readonly content: Content;
  readonly forwardings: KnownForwarding[];
  /** The status that it is to be answered with on purpose: then it goes nowhere; null as usual. */
  readonly onPurpose: number | null;
  /** Its id at the relay, once that is known. */
  id: string | undefined;
  /** The relay ended before it had answered: it may be there or not. */
  unsure: boolean;
  gone: boolean;
}

/** The two connections of clients: the first is told all, the second comes and goes. */
export type Connection = 'first' | 'second';

/** A breakpoint that was set, and since which step it is in force. */
export interface KnownBreakpoint {
  readonly id: string;
  readonly owner: string;
  readonly spec: Breakpoint;
  readonly since: number;
  /** The connection that it goes with; null where it stays until it is removed. */
  readonly session: Connection | null;
}

/** Sending is paused, which has been told. */
interface Paused {
  /** How many may come yet that were under way at a destination. */
  readonly excused: Map<string, number>;
  /** What was held, once that is known: none of it was under way. */
  held: ReadonlySet<KnownForwarding> | undefined;
}

const marked = /(go|stop)\.m(\d+)\.(\d+)@example\.org/;

/** The address of an event: it says which it is. */
export function addressOf(marker: number, index: number, stops: boolean): string {
  return `${stops ? 'stop' : 'go'}.m${marker}.${index}@example.org`;
}

function markOf(text: string): { readonly marker: number; readonly index: number } | undefined {
  const [, , marker, index] = marked.exec(text) ?? [];
  return marker === undefined ? undefined : { marker: Number(marker), index: Number(index) };
}

/** What is known of a relay from outside. */
export class World {
  readonly destinations: ReadonlyMap<string, KnownDestination>;
  readonly deliveries: KnownDelivery[] = [];
  readonly wrong: string[] = [];
  /** Rejected deliveries and test calls that were answered; of so many more it is not known. */
  readonly others = { rejected: 0, test: 0 };
  breakpoints: KnownBreakpoint[] = [];
  /** A breakpoint was in force when the relay ended: it may have stopped there last. */
  mayHaveStopped = false;
  keysGiven = new Set<KeyName>();
  mostDeliveries = Infinity;
  /** Deliveries may have been removed: the history was cleared, or only so many are kept. */
  mayRemove = false;
  step = 0;
  paused: Paused | null = null;
  /** The status with which deliveries are answered on purpose; null while they are answered as usual. */
  onPurpose: number | null = null;
  /** It is being asked to go on, and has not answered: what comes cannot be judged by whether it is paused. */
  goingOn = false;
  /** A breakpoint is met for sure: sending has to be found paused. */
  stopDue = false;
  readonly #byMarker = new Map<number, KnownDelivery>();
  readonly #byKey = new Map<string, KnownForwarding>();
  readonly #eventIds = new Map<string, string>();
  /** In the order in which each came for the first time, and was taken for the first time. */
  readonly #first: KnownForwarding[] = [];
  readonly #taken: KnownForwarding[] = [];
  readonly #bytes = new Map<KnownForwarding, string>();

  constructor(destinations: readonly Pick<KnownDestination, 'id' | 'mode' | 'strictOrder' | 'keyName'>[]) {
    this.destinations = new Map(
      destinations.map((each) => [
        each.id,
        {
          ...each,
          types: undefined,
          held: false,
          configured: true,
          signedBy: new Set<KeyName | undefined>([each.keyName]),
          closed: false,
          dark: false,
        },
      ]),
    );
  }

  get forwardings(): KnownForwarding[] {
    return this.deliveries.filter(({ gone }) => !gone).flatMap(({ forwardings }) => forwardings);
  }

  get open(): KnownForwarding[] {
    return this.forwardings.filter(({ state }) => state === 'open');
  }

  destination(id: string): KnownDestination {
    const destination = this.destinations.get(id);
    if (destination === undefined) throw new Error(`no destination ${id}`);
    return destination;
  }

  /** The destinations as the relay is to be told. */
  settings(urlOf: (id: string) => string): (Partial<Destination> & { readonly url: string })[] {
    return [...this.destinations.values()]
      .filter(({ configured }) => configured)
      .map(({ id, mode, strictOrder, types, keyName, held }) => ({
        ...{ id, url: urlOf(id), mode, timeoutMs: 6000 },
        ...(strictOrder && { strictOrder }),
        ...(types !== undefined && { types: [...types] }),
        ...(keyName !== undefined && { signatureKeyName: keyName }),
        ...(held && { held: 'the model holds it' }),
      }));
  }

  /** Whether a destination holds all that goes there. */
  holds({ held, keyName }: KnownDestination): boolean {
    return held || (keyName !== undefined && !this.keysGiven.has(keyName));
  }

  /** Something of a destination or its key is about to change. @returns what is called when it has */
  changing(destination: KnownDestination): () => void {
    destination.closed = false;
    return () => void destination.signedBy.add(destination.keyName);
  }

  /** What is under way is done, where a destination has been changed and can be reached. */
  settled(): void {
    for (const destination of this.destinations.values()) {
      if (destination.dark) continue;
      destination.signedBy = new Set([destination.keyName]);
      destination.closed = this.holds(destination);
    }
  }

  /** A delivery is about to be posted. @param to where an edit goes: nothing else of it */
  posting(content: Content, to?: readonly KnownDestination[]): KnownDelivery {
    const marker = this.deliveries.length + 1;
    // What a client sends is nobody's whose answer could be another.
    const onPurpose = to === undefined ? this.onPurpose : null;
    const delivery: KnownDelivery = {
      ...{ marker, content, forwardings: [], onPurpose },
      ...{ id: undefined, unsure: true, gone: false },
    };
    const begun = { step: this.step, paused: this.paused !== null && to === undefined, edit: to !== undefined };
    for (const destination of to ?? this.destinations.values()) {
      if (onPurpose !== null || !this.takes(destination, content)) continue;
      const isWhole = content.source === 'open-connectors' || destination.mode === 'raw';
      const parts = isWhole ? 1 : Math.ceil(content.events / partSize);
      for (let part = 0; part < parts; part++) {
        const forwarding = new KnownForwarding(delivery, destination, part, begun);
        if (to !== undefined) forwarding.released = this.paused !== null;
        delivery.forwardings.push(forwarding);
        this.#byKey.set(`${destination.id} ${marker} ${part}`, forwarding);
      }
    }
    this.deliveries.push(delivery);
    this.#byMarker.set(marker, delivery);
    return delivery;
  }

  /** Whether a delivery is sent to a destination. */
  takes({ configured, types }: KnownDestination, { type }: Content): boolean {
    return configured && (types === undefined || types.includes(type));
  }

  /** A delivery was answered: null where the relay was gone. */
  posted(delivery: KnownDelivery, status: number | null): void {
    if (status === (delivery.onPurpose ?? 200)) delivery.unsure = false;
    else if (status !== null) this.wrong.push(`m${delivery.marker} was answered ${status}`);
  }

  /** Rows of the history: by them deliveries are known by their ids, and what the relay has written is not sent again. */
  learn(rows: readonly EventRow[]): void {
    for (const row of rows) {
      const { deliveryId, address, notificationId } = row;
      for (const { destinationId, state } of row.forwardings) {
        const forwarding = this.ofRow(row, destinationId);
        if (forwarding === undefined) continue;
        if (state === 'failed') forwarding.gaveUp();
        if (forwarding.state === state) forwarding.again = false;
      }
      const mark = markOf(address ?? '');
      const delivery = mark && this.#byMarker.get(mark.marker);
      if (mark === undefined || delivery === undefined) continue;
      delivery.id = deliveryId;
      const isWhole = delivery.content.source === 'open-connectors';
      for (const each of delivery.forwardings) {
        const isOwn = isWhole || (each.destination.mode === 'normalized' && each.part === partOf(mark.index));
        if (isOwn && notificationId !== null) each.notificationId = notificationId;
      }
    }
  }

  /** The forwarding that a row's forwarding is of. */
  ofRow({ address }: EventRow, destinationId: string): KnownForwarding | undefined {
    const mark = markOf(address ?? '');
    const delivery = mark && this.#byMarker.get(mark.marker);
    const destination = this.destinations.get(destinationId);
    if (mark === undefined || delivery === undefined || destination === undefined) return undefined;
    const isWhole = delivery.content.source === 'open-connectors' || destination.mode === 'raw';
    return this.#byKey.get(`${destinationId} ${mark.marker} ${isWhole ? 0 : partOf(mark.index)}`);
  }

  deliveryOf({ address }: EventRow): KnownDelivery | undefined {
    const mark = markOf(address ?? '');
    return mark && this.#byMarker.get(mark.marker);
  }

  /** What is held, by what the relay says of it. */
  ofHeld({
    notificationId,
    deliveryId,
    destinationId,
  }: Pick<HeldForwarding, 'notificationId' | 'deliveryId' | 'destinationId'>): KnownForwarding | undefined {
    const all = this.deliveries.find(({ id }) => id === deliveryId)?.forwardings;
    const there = (all ?? []).filter(({ destination }) => destination.id === destinationId);
    const found = there.length === 1 ? there[0] : there.find((each) => each.notificationId === notificationId);
    if (found !== undefined) found.notificationId = notificationId;
    return found;
  }

  // What is asked of the relay.

  /** It has said that sending is paused. @returns false where that was known */
  pauseTold(): boolean {
    if (this.paused !== null) return false;
    const excused = new Map<string, number>();
    for (const { id } of this.destinations.values()) {
      const hangs = this.forwardings.some((each) => each.destination.id === id && each.hangs);
      excused.set(id, hangs ? 0 : 1);
    }
    this.paused = { excused, held: undefined };
    // A release does not outlive its pause.
    for (const each of this.forwardings) each.released = false;
    return true;
  }

  /** It stopped at a breakpoint. */
  stopTold({ notificationId, deliveryId, destinationId }: Stop): void {
    this.stopDue = false;
    if (notificationId === null || deliveryId === null || destinationId === null) return;
    const stopped = this.ofHeld({ notificationId, deliveryId, destinationId });
    if (stopped !== undefined) Object.assign(stopped, { released: false, passed: true });
  }

  /** It is about to be asked to go on. @param held what is held now */
  continuing(held: readonly HeldForwarding[]): void {
    // It may stop at a breakpoint before it is asked, and would not stop there again.
    if (this.paused === null) for (const each of this.open) each.passed = true;
    for (const each of held) {
      const forwarding = this.ofHeld(each);
      if (forwarding === undefined) continue;
      if (each.heldBy === 'breakpoint') forwarding.passed = true;
      // Breakpoints are asked about it when it goes on, by those of then, unless they were when nothing listened.
      else if (this.paused?.held?.has(forwarding) === true && !forwarding.tried && !forwarding.destination.dark)
        forwarding.roundSince = this.step;
    }
    this.paused = null;
    this.goingOn = true;
    for (const each of this.forwardings) {
      each.released = false;
      each.begunPaused = false;
    }
  }

  /** They are about to be released by hand. */
  releasing(forwardings: readonly KnownForwarding[], isNamed: boolean): void {
    for (const each of forwardings) {
      each.released = true;
      each.passed = true;
      if (isNamed || this.#passesAnother(each)) each.outOfTurn = true;
    }
  }

  /**
   * The next that is held is not the next in order if an earlier one is under way: if the relay ends, that is held, and
   * if it can't be connected, it comes later.
   */
  #passesAnother(each: KnownForwarding): boolean {
    return this.open.some(
      (other) =>
        other.destination === each.destination &&
        (!other.released || other.destination.dark) &&
        placeOf(other) < placeOf(each),
    );
  }

  /** They are given up. @param held whether they were held, and so not under way */
  discarded(forwardings: readonly KnownForwarding[], held: ReadonlySet<KnownForwarding>): void {
    for (const each of forwardings) {
      // What was taken and is not known to be waits at the relay.
      if (each.state !== 'open') each.racing ||= each.again;
      else Object.assign(each, { state: 'discarded', racing: !held.has(each) });
    }
  }

  /** What is done of a notification is about to be sent again. */
  replaying(forwardings: readonly KnownForwarding[]): void {
    for (const each of forwardings) {
      if (each.state === 'open') continue;
      Object.assign(each, { state: 'open', racing: false, passed: false, released: false, settledRecorded: false });
      Object.assign(each, { again: true, outOfTurn: true, roundSince: this.step, roundStart: each.arrivals.length });
      each.begunPaused = this.paused !== null;
    }
  }

  /** The relay has gone: what it had not written it will do again. */
  ended(): void {
    for (const each of this.forwardings) {
      const { lastAnswer } = each;
      const isSettled = lastAnswer === 200 || lastAnswer === 404;
      if (lastAnswer === undefined) continue;
      if (each.recorded + each.lost < each.arrivals.length) each.lost += 1;
      if (isSettled && !each.settledRecorded && each.state !== 'discarded') each.again = true;
    }
    if (this.paused !== null) for (const id of this.paused.excused.keys()) this.paused.excused.set(id, 0);
    this.keysGiven.clear();
    this.goingOn = false;
    this.mayHaveStopped = this.breakpoints.some(({ spec }) => spec.enabled);
    this.leaving(({ session }) => session !== null);
  }

  /** Breakpoints are about to go: nothing stops at them for sure any more. */
  leaving(goes: (each: KnownBreakpoint) => boolean): void {
    this.breakpoints = this.breakpoints.filter((each) => !goes(each));
    this.stopDue = false;
  }

  /** The relay runs again, and these are all that it has. */
  restarted(rows: readonly EventRow[]): void {
    this.learn(rows);
    const there = new Set(rows.map((row) => this.deliveryOf(row)));
    for (const delivery of this.deliveries) {
      if (!delivery.unsure) continue;
      if (there.has(delivery)) delivery.unsure = false;
      else delivery.gone = true;
    }
  }

  /** Attempts that the relay has recorded. */
  recorded(attempts: readonly Attempt[]): void {
    for (const attempt of attempts) {
      const forwarding = this.ofHeld(attempt);
      if (forwarding === undefined) continue;
      if (attempt.outcome === 'failed') forwarding.gaveUp();
      if (attempt.status === null) {
        forwarding.broke ||= forwarding.arrivals.length === 0;
        continue;
      }
      forwarding.recorded += 1;
      if (attempt.outcome !== 'retrying') forwarding.settledRecorded = true;
    }
  }

  // What comes to callbacks.

  /** A request has come to the callback of a destination. */
  arrived(destinationId: string, arrival: Arrival): void {
    const found = this.#find(destinationId, arrival.body.toString());
    if (found === undefined) {
      this.wrong.push(`what nobody posted came to ${destinationId}: ${arrival.body.toString().slice(0, 300)}`);
      return;
    }
    found.destination.dark = false;
    this.#judge(found, arrival);
    if (found.arrivals.length === 0) this.#first.push(found);
    found.arrivals.push(arrival);
  }

  #find(destinationId: string, text: string): KnownForwarding | undefined {
    const mark = markOf(text);
    const delivery = mark && this.#byMarker.get(mark.marker);
    const destination = this.destinations.get(destinationId);
    if (mark === undefined || delivery === undefined || destination === undefined) return undefined;
    let part = 0;
    if (delivery.content.source === 'campaign-monitor' && destination.mode === 'normalized') {
      const { message } = JSON.parse(text) as { message: { events: { objectId: string }[] } };
      part = partOf(markOf(message.events[0]?.objectId ?? '')?.index ?? -1);
    }
    return this.#byKey.get(`${destinationId} ${mark.marker} ${part}`);
  }

  #judge(each: KnownForwarding, arrival: Arrival): void {
    const say = (what: string): void => void this.wrong.push(`${each.name} ${what}`);
    if (each.delivery.gone && !each.racing) say('came, and is not in the history');
    if (each.state === 'discarded' && !each.racing) say('came, and was discarded');
    if (each.destination.closed) say('came, and its destination holds all');
    this.#judgePause(each, say);
    const met = each.tried ? undefined : this.breakpoints.find((known) => this.#stops(known, each));
    if (met !== undefined && !each.passed && !each.released) say(`came, and should have stopped at ${met.id}`);
    const { lastAnswer } = each;
    if (lastAnswer === null) say('came while it was under way');
    else if ((lastAnswer === 200 || lastAnswer === 404) && !each.again) say('came again');
    // To the relay, which does not know that it was taken, this is the attempt that counts.
    if (each.again && !each.racing) each.state = 'open';
    each.again = false;
    this.#judgeBytes(each, arrival, say);
  }

  #judgePause(each: KnownForwarding, say: (what: string) => void): void {
    if (this.paused === null || this.goingOn || each.released) return;
    const { excused, held } = this.paused;
    const left = excused.get(each.destination.id) ?? 0;
    if (each.begunPaused) say('came, and was posted or replayed while sending was paused');
    else if (held?.has(each) === true) say('came, and was held');
    else if (left === 0) say('came while sending was paused');
    excused.set(each.destination.id, left - 1);
  }

  /** The same bytes and ids each time, and signed where its destination names a key. */
  #judgeBytes(each: KnownForwarding, arrival: Arrival, say: (what: string) => void): void {
    const id = arrival.header('Elements-Webhook-Id');
    const sum = `${createHash('sha256').update(arrival.body).digest('hex')} ${id ?? ''}`;
    const before = this.#bytes.get(each);
    if (before !== undefined && before !== sum) say('came with other bytes or another id than before');
    this.#bytes.set(each, sum);
    if (each.delivery.content.source !== 'campaign-monitor' || each.destination.mode !== 'normalized') return;
    const of = `${each.delivery.marker} ${each.part}`;
    const { message } = JSON.parse(arrival.body.toString()) as { message: { eventId: string } };
    if (message.eventId !== id) say('says another id in its header than in its body');
    if (message.eventId !== (this.#eventIds.get(of) ?? message.eventId)) say('has another eventId elsewhere');
    this.#eventIds.set(of, message.eventId);
    const signature = arrival.header('Elements-Webhook-Signature');
    const isSigned = [...each.destination.signedBy].some((name) =>
      name === undefined
        ? signature === undefined
        : signature !== undefined && verify(arrival.body, signature, [keys[name]]),
    );
    if (!isSigned) say(`came with the signature ${signature ?? 'of nobody'}`);
  }

  /** Whether a breakpoint stops for sure what is about to be sent. */
  #stops({ spec, since }: KnownBreakpoint, { delivery, roundSince }: KnownForwarding): boolean {
    if (spec.at !== 'event' || since >= roundSince) return false;
    return spec.enabled && meetsCondition(spec, delivery.content);
  }

  /** Whether a breakpoint of a place is met for sure. */
  meets(at: Breakpoint['at'], content: Content | null): boolean {
    return this.breakpoints.some(
      ({ spec }) =>
        spec.at === at &&
        spec.enabled &&
        (content === null ? spec.condition === undefined : meetsCondition(spec, content)),
    );
  }

  /** A request has been answered, or cut off. */
  answered(destinationId: string, arrival: Arrival): void {
    const each = this.#find(destinationId, arrival.body.toString());
    if (each === undefined) return;
    if (arrival.answered === 200) {
      if (!this.#taken.includes(each)) this.#taken.push(each);
      each.state = 'sent';
    } else if (arrival.answered === 404 && each.state === 'open') each.state = 'failed';
    else if (arrival.answered === 500 && each.state === 'open' && this.paused === null && !this.goingOn) {
      if (this.meets('failed-attempt', each.delivery.content)) this.stopDue = true;
    }
  }

  // What follows from it.

  /** In which states a forwarding may be found when all is quiet. */
  allowed(each: KnownForwarding, answering: Answering): readonly ForwardingState[] {
    if (each.state === 'discarded') {
      return each.racing ? (['discarded', 'sent', 'failed'] as const) : (['discarded'] as const);
    }
    const settled: readonly ForwardingState[] =
      each.state === 'open'
        ? each.tries >= mostAttempts
          ? ['failed']
          : []
        : each.racing
          ? [each.state, 'discarded']
          : [each.state];
    // Where the relay ended before it had written that, it is sent again.
    if (each.state !== 'open' && !each.again) return settled;
    return [...settled, ...this.#openStates(each, answering)];
  }

  #openStates(each: KnownForwarding, answering: Answering): readonly ForwardingState[] {
    if (each.hangs) return ['waiting'];
    // It may be connecting.
    if (answering === 'backlog' || each.destination.dark) return ['waiting', 'held'];
    if (this.holds(each.destination)) return each.released ? ['waiting', 'held'] : ['held'];
    if (this.paused !== null) return each.released ? ['waiting', 'held'] : ['held'];
    return ['waiting'];
  }

  /** What is on its way for sure, and has not come or stopped yet. */
  onItsWay(answeringOf: (destinationId: string) => Answering): KnownForwarding[] {
    const { open } = this;
    // One at a time, and under strict order none passes one that is being retried.
    const blocked = new Set(
      open.filter((each) => each.hangs || (each.destination.strictOrder && each.tried)).map((each) => each.destination),
    );
    return open.filter((each) => {
      const { destination, delivery, tried, released } = each;
      const answering = answeringOf(destination.id);
      if (delivery.unsure || tried || destination.dark || this.holds(destination) || blocked.has(destination))
        return false;
      return answering !== 'refused' && answering !== 'backlog' && (this.paused === null || released);
    });
  }

  /** In which order things came first, and under strict order were taken, where nobody asked for another. */
  checkOrder(): void {
    for (const destination of this.destinations.values()) {
      const first = this.#first.filter(({ broke }) => !broke);
      this.#inOrder(first, destination, 'came');
      if (destination.strictOrder) this.#inOrder(this.#taken, destination, 'was taken');
    }
  }

  #inOrder(all: readonly KnownForwarding[], destination: KnownDestination, what: string): void {
    let last: KnownForwarding | undefined;
    for (const each of all) {
      if (each.destination !== destination || each.outOfTurn || each.delivery.id === undefined) continue;
      if (last !== undefined && placeOf(each) < placeOf(last))
        this.wrong.push(`${each.name} ${what} after ${last.name}`);
      else last = each;
    }
  }
}

function partOf(index: number): number {
  return Math.floor(index / partSize);
}

function placeOf({ delivery, part }: KnownForwarding): number {
  return Number(delivery.id?.slice(1)) * 1000 + part;
}

/** The conditions that the model knows the meaning of. */
export const conditions = { stop: 'address:stop', update: 'type:update' } as const;

function meetsCondition({ condition }: Breakpoint, content: Content): boolean {
  if (condition === undefined) return true;
  return condition === conditions.stop ? content.stops : content.type === 'Update';
}
