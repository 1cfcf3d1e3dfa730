/**
 * Reads the bodies of requests within limits of size, time and memory. All bodies in progress share one budget, which
 * counts the bytes received and still held; what a sender announces costs nothing.
 */
import type { IncomingMessage } from 'node:http';
import { areTinyChunks, bodyBytesReceived } from '../../common/read-bound.ts';
import { keptRefusedBytes } from '../../normaliser/delivery-limits.ts';

export interface BodyLimits {
  /** Of one body, in bytes. */
  readonly maxBodyBytes: number;
  /** Of all that are in progress or not yet on disk, in bytes. */
  readonly maxBodiesBytes: number;
}

/** A body up to this size, in bytes, has capacity even if large ones have used up theirs. */
const smallBytes = 65_536;
/** The part of the budget that is reserved for small bodies. */
const reservedPart = 1 / 4;

/** The memory limit for all bodies. */
export class BodyBudget {
  #total: number;
  #small = 0;
  #large = 0;

  /** @param total in bytes */
  constructor(total: number) {
    this.#total = total;
  }

  /** In bytes. */
  get held(): number {
    return this.#small + this.#large;
  }

  setTotal(total: number): void {
    this.#total = total;
  }

  share(): BodyShare {
    return new BodyShare(this);
  }

  /** For a share: changes its size, or refuses. A single large one is never refused, whatever its size. */
  move(from: Holding, to: Holding): boolean {
    const small = this.#small + (to.large ? 0 : to.bytes) - (from.large ? 0 : from.bytes);
    const large = this.#large + (to.large ? to.bytes : 0) - (from.large ? from.bytes : 0);
    const reserved = this.#total * reservedPart;
    const fits = small + large <= this.#total;
    const allowed = to.large
      ? large === to.bytes || (fits && large <= this.#total - reserved)
      : fits || small <= reserved;
    if (!allowed && to.bytes > from.bytes) return false;
    this.#small = small;
    this.#large = large;
    return true;
  }
}

interface Holding {
  readonly bytes: number;
  readonly large: boolean;
}

const nothing: Holding = { bytes: 0, large: false };

/** One body's share of the budget, from its first byte until its response. */
export class BodyShare {
  readonly #budget: BodyBudget;
  #holding = nothing;

  constructor(budget: BodyBudget) {
    this.#budget = budget;
  }

