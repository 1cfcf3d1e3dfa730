/**
 * The values by which events are found, counted, grouped and sorted, column by column in memory: 41 bytes an event, so
 * that a search through a million takes milliseconds. Texts are stored as hashes; the rows themselves are read by their
 * IDs.
 */
import type { StoredState } from '../log/database.ts';
import { eventStates } from '../../protocol/event-filter.ts';
import type { EventState, SignatureCheck } from '../../protocol/history.ts';

/** Events in a block: one BLOB of the index's file. */
export const blockSize = 4096;
const bytesPerEvent = 41;

/** The column `kind`: 0 stands for an event that doesn't exist or was removed. */
export const kindNumbers = { event: 1, test: 2, rejected: 3 } as const;

/** Bits of the column `flags`. */
export const flagBits = { platform: 1, injected: 2, duplicate: 4, onPurpose: 8 } as const;

/** Further bits of it: the result of the signature check for deliveries from Open Connectors. */
export const signatureBits: Readonly<Record<SignatureCheck, number>> = {
  valid: 16,
  invalid: 32,
  missing: 64,
  unchecked: 128,
  fetched: 256,
};

/** Bits of the column `states`: one for each state of the event's forwardings. */
export const stateBits: Readonly<Record<StoredState, number>> = { waiting: 1, sent: 2, failed: 4, discarded: 8 };

export interface ColumnValues {
  readonly kind: keyof typeof kindNumbers;
  readonly platform: boolean;
  readonly injected: boolean;
  readonly duplicate: boolean;
  readonly onPurpose: boolean;
  /** null if it isn't from Open Connectors. */
  readonly signature: SignatureCheck | null;
  readonly deliveryId: number;
  /** Milliseconds since the epoch. */
  readonly receivedAt: number;
  readonly type: string | null;
  readonly list: string | null;
  readonly address: string | null;
}

export interface ForwardingSummary {
  /** Of {@link stateBits}. */
  readonly states: number;
  /** Without `held`, which is computed: see held-columns.ts. */
  readonly state: Exclude<EventState, 'held'>;
  /** Bits (slotOf) of destinations with waiting forwardings: not released by any pause, and released by one. */
  readonly queued: number;
  readonly freed: number;
  /** Attempts at all its destinations together. */
  readonly attempts: number;
  /** The last HTTP status of the most urgent forwarding; null without a response. */
  readonly status: number | null;
  readonly durationMs: number | null;
}

/** The events of `blockSize` consecutive IDs. */
export class Block {
  /** Its events have the IDs from `number * blockSize`. */
  readonly number: number;
  readonly bytes: Uint8Array;
  readonly receivedAt: Float64Array;
  readonly delivery: Uint32Array;
  readonly type: Uint32Array;
  readonly list: Uint32Array;
  readonly address: Uint32Array;
  /** Milliseconds; NaN if nothing was sent. */
  readonly duration: Float32Array;
  readonly attempts: Uint16Array;
  /** HTTP; 0 if there is none. */
  readonly status: Uint16Array;
  readonly queued: Uint16Array;
  readonly freed: Uint16Array;
  readonly flags: Uint16Array;
  readonly states: Uint8Array;
  /** The index in {@link eventStates}. */
  readonly state: Uint8Array;
  readonly kind: Uint8Array;
  /** Number of events in the block. */
  count: number;

