/** All bodies in progress share one budget of bytes received and still held: announcing bytes costs nothing. */
import type { IncomingMessage } from 'node:http';
import { areTinyChunks, bodyBytesReceived } from '../../common/read-bound.ts';
import { keptRefusedBytes } from '../../normalizer/delivery-limits.ts';

export interface BodyLimits {
  readonly maxBodyBytes: number;
  readonly maxBodiesBytes: number;
}

/** Small bodies have capacity even if large ones have used up theirs. */
const smallBytes = 65_536;
const reservedPart = 1 / 4;

export class BodyBudget {
  #total: number;
  #small = 0;
  #large = 0;

  constructor(total: number) {
    this.#total = total;
  }

  get held(): number {
    return this.#small + this.#large;
  }

  setTotal(total: number): void {
    this.#total = total;
  }

  share(): BodyShare {
    return new BodyShare(this);
  }

  /** Refuses if there isn't enough left, but never a single large body. */
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

export class BodyShare {
  readonly #budget: BodyBudget;
  #holding = nothing;

  constructor(budget: BodyBudget) {
    this.#budget = budget;
  }

  /** @param size of the body so far @returns false if there isn't enough left: then nothing changes */
  grow(bytes: number, size: number): boolean {
    const to = { bytes: this.#holding.bytes + bytes, large: this.#holding.large || size > smallBytes };
    if (!this.#budget.move(this.#holding, to)) return false;
    this.#holding = to;
    return true;
  }

  release(): void {
    this.#budget.move(this.#holding, nothing);
    this.#holding = nothing;
  }
}

/** A longer chunk is kept as it arrived; a shorter one would use many times its size, and is copied. */
const keptChunkBytes = 4096;
const largestBlock = 65_536;

/** Memory use is close to the size of the chunks, however small they are. */
export class Chunks {
  readonly #parts: Buffer[] = [];
  #block = Buffer.alloc(0);
  #start = 0;
  #end = 0;
  #nextBlock = keptChunkBytes;
  count = 0;
  bytes = 0;

  /** Includes the memory for joining it with the others. */
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

  #keeps(chunk: Buffer): boolean {
    return chunk.length >= keptChunkBytes || this.count === 0;
  }

  #closePart(): void {
    if (this.#end > this.#start) this.#parts.push(this.#block.subarray(this.#start, this.#end));
    this.#start = this.#end;
  }
}

/** The request would otherwise keep chunks that were handed over or discarded. */
const noChunks = new Chunks();

export type Read =
  | { readonly kind: 'whole'; readonly body: Buffer }
  | { readonly kind: 'long'; readonly head: Buffer; readonly bytes: number }
  | { readonly kind: 'tinyChunks' }
  | { readonly kind: 'crowded' }
  | { readonly kind: 'gone' };

/** Each may take twice `maxBodyBytes` in addition to the budget. */
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

  /** @param share released here unless the bytes are handed over, and then by the caller */
  read(request: IncomingMessage, share: BodyShare): Promise<Read> {
    const { maxBodyBytes } = this.#limits;
    return new Promise((resolve) => {
      let chunks = new Chunks();
      const announced = Number(request.headers['content-length'] ?? 0);
      const bound = announced > maxBodyBytes ? Math.min(keptRefusedBytes, maxBodyBytes) : maxBodyBytes;
      // The listeners stay: removing them takes longer than this check.
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

  async unfold<T>(task: () => Promise<T>): Promise<T> {
    if (this.#unfolding >= mostUnfolding) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#unfolding += 1;
    try {
      return await task();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#unfolding -= 1;
      else next();
    }
  }
}