  /**
   * Takes more.
   * @param bytes of memory
   * @param size the body's size so far, in bytes: decides whether it is a small one
   * @returns false if there isn't enough left: then nothing changes
   */
  grow(bytes: number, size: number): boolean {
    const to = { bytes: this.#holding.bytes + bytes, large: this.#holding.large || size > smallBytes };
    if (!this.#budget.move(this.#holding, to)) return false;
    this.#holding = to;
    return true;
  }

  /** Calling it again has no effect. */
  release(): void {
    this.#budget.move(this.#holding, nothing);
    this.#holding = nothing;
  }
}

/** A longer chunk is kept as it arrived; a shorter one would use many times its size, and is copied. */
const keptChunkBytes = 4096;
const largestBlock = 65_536;

/** The chunks of a body. Their memory is close to their size, however small they are. */
export class Chunks {
  readonly #parts: Buffer[] = [];
  #block = Buffer.alloc(0);
  #start = 0;
  #end = 0;
  #nextBlock = keptChunkBytes;
  /** Number of bytes. */
  count = 0;
  bytes = 0;

  /** The memory for adding a chunk, in bytes: its own, and that of joining it with the others. */
  costOf(chunk: Buffer): number {
    if (this.count === 0) return chunk.length;
    const toJoin = chunk.length + (this.count === 1 ? this.bytes : 0);
    if (this.#keeps(chunk)) return toJoin + chunk.length;
    return toJoin + (chunk.length <= this.#block.length - this.#end ? 0 : this.#nextBlock);
  }

  add(chunk: Buffer): void {
    const keeps = this.#keeps(chunk);
    this.count += 1;
    this.bytes += chunk.length;
    if (keeps) {
      this.#closePart();
      this.#parts.push(chunk);
      return;
    }
    const copied = chunk.copy(this.#block, this.#end);
    this.#end += copied;
    if (copied === chunk.length) return;
    this.#closePart();
    this.#block = Buffer.allocUnsafeSlow(this.#nextBlock);
    this.#nextBlock = Math.min(this.#nextBlock * 2, largestBlock);
    this.#start = 0;
    this.#end = chunk.copy(this.#block, 0, copied);
  }

  join(): Buffer {
    this.#closePart();
    const [only] = this.#parts;
    return this.#parts.length === 1 && only !== undefined ? only : Buffer.concat(this.#parts);
  }

  /** Most bodies are one chunk. */
  #keeps(chunk: Buffer): boolean {
    return chunk.length >= keptChunkBytes || this.count === 0;
  }

  #closePart(): void {
    if (this.#end > this.#start) this.#parts.push(this.#block.subarray(this.#start, this.#end));
    this.#start = this.#end;
  }
}

/** Replaces chunks that were handed over or discarded, which the request would otherwise keep. */
const noChunks = new Chunks();

export type Read =
  | { readonly kind: 'whole'; readonly body: Buffer }
  /** Over the limit: its first bytes, and its size as announced or so far. */
  | { readonly kind: 'long'; readonly head: Buffer; readonly bytes: number }
  /** Reading it takes too much work. */
  | { readonly kind: 'tinyChunks' }
  /** There is no memory left for it. */
  | { readonly kind: 'crowded' }
  /** The sender disconnected. */
  | { readonly kind: 'gone' };

/** Maximum number of concurrent decompressions; each may take twice `maxBodyBytes` in addition to the budget. */
const mostUnfolding = 2;

export class Bodies {
  readonly budget: BodyBudget;
  #limits: BodyLimits;
  #unfolding = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(limits: BodyLimits) {
    this.#limits = limits;
    this.budget = new BodyBudget(limits.maxBodiesBytes);
  }

  setLimits(limits: BodyLimits): void {
    this.#limits = limits;
    this.budget.setTotal(limits.maxBodiesBytes);
  }

  /** @param share holds the bytes; released here unless they are handed over, then by the caller */
  read(request: IncomingMessage, share: BodyShare): Promise<Read> {
    const { maxBodyBytes } = this.#limits;
    return new Promise((resolve) => {
      let chunks = new Chunks();
      const announced = Number(request.headers['content-length'] ?? 0);
      const bound = announced > maxBodyBytes ? Math.min(keptRefusedBytes, maxBodyBytes) : maxBodyBytes;
      // The listeners stay, because a request is short-lived: removing them takes longer than this check.
      let finished = false;
      const done = (read: Read): void => {
        if (finished) return;
        finished = true;
        chunks = noChunks;
        if (read.kind !== 'whole' && read.kind !== 'long') share.release();
        resolve(read);
      };
      const onGone = (): void => done({ kind: 'gone' });
      request.on('data', (chunk: Buffer) => {
        bodyBytesReceived(request.socket, chunk.length);
        if (finished) return;
        const cost = chunks.costOf(chunk);
        const size = chunks.bytes + chunk.length;
        if (!share.grow(cost, size)) {
          done({ kind: 'crowded' });
          return;
        }
        chunks.add(chunk);
        if (areTinyChunks(chunks.count, size)) done({ kind: 'tinyChunks' });
        else if (size > bound) done({ kind: 'long', head: chunks.join(), bytes: Math.max(announced, size) });
      });
      request.on('end', () => {
        if (finished) return;
        const body = chunks.join();
        done(announced > maxBodyBytes ? { kind: 'long', head: body, bytes: announced } : { kind: 'whole', body });
      });
      request.on('close', onGone).on('error', onGone);
    });
  }

  /** Runs a decompression when its turn comes. */
  async unfold<T>(task: () => Promise<T>): Promise<T> {
    if (this.#unfolding >= mostUnfolding) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#unfolding += 1;
    try {
      return await task();
    } finally {
      // The next one takes this one's place.
      const next = this.#waiting.shift();
      if (next === undefined) this.#unfolding -= 1;
      else next();
    }
  }
}