  /** @param stored an earlier {@link Block.bytes}, in the byte order of this machine: the block takes ownership */
  constructor(number: number, stored?: Uint8Array) {
    this.number = number;
    const size = blockSize * bytesPerEvent;
    // Not copied if possible, because a million events would take the memory twice.
    const isUsable = stored?.byteLength === size && stored.byteOffset % 8 === 0;
    const buffer = isUsable ? (stored.buffer as ArrayBuffer) : new ArrayBuffer(size);
    const begin = isUsable ? stored.byteOffset : 0;
    this.bytes = new Uint8Array(buffer, begin, size);
    if (stored !== undefined && !isUsable) this.bytes.set(stored.subarray(0, size));
    let at = begin;
    const next = (size: number): number => {
      const from = at;
      at += size * blockSize;
      return from;
    };
    this.receivedAt = new Float64Array(buffer, next(8), blockSize);
    this.delivery = new Uint32Array(buffer, next(4), blockSize);
    this.type = new Uint32Array(buffer, next(4), blockSize);
    this.list = new Uint32Array(buffer, next(4), blockSize);
    this.address = new Uint32Array(buffer, next(4), blockSize);
    this.duration = new Float32Array(buffer, next(4), blockSize);
    this.attempts = new Uint16Array(buffer, next(2), blockSize);
    this.status = new Uint16Array(buffer, next(2), blockSize);
    this.queued = new Uint16Array(buffer, next(2), blockSize);
    this.freed = new Uint16Array(buffer, next(2), blockSize);
    this.flags = new Uint16Array(buffer, next(2), blockSize);
    this.states = new Uint8Array(buffer, next(1), blockSize);
    this.state = new Uint8Array(buffer, next(1), blockSize);
    this.kind = new Uint8Array(buffer, next(1), blockSize);
    this.count = this.kind.reduce((sum, kind) => sum + (kind === 0 ? 0 : 1), 0);
  }

  get firstId(): number {
    return this.number * blockSize;
  }
}

/** Sets the mask to 0 for events that don't match. `mask` has a 1 for each remaining event of the block. */
export type Test = (block: Block, mask: Uint8Array) => void;

/** The columns of a history's events, by ID. */
export class EventColumns {
  /** In the order of their numbers. */
  readonly #blocks: Block[] = [];
  readonly #dirty = new Set<number>();

  get count(): number {
    return this.#blocks.reduce((sum, block) => sum + block.count, 0);
  }

  get lowestId(): number | null {
    const block = this.#blocks.find((each) => each.count > 0);
    return block === undefined ? null : block.firstId + block.kind.findIndex((kind) => kind !== 0);
  }

  load(block: Block): void {
    this.#blocks.splice(this.#place(block.number), 0, block);
  }

  clear(): void {
    this.#blocks.length = 0;
    this.#dirty.clear();
  }

  set(id: number, values: ColumnValues, summary: ForwardingSummary): void {
    const block = this.#blockOf(id);
    const at = id % blockSize;
    if (block.kind[at] === 0) block.count += 1;
    block.kind[at] = kindNumbers[values.kind];
    block.flags[at] =
      (values.platform ? flagBits.platform : 0) |
      (values.injected ? flagBits.injected : 0) |
      (values.duplicate ? flagBits.duplicate : 0) |
      (values.onPurpose ? flagBits.onPurpose : 0) |
      (values.signature === null ? 0 : signatureBits[values.signature]);
    block.delivery[at] = values.deliveryId;
    block.receivedAt[at] = values.receivedAt;
    block.type[at] = hashOf(values.type);
    block.list[at] = hashOf(values.list);
    block.address[at] = hashOf(values.address);
    this.summarise(id, summary);
  }

  summarise(id: number, summary: ForwardingSummary): void {
    const block = this.#find(id);
    const at = id % blockSize;
    if (block === undefined || block.kind[at] === 0) return;
    block.states[at] = summary.states;
    block.state[at] = eventStates.indexOf(summary.state);
    block.queued[at] = summary.queued;
    block.freed[at] = summary.freed;
    block.attempts[at] = Math.min(summary.attempts, 65_535);
    block.status[at] = summary.status ?? 0;
    block.duration[at] = summary.durationMs ?? NaN;
    this.#dirty.add(block.number);
  }

  /** A pause has begun or ended: the releases in `freed` no longer apply. */
  fold(): void {
    for (const block of this.#blocks) {
      for (let at = 0; at < blockSize; at++) {
        const freed = block.freed[at] ?? 0;
        if (freed === 0) continue;
        block.queued[at] = (block.queued[at] ?? 0) | freed;
        block.freed[at] = 0;
        this.#dirty.add(block.number);
      }
    }
  }

