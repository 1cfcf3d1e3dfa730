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
  readonly bodyTimeoutMs: number;
  /** Interval of the check for slow bodies, in milliseconds. */
  readonly checkEveryMs: number;
}

/** A body up to this size, in bytes, has capacity even if large ones have used up theirs. */
const smallBytes = 65_536;
/** The part of the budget that is reserved for small bodies. */
const reservedPart = 1 / 4;

/** The memory limit for all bodies. */
export class BodyBudget {
  /** In bytes. */
  total: number;
  held = 0;
  /** The part of `held` that large bodies use. */
  large = 0;

  constructor(total: number) {
    this.total = total;
  }

  share(): BodyShare {
    return new BodyShare(this);
  }
}

/** One body's share of the budget, from its first byte until its response. */
export class BodyShare {
  readonly #budget: BodyBudget;
  #bytes = 0;
  #isLarge = false;

  constructor(budget: BodyBudget) {
    this.#budget = budget;
  }

  /**
   * Takes more. A single large body is never refused, whatever its size.
   * @param bytes of memory
   * @param size the body's size so far, in bytes: decides whether it is a small one
   * @returns false if there isn't enough left: then nothing changes
   */
  grow(bytes: number, size: number): boolean {
    const budget = this.#budget;
    const isLarge = this.#isLarge || size > smallBytes;
    const held = budget.held + bytes;
    const fits = held <= budget.total;
    const reserved = budget.total * reservedPart;
    if (isLarge) {
      const otherLarge = budget.large - (this.#isLarge ? this.#bytes : 0);
      const large = otherLarge + this.#bytes + bytes;
      if (otherLarge > 0 && !(fits && large <= budget.total - reserved)) return false;
      budget.large = large;
    } else if (!fits && held - budget.large > reserved) return false;
    budget.held = held;
    this.#bytes += bytes;
    this.#isLarge = isLarge;
    return true;
  }

  /** Calling it again has no effect. */
  release(): void {
    this.#budget.held -= this.#bytes;
    if (this.#isLarge) this.#budget.large -= this.#bytes;
    this.#bytes = 0;
    this.#isLarge = false;
  }
}

const noBytes = Buffer.alloc(0);

export type Read =
  | { readonly kind: 'whole'; readonly body: Buffer }
  /** Over the limit: its first bytes, and its size as announced or so far. */
  | { readonly kind: 'long'; readonly head: Buffer; readonly bytes: number }
  /** It takes too much time or work. */
  | { readonly kind: 'slow' }
  /** There is no memory left for it. */
  | { readonly kind: 'crowded' }
  /** The sender disconnected. */
  | { readonly kind: 'gone' };

/** A body that did not arrive at once. */
interface UnderWay {
  bytes(): number;
  giveWay(): void;
}

interface Watched extends UnderWay {
  /** Bytes at the last check, and the number of checks in a row that found too few new ones. */
  seen: number;
  slowLooks: number;
}

/** A body with less than this per second, for several checks, gives way if others need its memory. */
const slowBytesPerSecond = 1024;
const slowLooks = 5;

/** Maximum number of concurrent decompressions; each may take twice `maxBodyBytes` in addition to the budget. */
const mostUnfolding = 2;

export class Bodies {
  readonly budget: BodyBudget;
  #limits: BodyLimits;
  readonly #underWay = new Set<Watched>();
  /** Those of this turn of the event loop. */
  #begun: (() => void)[] = [];
  #someSlow = false;
  #unfolding = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(limits: BodyLimits) {
    this.#limits = limits;
    this.budget = new BodyBudget(limits.maxBodiesBytes);
  }

  /** Number of bodies in progress that did not arrive at once. */
  get underWay(): number {
    return this.#underWay.size;
  }

  setLimits(limits: BodyLimits): void {
    this.#limits = limits;
    this.budget.total = limits.maxBodiesBytes;
  }

  /** @param share holds the bytes; released here unless they are handed over, then by the caller */
  read(request: IncomingMessage, share: BodyShare): Promise<Read> {
    const { maxBodyBytes, bodyTimeoutMs } = this.#limits;
    return new Promise((resolve) => {
      // The only chunk as it arrived, or a copy of all, which doubles when it is full.
      let body: Buffer = noBytes;
      let size = 0;
      let chunks = 0;
      const announced = Number(request.headers['content-length'] ?? 0);
      const bound = announced > maxBodyBytes ? Math.min(keptRefusedBytes, maxBodyBytes) : maxBodyBytes;
      let timer: NodeJS.Timeout | undefined;
      let stopWatching: (() => void) | undefined;
      // The listeners stay, because a request is short-lived: removing them takes longer than this check.
      let finished = false;
      const done = (read: Read): void => {
        if (finished) return;
        finished = true;
        clearTimeout(timer);
        stopWatching?.();
        // The request would otherwise keep it.
        body = noBytes;
        if (read.kind !== 'whole' && read.kind !== 'long') share.release();
        resolve(read);
      };
      const onGone = (): void => done({ kind: 'gone' });
      const onSlow = (): void => done({ kind: 'slow' });
      request.on('data', (chunk: Buffer) => {
        bodyBytesReceived(request.socket, chunk.length);
        if (finished) return;
        const start = size;
        const longer = start + chunk.length;
        if (longer > body.length) {
          const capacity = start === 0 ? longer : Math.max(longer, 2 * body.length);
          const added = capacity - body.length;
          if (!share.grow(added, longer) && !(this.giveWay() && share.grow(added, longer))) {
            done({ kind: 'crowded' });
            return;
          }
          const whole = start === 0 ? chunk : Buffer.allocUnsafeSlow(capacity);
          if (start > 0) body.copy(whole, 0, 0, start);
          body = whole;
        }
        if (start > 0) chunk.copy(body, start);
        size = longer;
        chunks += 1;
        if (areTinyChunks(chunks, size)) onSlow();
        else if (size > bound) {
          done({ kind: 'long', head: body.subarray(0, size), bytes: Math.max(announced, size) });
        }
      });
      request.on('end', () => {
        if (finished) return;
        const whole = size === body.length ? body : body.subarray(0, size);
        done(
          announced > maxBodyBytes ? { kind: 'long', head: whole, bytes: announced } : { kind: 'whole', body: whole },
        );
      });
      request.on('close', onGone).on('error', onGone);
      this.#whenNotAtOnce(() => {
        if (finished) return;
        timer = setTimeout(onSlow, bodyTimeoutMs);
        stopWatching = this.watch({ bytes: () => size, giveWay: onSlow });
      });
    });
  }

  /** Most bodies have arrived by the next turn of the event loop, and need neither a timer nor checks. */
  #whenNotAtOnce(begin: () => void): void {
    this.#begun.push(begin);
    if (this.#begun.length > 1) return;
    setImmediate(() => {
      const begun = this.#begun;
      this.#begun = [];
      for (const each of begun) each();
    });
  }

  /** Lets a body give way if it is slow and others need its memory. @returns a function that ends this */
  watch(body: UnderWay): () => void {
    const watched: Watched = { ...body, seen: 0, slowLooks: 0 };
    this.#underWay.add(watched);
    return () => void this.#underWay.delete(watched);
  }

  /** Finds the slow ones. Called every `checkEveryMs`. */
  look(): void {
    const enough = (slowBytesPerSecond * this.#limits.checkEveryMs) / 1000;
    this.#someSlow = false;
    for (const body of this.#underWay) {
      const bytes = body.bytes();
      body.slowLooks = bytes - body.seen < enough ? body.slowLooks + 1 : 0;
      body.seen = bytes;
      this.#someSlow ||= body.slowLooks >= slowLooks;
    }
  }

  /**
   * Ends slow bodies.
   * @param looks minimum number of slow checks in a row
   * @returns whether there were any
   */
  giveWay(looks = slowLooks): boolean {
    if (looks >= slowLooks && !this.#someSlow) return false;
    this.#someSlow = false;
    const slow = [...this.#underWay].filter((body) => body.slowLooks >= looks);
    for (const body of slow) body.giveWay();
    return slow.length > 0;
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