  remove(first: number, last: number): void {
    for (const block of this.#blocks) {
      if (block.firstId > last || block.firstId + blockSize <= first) continue;
      const from = Math.max(first - block.firstId, 0);
      const to = Math.min(last - block.firstId, blockSize - 1);
      for (let at = from; at <= to; at++) if (block.kind[at] !== 0) block.count -= 1;
      block.kind.fill(0, from, to + 1);
      this.#dirty.add(block.number);
    }
    const left = this.#blocks.filter(({ count }) => count > 0);
    this.#blocks.splice(0, this.#blocks.length, ...left);
  }

  /** Changes since the last call: the changed blocks, and the numbers of removed ones. */
  takeChanges(): { readonly changed: Block[]; readonly gone: number[] } {
    const changed: Block[] = [];
    const gone: number[] = [];
    for (const number of this.#dirty) {
      const block = this.#blocks[this.#place(number)];
      if (block?.number === number) changed.push(block);
      else gone.push(number);
    }
    this.#dirty.clear();
    return { changed, gone };
  }

  /**
   * Visits blocks with their matching events, the newest first.
   * @param before only events with a lower ID
   * @param visit receives the block and a mask with a 1 for each match, valid until it returns; ends the loop with
   * false
   */
  select(tests: readonly Test[], before: number, visit: (block: Block, mask: Uint8Array) => unknown): void {
    const mask = new Uint8Array(blockSize);
    for (let index = this.#blocks.length - 1; index >= 0; index--) {
      const block = this.#blocks[index];
      if (block === undefined || block.firstId >= before) continue;
      const { kind } = block;
      const end = Math.min(before - block.firstId, blockSize);
      for (let at = 0; at < end; at++) mask[at] = kind[at] === 0 ? 0 : 1;
      mask.fill(0, end);
      for (const test of tests) test(block, mask);
      if (visit(block, mask) === false) return;
    }
  }

  /** The IDs of matching events, newest first. */
  *ids(tests: readonly Test[], before: number): Generator<number> {
    let from = before;
    for (;;) {
      let found: number[] = [];
      let floor = 0;
      // One block at a time, so that reading a page costs only a page.
      this.select(tests, from, (block, mask) => {
        floor = block.firstId;
        found = idsIn(block, mask);
        return found.length === 0;
      });
      if (found.length === 0) return;
      yield* found;
      from = floor;
    }
  }

  #blockOf(id: number): Block {
    const number = Math.floor(id / blockSize);
    const place = this.#place(number);
    const there = this.#blocks[place];
    if (there?.number === number) return there;
    const block = new Block(number);
    this.#blocks.splice(place, 0, block);
    return block;
  }

  #find(id: number): Block | undefined {
    const number = Math.floor(id / blockSize);
    const block = this.#blocks[this.#place(number)];
    return block?.number === number ? block : undefined;
  }

  /** The index of a block, or where to insert it. Most requests are for the last one. */
  #place(number: number): number {
    const blocks = this.#blocks;
    const last = blocks.at(-1);
    if (last === undefined || last.number < number) return blocks.length;
    let low = 0;
    let high = blocks.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((blocks[middle]?.number ?? Infinity) < number) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function idsIn(block: Block, mask: Uint8Array): number[] {
  const ids: number[] = [];
  for (let at = blockSize - 1; at >= 0; at--) if (mask[at] === 1) ids.push(block.firstId + at);
  return ids;
}

/** Ignores case in ASCII, as types, lists and addresses are compared; 0 for null. Collisions: one in four billion. */
export function hashOf(text: string | null): number {
  if (text === null) return 0;
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    let code = text.charCodeAt(i);
    if (code >= 0x41 && code <= 0x5a) code += 0x20;
    hash = Math.imul(hash ^ code, 0x01000193);
    hash ^= hash >>> 15;
  }
  return hash >>> 0 || 1;
}
